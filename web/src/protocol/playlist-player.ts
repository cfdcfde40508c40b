/** Plays a recording where there is no Media Source: the browser's own HLS in one element. */
import { ApiError } from "./api";
import { PICTURES, type Picture, type Track } from "./recording";
import type { RecordingIndex } from "./recording-index";
import type { Player, PlayerState } from "./recording-player";
import { afterHole, type Choice, leader } from "./replay-clock";

/** Ms between two looks at the clock. */
const TICK = 100;
/** Ms an element stands still until it counts as waiting. */
const STANDS = 400;
/** Ms by which an element may be off where it was sent. */
const OFF = 1_000;
/** Ms between two attempts to send an element where it should be; a jump takes its time. */
const SEND_PERIOD = 1_500;
/** Ms before the end of a lesson at which an element may have nothing more to show. */
const LAST_FRAMES = 350;
/** Ms until what could not be played is tried again, and how much of it is left out then. */
const AGAIN = 2_000;
const LEFT_OUT = 4_000;
/** Failures one after the other, without anything played in between, until it is given up. */
const MOST_FAILURES = 4;
/** Ms that a picture may be missing until another takes its place: to change it takes a second or two. */
const SHORTEST_ABSENCE = 10_000;

/** Choose the picture to show at a position: the first that is there; null where none is wanted. */
export function pictureAt(
  wanted: readonly Choice<Picture>[],
  position: number,
  shown: Picture | null,
): Picture | null {
  const there = leader(wanted, position);
  const before = wanted.find(({ track }) => track === shown);
  if (!before) return there ?? wanted[0]?.track ?? null;
  const next = before.parts.nextStart(position);
  const soon = next !== null && next - position < SHORTEST_ABSENCE;
  const first = wanted[0]?.track;
  return there === null || (soon && there !== first) ? before.track : there;
}

/** The playlist of a picture with the voice, or of the voice alone. */
export function playlistUrl(lesson: string, picture: Picture | null): string {
  const name = picture ? `index.m3u8?picture=${picture}` : "audio.m3u8";
  return `/recordings/${lesson}/${name}`;
}

const isPicture = (track: Track): track is Picture =>
  (PICTURES as readonly Track[]).includes(track);

