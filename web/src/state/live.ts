/** A lesson as one page sees it: its facts from the socket, its media from the player. Pages only read. */
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { ApiError } from "../protocol/api";
import type { LessonView } from "../protocol/lesson-log";
import type { LinkName } from "../protocol/link";
import { LessonSocket, type SocketState } from "../protocol/socket";
import type { Lesson, Mode, Slot } from "../protocol/types";
import { Player } from "../protocol/whep";
import { api, asApiError } from "./app";
import { type Arrangement, type AudioSlot, guessSlots, type Slots, type VideoSlot } from "./layout";
import { type Reception, recallMode, rememberMode } from "./mode";
import {
  type Quality,
  qualityOf,
  type Rates,
  ratesOf,
  reportOf,
  type Sample,
  sampleOf,
} from "./stats";

/** Ms between two looks at getStats. */
const STATS_PERIOD = 2_000;
/** Ms between two reports to the server; a teacher knows within 10 s who does not hear. */
const REPORT_PERIOD = 5_000;
/** While the socket is away the lesson is asked for this often, in ms. */
const POLL_PERIOD = 10_000;

export type ConnectionName =
  | "connecting"
  | "good"
  | "slow"
  | "bad"
  | "reconnecting"
  | "offline"
  | "web";

/** Say the connection in one word from what is known. */
export function connectionName(
  link: LinkName,
  wasConnected: boolean,
  quality: Quality,
  online: boolean,
  dead = false,
): ConnectionName {
  if (!online && (link !== "connected" || dead)) return "offline";
  if (link === "connected" && !dead) return quality;
  return wasConnected ? "reconnecting" : "connecting";
}

export class LiveLesson {
  readonly id: string;
  readonly lesson = signal<Lesson | null>(null);
  readonly error = signal<ApiError | null>(null);
  readonly view = signal<LessonView | null>(null);
  readonly socketState = signal<SocketState>("closed");
  readonly watching = signal(false);
  /** Whether this page speaks as the guest: it must not hear itself. */
  readonly speaking = signal(false);
  readonly link = signal<LinkName>("idle");
  readonly refusal = signal<string | null>(null);
  readonly online = signal(navigator.onLine);
  readonly quality = signal<Quality>("good");
  /** How much the person wants to receive in this network, and what comes of it. */
  readonly mode = signal<Mode>("auto");
  readonly reception = signal<Reception | null>(null);
  readonly sample = signal<Sample | null>(null);
  readonly rates = signal<Rates | null>(null);
  /** A stream for each picture, for the whole life of the page: the last picture stays until a new one comes. */
  readonly streams: Record<VideoSlot, MediaStream> = {
    screen: new MediaStream(),
    camera: new MediaStream(),
    guest: new MediaStream(),
  };
  /** A stream for each voice, new with each session: Chromium plays nothing from one that began empty. */
  readonly voices: Record<AudioSlot, Signal<MediaStream | null>> = {
    voice: signal(null),
    "guest-voice": signal(null),
  };
  /** Slots whose track has data, as the browser sees it. */
  readonly flowing = signal<ReadonlySet<Slot>>(new Set());
  /** The browser plays no sound until it is tapped. */
  readonly soundBlocked = signal(false);
  /** How the recording stands on the stage in place of what is on air; null while that is shown. */
  readonly recorded = signal<Arrangement | null>(null);
  /** The recording is heard in place of what is on air, or will be in a moment. */
  readonly rewinds = signal(false);
  /** The recording stands in for what is on air, since that does not come through. */
  readonly overWeb = signal(false);
  /** Where the recording is to begin on this page, in ms; null for what is on air. */
  readonly wanted = signal<number | null>(null);
  /** Nothing is received while the recording plays: data costs money. */
  readonly resting = signal(false);
  readonly #wasConnected = signal(false);
  readonly #socket: LessonSocket;
  readonly #player: Player;
  readonly #cleanups: (() => void)[] = [];
  #network = "";
  #reported: { sample: Sample | null; slots: Slots } = { sample: null, slots: {} };

