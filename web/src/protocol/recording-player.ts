/** Several media elements on one clock: the voice leads, pictures follow, holes are stepped over. */
import type { PartFetcher } from "./parts";
import type { Picture, Track } from "./recording";
import type { RecordingIndex } from "./recording-index";
import { afterHole, type Choice, follow, leader } from "./replay-clock";
import { TrackPlayer } from "./track-player";

/** Ms between two looks at the clock. */
const TICK = 100;
/** Ms that are fetched ahead while it plays, and while it stands still: data costs money. */
const AHEAD = 20_000;
const AHEAD_PAUSED = 4_000;
/** Ms a leader stands still before the end of its stretch until it counts as having reached it. */
const STANDS = 400;
/** Ms before the end of a stretch at which a decoder may have nothing more to show. */
const LAST_FRAMES = 350;
/** Ms between two jumps of a picture that is off; a jump takes its time. */
const JUMP_PERIOD = 1_500;
/** Ms by which the leader's element may be off the clock before it is set right. */
const OFF = 400;
/** Ms of the voice that a picture's jump takes about, added to where it jumps. */
const JUMP_TAKES = 120;

export interface PlayerState {
  readonly position: number;
  readonly playing: boolean;
  /** It should play, and has nothing to play just now. */
  readonly waiting: boolean;
  /** It has come to the end of what there is. */
  readonly atEnd: boolean;
  /** The browser wants a tap first. */
  readonly blocked: boolean;
  readonly error: unknown;
}

export interface Recording {
  readonly index: RecordingIndex;
  readonly fetcher: PartFetcher;
}

interface Playing {
  readonly track: Track;
  readonly player: TrackPlayer;
  jumped: number;
}