export class PlaylistPlayer implements Player {
  jump: Player["jump"] = () => null;
  readonly #lesson: string;
  readonly #index: RecordingIndex;
  readonly #changed: (state: PlayerState) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #element: HTMLMediaElement | null = null;
  #state: PlayerState;
  #rate = 1;
  #wanted: readonly Track[] = [];
  /** What the element has: undefined for nothing, null for the voice alone. */
  #picture: Picture | null | undefined;
  /** Where a playlist begins, in ms: players count from there. */
  #start = 0;
  /** Where the element is being sent, in ms, and when it was sent last, by performance.now(). */
  #aim: number | null = null;
  #sent = 0;
  /** When the clock moved last. */
  #moved = 0;
  #failures = 0;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(
    lesson: string,
    index: RecordingIndex,
    state: PlayerState,
    changed: (state: PlayerState) => void,
  ) {
    this.#lesson = lesson;
    this.#index = index;
    this.#state = state;
    this.#changed = changed;
    this.#timer = setInterval(() => this.#tick(performance.now()), TICK);
  }

  get state(): PlayerState {
    return this.#state;
  }

  /** Take the one element; it has all tracks. */
  attach(_track: Track, element: HTMLMediaElement): void {
    if (this.#element) return;
    this.#element = element;
    element.addEventListener("error", this.#onError);
  }

  /** Play these tracks, of pictures the first that is there. */
  activate(tracks: readonly Track[]): void {
    this.#wanted = tracks;
    this.#choose();
  }

  /** Play; call it in a tap, so that the browser allows the sound. */
  play(): void {
    if (this.#state.atEnd && this.#index.ended) this.seek(0);
    this.#moved = performance.now();
    this.#set({ playing: true, atEnd: false, blocked: false });
    this.#startElement();
    this.#tick(performance.now());
  }

  pause(): void {
    this.#element?.pause();
    this.#set({ playing: false, waiting: false });
  }

  /** Go to a position in ms. */
  seek(to: number): void {
    const position = Math.max(this.#index.start, Math.min(to, this.#index.edge));
    this.#moved = performance.now();
    this.#set({ position, atEnd: false, error: null });
    this.#choose();
    this.#send(position, performance.now());
  }

  set rate(rate: number) {
    this.#rate = rate;
    if (!this.#element) return;
    this.#element.preservesPitch = true;
    this.#element.defaultPlaybackRate = rate;
    this.#element.playbackRate = rate;
  }

  get rate(): number {
    return this.#rate;
  }

  get shown(): boolean {
    return this.#arrived(performance.now());
  }

  /** Picture and voice are one stream: the browser keeps them together. */
  drift(): Partial<Record<Track, number>> {
    return {};
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#again);
    const element = this.#element;
    if (!element) return;
    element.removeEventListener("error", this.#onError);
    element.pause();
    element.removeAttribute("src");
    element.load();
  }

  #set(change: Partial<PlayerState>): void {
    const keys = Object.keys(change) as (keyof PlayerState)[];
    if (keys.every((key) => this.#state[key] === change[key])) return;
    this.#state = { ...this.#state, ...change };
    this.#changed(this.#state);
  }

  #choices(): Choice<Track>[] {
    return this.#wanted.map((track) => ({ track, parts: this.#index.track(track) }));
  }

  /** Give the element another playlist where another picture is to be seen. */
  #choose(): void {
    if (!this.#element || this.#index.edge === 0) return;
    const pictures = this.#choices().filter((each): each is Choice<Picture> =>
      isPicture(each.track),
    );
    const picture = pictureAt(pictures, this.#state.position, this.#picture ?? null);
    if (picture !== this.#picture) this.#load(picture);
  }

  #load(picture: Picture | null): void {
    const element = this.#element;
    if (!element) return;
    this.#picture = picture;
    this.#start = this.#index.start;
    element.src = playlistUrl(this.#lesson, picture);
    this.rate = this.#rate;
    this.#aim = this.#state.position;
    this.#sent = 0;
  }

  /** Send the element somewhere, as soon as it knows how long its playlist is. */
  #send(position: number, now: number): void {
    this.#aim = position;
    const element = this.#element;
    if (!element || element.readyState < HTMLMediaElement.HAVE_METADATA) return;
    this.#sent = now;
    element.currentTime = (position - this.#start) / 1_000;
  }

  /** Whether the element is where it was sent; sends it again if it went elsewhere. */
  #arrived(now: number): boolean {
    const element = this.#element;
    if (!element || this.#picture === undefined) return false;
    if (this.#aim === null) return true;
    if (element.readyState < HTMLMediaElement.HAVE_METADATA || element.seeking) return false;
    if (Math.abs(this.#time(element) - this.#aim) < OFF) {
      this.#aim = null;
      return true;
    }
    if (now - this.#sent > SEND_PERIOD) this.#send(this.#aim, now);
    return false;
  }

  #time(element: HTMLMediaElement): number {
    return this.#start + element.currentTime * 1_000;
  }

  #startElement(): void {
    const element = this.#element;
    if (!element?.paused || !element.src) return;
    element.play().catch((error: unknown) => {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      this.pause();
      this.#set({ blocked: true });
    });
  }

  #tick(now: number): void {
    const element = this.#element;
    if (!element) return;
    this.#choose();
    const arrived = this.#arrived(now);
    if (!this.#state.playing) return;
    const jump = this.jump(this.#state.position);
    if (jump !== null) {
      this.seek(jump);
      return;
    }
    const choices = this.#choices();
    if (leader(choices, this.#state.position) === null) {
      this.#inHole(choices);
      return;
    }
    this.#startElement();
    this.#follow(element, arrived, now);
  }

  #follow(element: HTMLMediaElement, arrived: boolean, now: number): void {
    const { position } = this.#state;
    const time = Math.min(this.#time(element), this.#index.edge);
    const moves = arrived && !element.seeking && time > position;
    if (moves) {
      this.#moved = now;
      this.#failures = 0;
      this.#set({ position: time, waiting: false, atEnd: false, error: null });
      return;
    }
    const stands = now - this.#moved > STANDS;
    const last = this.#index.edge - position < LAST_FRAMES;
    if (element.ended || (stands && last)) this.#set({ position: this.#index.edge });
    else if (stands && element.readyState < HTMLMediaElement.HAVE_FUTURE_DATA)
      this.#set({ waiting: true });
  }

  /** Nothing to play here: step over, wait for the lesson to go on, or stop at the end. */
  #inHole(choices: readonly Choice<Track>[]): void {
    const next = afterHole(choices, this.#state.position);
    if (next !== null) {
      this.seek(next);
      return;
    }
    this.#element?.pause();
    if (this.#index.ended) this.#set({ playing: false, waiting: false, atEnd: true });
    else this.#set({ waiting: true, atEnd: true });
  }

  /** Try again after a moment, behind what can not be decoded; give up what never plays. */
  readonly #onError = () => {
    const error = this.#element?.error;
    if (!error) return;
    this.#failures += 1;
    if (this.#failures >= MOST_FAILURES) {
      this.pause();
      this.#set({ error: new Error(`the playlist does not play: ${error.message}`) });
      return;
    }
    this.#set({ error: new ApiError("offline", 0) });
    const damaged = error.code === MediaError.MEDIA_ERR_DECODE;
    this.#again = setTimeout(() => {
      if (damaged) this.#set({ position: this.#state.position + LEFT_OUT });
      this.#load(this.#picture ?? null);
    }, AGAIN);
  };
}