  readonly connection: ReadonlySignal<ConnectionName> = computed(() => {
    if (this.overWeb.value) return "web";
    return connectionName(
      this.resting.value && this.socketState.value === "joined" ? "connected" : this.link.value,
      this.#wasConnected.value,
      this.quality.value,
      this.online.value,
      // ICE takes seconds to notice; a socket that is gone and media that stopped tell sooner.
      this.socketState.value === "reconnecting" && this.rates.value?.down === 0,
    );
  });
  /** What is in the slots: by the timeline, or by what arrives while the socket is away. */
  readonly slots: ReadonlySignal<Slots> = computed(
    () => this.view.value?.slots ?? guessSlots(this.flowing.value),
  );

  constructor(id: string) {
    this.id = id;
    this.#socket = new LessonSocket(id, {
      view: (view) => this.#onView(view),
      state: (state, code) => this.#onSocket(state, code),
    });
    this.#player = new Player(
      async () => {
        const { whep, token, network } = await api.grant(id, "watch");
        this.enter(network);
        return { url: `${whep}?mode=${this.mode.value}`, token };
      },
      (slot, track) => this.#onTrack(slot, track),
      (link) => {
        batch(() => {
          this.link.value = link.name;
          this.refusal.value = link.name === "refused" ? link.code : null;
          if (link.wasConnected) this.#wasConnected.value = true;
        });
      },
    );
  }

  /** The player's connection, for statistics and tests. */
  get pc(): RTCPeerConnection | null {
    return this.#player.pc;
  }

  /** The session of what is received, for its mode. */
  get session() {
    return this.#player.session;
  }

  /** Be in a network: what was chosen there counts. */
  enter(network: string): void {
    if (network !== this.#network) this.mode.value = recallMode(network);
    this.#network = network;
  }

  /** Choose how much to receive, in this network from now on. */
  choose(mode: Mode): void {
    this.mode.value = mode;
    rememberMode(this.#network, mode);
  }

  /** For questions, which have a part of the page to themselves. */
  get socket(): LessonSocket {
    return this.#socket;
  }

  /** Begin to follow the lesson; media waits for `watch`. */
  open(): void {
    const onOnline = () => {
      this.online.value = navigator.onLine;
      if (navigator.onLine) this.#player.poke();
    };
    window.addEventListener("online", onOnline);
    window.addEventListener("offline", onOnline);
    const leave = () => this.#player.stop();
    const back = (event: PageTransitionEvent) => {
      if (event.persisted) this.#receive();
    };
    window.addEventListener("pagehide", leave);
    window.addEventListener("pageshow", back);
    const stats = setInterval(() => void this.#measure(), STATS_PERIOD);
    const report = setInterval(() => this.#report(), REPORT_PERIOD);
    const poll = setInterval(() => {
      if (this.socketState.value !== "joined") void this.#load();
    }, POLL_PERIOD);
    this.#cleanups.push(() => {
      window.removeEventListener("online", onOnline);
      window.removeEventListener("offline", onOnline);
      window.removeEventListener("pagehide", leave);
      window.removeEventListener("pageshow", back);
      clearInterval(stats);
      clearInterval(report);
      clearInterval(poll);
    });
    this.#openSocket();
  }

  /** Ask for the lesson again, after an error the person has dealt with. */
  async retry(): Promise<void> {
    this.error.value = null;
    this.#openSocket();
    this.#receive();
  }

  /** Watch what is on air, or the recording from a position (ms) on. */
  watch(from: number | null = null): void {
    this.watching.value = true;
    this.wanted.value = from;
    this.resting.value = from !== null;
    this.#receive();
  }

  /** Stop receiving, but keep following the lesson's state. */
  unwatch(): void {
    this.watching.value = false;
    this.resting.value = false;
    this.#player.stop();
  }

  /** Receive nothing until `wake`: the recording plays. */
  rest(): void {
    this.resting.value = true;
    this.#player.stop();
  }

  wake(): void {
    this.resting.value = false;
    this.#receive();
  }

  #receive(): void {
    if (this.watching.value && !this.resting.value) this.#player.start();
  }

  close(): void {
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    this.#player.stop();
    this.#socket.close();
  }

  /** Do something when the page is left. */
  atClose(call: () => void): void {
    this.#cleanups.push(call);
  }

  /** Cut the socket as a bad network would; only for tests. */
  cutSocket(): void {
    this.#socket.cut();
  }

  async #openSocket(): Promise<void> {
    await this.#load();
    if (this.lesson.value) this.#socket.open();
  }

  async #load(): Promise<void> {
    try {
      this.#setLesson(await api.lesson(this.id));
      this.error.value = null;
    } catch (error) {
      // What is on the screen stays; only a first load has nothing to show.
      if (!this.lesson.value) this.error.value = asApiError(error);
    }
  }

  #setLesson(lesson: Lesson): void {
    const before = this.lesson.value?.state;
    this.lesson.value = lesson;
    if (lesson.state === "live" && before !== "live") this.#player.poke();
    if (lesson.state === "ended") this.#player.stop();
  }

  #onView(view: LessonView): void {
    batch(() => {
      this.view.value = view;
      this.#setLesson(view.lesson);
    });
  }

  #onSocket(state: SocketState, code: string | null): void {
    this.socketState.value = state;
    // The server is there again: no need to sit out the wait. Joins are spread already.
    if (state === "joined") this.#player.poke();
    if (state === "refused" && !this.lesson.value) {
      this.error.value = new ApiError(code ?? "refused", 403);
    }
  }

  #onTrack(slot: Slot, track: MediaStreamTrack): void {
    if (slot === "voice" || slot === "guest-voice") {
      this.voices[slot].value = new MediaStream([track]);
    } else {
      this.#showTrack(this.streams[slot], track);
    }
    const look = () => {
      const next = new Set(this.flowing.value);
      if (track.muted) next.delete(slot);
      else next.add(slot);
      this.flowing.value = next;
    };
    track.addEventListener("mute", look);
    track.addEventListener("unmute", look);
    look();
  }

  /** Put a track in the place of the one before, once it has something to show. */
  #showTrack(stream: MediaStream, track: MediaStreamTrack): void {
    const show = () => {
      for (const old of stream.getTracks()) stream.removeTrack(old);
      stream.addTrack(track);
    };
    if (!track.muted || stream.getTracks().length === 0) show();
    else track.addEventListener("unmute", show, { once: true });
  }

  async #measure(): Promise<void> {
    this.#player.check();
    const pc = this.#player.pc;
    if (!pc || this.link.value !== "connected") return;
    const report = await pc.getStats();
    const entries: Record<string, unknown>[] = [];
    report.forEach((entry) => {
      entries.push(entry as Record<string, unknown>);
    });
    const sample = sampleOf(entries, performance.now());
    const rates = ratesOf(this.sample.value, sample);
    batch(() => {
      this.sample.value = sample;
      this.rates.value = rates;
      this.quality.value = qualityOf(this.quality.value, rates.loss);
    });
  }

  /** Tell the server what arrived since the last time, so that the teacher can know. */
  #report(): void {
    const lesson = this.lesson.value;
    if (!this.watching.value || lesson?.state !== "live" || lesson.rights.includes("moderate")) {
      return;
    }
    if (this.resting.value || this.overWeb.value) {
      // What they hear is recorded: nothing is lost, and of the teacher's path nothing is known.
      this.#socket.tell("report", { loss: 0 });
      return;
    }
    const before = this.#reported;
    const sample = this.link.value === "connected" ? this.sample.value : null;
    // Who has never been connected yet tells nothing, and is lost if it stays so.
    if (!sample && !this.#wasConnected.value) return;
    const slots = this.slots.value;
    const stayed = (slot: Slot) => Boolean(slots[slot]) && slots[slot] === before.slots[slot];
    const told = reportOf(before.sample, sample, {
      voice: stayed("voice"),
      // Who wants no pictures misses none.
      picture:
        !["slides", "sound"].includes(this.mode.value) &&
        (stayed("screen") || stayed("camera") || stayed("guest")),
    });
    const deaf = this.soundBlocked.value && told.sound === true;
    this.#socket.tell("report", deaf ? { ...told, sound: false } : told);
    this.#reported = { sample, slots };
  }
}