export class RecordingPlayer {
  readonly #recording: Recording;
  readonly #changed: (state: PlayerState) => void;
  readonly #tracks = new Map<Track, Playing>();
  #active: ReadonlySet<Track> = new Set();
  #state: PlayerState = {
    position: 0,
    playing: false,
    waiting: false,
    atEnd: false,
    blocked: false,
    error: null,
  };
  #rate = 1;
  /** When the clock moved last, by performance.now(). */
  #moved = 0;
  #leader: Track | null = null;
  readonly #timer: ReturnType<typeof setInterval>;
  /** Where to jump from a position, asked while it plays; null to stay. */
  jump: (position: number) => number | null = () => null;

  constructor(recording: Recording, changed: (state: PlayerState) => void) {
    this.#recording = recording;
    this.#changed = changed;
    this.#timer = setInterval(() => this.#tick(performance.now()), TICK);
  }

  get state(): PlayerState {
    return this.#state;
  }

  /** Give a track its element; once. */
  attach(track: Track, element: HTMLMediaElement): void {
    if (this.#tracks.has(track)) return;
    const { index, fetcher } = this.#recording;
    const player = new TrackPlayer(element, index.track(track), fetcher, {
      failed: (error) => {
        if (error !== this.#state.error) this.#set({ error });
      },
    });
    this.#tracks.set(track, { track, player, jumped: 0 });
  }

  /** Fetch and play only these tracks, the leader first. */
  activate(tracks: readonly Track[]): void {
    const before = this.#active;
    this.#active = new Set(tracks);
    for (const { track, player } of this.#tracks.values()) {
      if (!this.#active.has(track)) player.rest();
      else if (!before.has(track)) player.seek(this.#state.position, this.#ahead());
    }
  }

  /** Play; call it in a tap, so that the browser allows the sound. */
  play(): void {
    const { index } = this.#recording;
    if (this.#state.atEnd && index.ended) this.seek(0);
    this.#moved = performance.now();
    this.#set({ playing: true, atEnd: false, blocked: false });
    for (const playing of this.#playing()) this.#start(playing.player.element);
    this.#tick(performance.now());
  }

  pause(): void {
    for (const { player } of this.#tracks.values()) player.element.pause();
    this.#set({ playing: false, waiting: false });
  }

  /** Go to a position in ms. */
  seek(to: number): void {
    const position = Math.max(
      this.#recording.index.start,
      Math.min(to, this.#recording.index.edge),
    );
    this.#moved = performance.now();
    this.#set({ position, atEnd: false, error: null });
    for (const { player } of this.#playing()) player.seek(position, this.#ahead());
    this.#tick(performance.now());
  }

  set rate(rate: number) {
    this.#rate = rate;
    for (const { player } of this.#tracks.values()) setRate(player.element, rate);
  }

  get rate(): number {
    return this.#rate;
  }

  /** Whether everything that has something to show here shows it. */
  get shown(): boolean {
    return this.#playing().every(
      ({ player }) =>
        !player.parts.covers(this.#state.position) ||
        (!player.element.seeking &&
          player.element.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA),
    );
  }

  /** How far each picture is ahead of the leader, in seconds; for tests and statistics. */
  drift(): Partial<Record<Track, number>> {
    const led = this.#leader && this.#tracks.get(this.#leader)?.player;
    if (!led) return {};
    return Object.fromEntries(
      this.#playing()
        .filter(({ track }) => track !== this.#leader)
        .map(({ track, player }) => [track, player.time - led.time]),
    );
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { player } of this.#tracks.values()) player.close();
  }

  #set(change: Partial<PlayerState>): void {
    const next = { ...this.#state, ...change };
    const keys = Object.keys(change) as (keyof PlayerState)[];
    if (keys.every((key) => this.#state[key] === next[key])) return;
    this.#state = next;
    this.#changed(next);
  }

  /** The tracks that play, the leader's candidates first. */
  #playing(): Playing[] {
    return [...this.#active].flatMap((track) => this.#tracks.get(track) ?? []);
  }

  #choices(): Choice<Track>[] {
    return this.#playing().map(({ track, player }) => ({ track, parts: player.parts }));
  }

  #ahead(): number {
    return this.#state.playing ? AHEAD * Math.max(1, this.#rate) : AHEAD_PAUSED;
  }

  #start(element: HTMLMediaElement): void {
    setRate(element, this.#rate);
    if (!element.paused) return;
    element.play().catch((error: unknown) => {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      this.pause();
      this.#set({ blocked: true });
    });
  }

  #tick(now: number): void {
    const playing = this.#playing();
    if (playing.length === 0) return;
    if (!this.#state.playing) {
      for (const { player } of playing) player.want(this.#state.position, this.#ahead());
      return;
    }
    const jump = this.jump(this.#state.position);
    if (jump !== null) {
      this.seek(jump);
      return;
    }
    const choices = this.#choices();
    this.#leader = leader(choices, this.#state.position);
    const led = this.#leader && this.#tracks.get(this.#leader);
    if (!led) {
      this.#inHole(choices, playing);
      return;
    }
    this.#lead(led, now);
    for (const each of playing) {
      each.player.want(this.#state.position, this.#ahead());
      if (each !== led) this.#follow(each, led, now);
    }
  }

  /** Nothing to play here: step over, wait for the lesson to go on, or stop at the end. */
  #inHole(choices: readonly Choice<Track>[], playing: readonly Playing[]): void {
    const next = afterHole(choices, this.#state.position);
    if (next !== null) {
      this.seek(next);
      return;
    }
    for (const { player } of playing) player.element.pause();
    if (this.#recording.index.ended) this.#set({ playing: false, waiting: false, atEnd: true });
    else this.#set({ waiting: true, atEnd: true });
  }

  #lead({ player }: Playing, now: number): void {
    const { element } = player;
    const { position } = this.#state;
    this.#start(element);
    // A seek into a hole would never end.
    const stuck = element.seeking && !player.parts.covers(player.time * 1_000);
    if ((!element.seeking || stuck) && Math.abs(player.time * 1_000 - position) > OFF) {
      player.seek(position, this.#ahead());
    }
    const time = player.time * 1_000;
    const moves = player.ready && time > position;
    if (moves) this.#moved = now;
    const stretch = player.parts.stretch(position);
    const stands = now - this.#moved > STANDS;
    if (stands && stretch && stretch.to - position < LAST_FRAMES) {
      // The last frames of a stretch are shown; what leads from here on is another's.
      this.#moved = now;
      this.#set({ position: stretch.to, waiting: false });
      return;
    }
    this.#set({
      position: moves ? time : position,
      waiting: stands && !player.ready,
      atEnd: false,
    });
  }

  #follow(each: Playing, led: Playing, now: number): void {
    const { player } = each;
    const { element } = player;
    if (!player.parts.covers(this.#state.position)) {
      element.pause();
      return;
    }
    if (!led.player.ready) {
      // Pictures wait for the voice, as people would.
      if (!element.paused && player.ready) element.pause();
      return;
    }
    this.#start(element);
    if (element.seeking) return;
    const following = follow(player.time - led.player.time, this.#rate);
    if (!following.seek) setRate(element, following.rate);
    else if (now - each.jumped > JUMP_PERIOD) {
      each.jumped = now;
      player.seek(led.player.time * 1_000 + JUMP_TAKES * this.#rate, this.#ahead());
    }
  }
}

/** Speed up without the voice becoming a mouse's. */
function setRate(element: HTMLMediaElement, rate: number): void {
  if (Math.abs(element.playbackRate - rate) < 0.001) return;
  element.preservesPitch = true;
  element.playbackRate = rate;
}

/** What a page asks of whatever plays a recording. */
export type Player = Pick<RecordingPlayer, keyof RecordingPlayer>;

/** Put the tracks that a view shows in the order in which they may lead. */
export function leading(pictures: Iterable<Picture>): Track[] {
  return ["voice", ...pictures];
}
