/** A student's own microphone for one turn: opened only after a yes, tested in silence, closed for certain. */
import { batch, signal } from "@preact/signals";
import type { Verdict } from "../protocol/hands";
import type { Link } from "../protocol/link";
import { CAMERA_ENCODING, Publisher, type Ticket } from "../protocol/whip";
import { DeviceError, type DeviceProblem, openMicrophone } from "./devices";
import { type TestFacts, verdictOf } from "./hands-reducer";
import { Meter, SPEECH_DB } from "./meter";
import { sampleOf, uplinkOf } from "./stats";

/** Ms between two looks at the level. */
const LEVEL_PERIOD = 100;
/** Ms between two looks at the connection. */
const STATS_PERIOD = 1_000;
/** What the meter shows when nothing is open, in dBFS. */
const SILENCE_DB = -70;

/** `unplugged` is a microphone that went away, `refused` a server that ended the session. */
export type GuestProblem = DeviceProblem | "unplugged" | "refused";

export class Guest {
  readonly track = signal<MediaStreamTrack | null>(null);
  readonly opening = signal(false);
  readonly problem = signal<GuestProblem | null>(null);
  /** dBFS. */
  readonly level = signal(SILENCE_DB);
  readonly link = signal<Link | null>(null);
  readonly verdict = signal<Verdict | null>(null);
  readonly #publisher: Publisher;
  readonly #judged: (verdict: Verdict) => void;
  #meter: Meter | null = null;
  #facts: TestFacts | null = null;
  #timers: ReturnType<typeof setInterval>[] = [];
  /** Grows with every opening and closing: what an older one still waits for is thrown away. */
  #turn = 0;
  #talking = true;

  constructor(ticket: Ticket, judged: (verdict: Verdict) => void) {
    this.#judged = judged;
    this.#publisher = new Publisher(ticket, CAMERA_ENCODING, (link) => this.#onLink(link));
  }

  /** The connection, for statistics and tests. */
  get pc(): RTCPeerConnection | null {
    return this.#publisher.pc;
  }

  /** Ask for the microphone, send it, and test both; the server shows it to nobody before the turn. */
  async open(): Promise<void> {
    if (this.track.value || this.opening.value) return;
    this.#turn += 1;
    const turn = this.#turn;
    this.opening.value = true;
    this.problem.value = null;
    try {
      const track = await openMicrophone("");
      if (turn === this.#turn) this.#begin(track);
      else track.stop();
    } catch (problem) {
      if (turn !== this.#turn) return;
      this.problem.value = problem instanceof DeviceError ? problem.problem : "unknown";
    } finally {
      if (turn === this.#turn) this.opening.value = false;
    }
  }

  /** Stop the microphone and the sending, whatever they are at. */
  close(): void {
    this.#turn += 1;
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    this.track.value?.stop();
    this.#meter?.close();
    this.#meter = null;
    this.#facts = null;
    batch(() => {
      this.track.value = null;
      this.opening.value = false;
      this.verdict.value = null;
      this.level.value = SILENCE_DB;
    });
    this.#publisher.stop();
  }

  /** Let sound through or not, without closing the microphone. */
  talk(on: boolean): void {
    this.#talking = on;
    const track = this.track.value;
    if (track) track.enabled = on;
  }

  /** Test again from the beginning. */
  retest(): void {
    const linkSince = this.link.value?.name === "connected" ? performance.now() : null;
    this.#facts = { startedAt: performance.now(), linkSince, quality: "good", heard: false };
    this.verdict.value = null;
    this.#publisher.poke();
  }

  #begin(track: MediaStreamTrack): void {
    this.track.value = track;
    track.enabled = this.#talking;
    track.addEventListener("ended", () => {
      if (this.track.value === track) this.#fail("unplugged");
    });
    this.#meter = new Meter(track);
    this.retest();
    this.#publisher.start({ audio: track, video: null });
    this.#timers = [
      setInterval(() => this.#listen(), LEVEL_PERIOD),
      setInterval(() => void this.#measure(), STATS_PERIOD),
    ];
  }

  #fail(problem: GuestProblem): void {
    this.close();
    this.problem.value = problem;
  }

  #onLink(link: Link): void {
    this.link.value = link;
    if (link.name === "refused" && this.track.value) {
      this.#fail("refused");
      return;
    }
    if (!this.#facts) return;
    const since = link.name === "connected" ? (this.#facts.linkSince ?? performance.now()) : null;
    this.#facts = { ...this.#facts, linkSince: since };
  }

  #listen(): void {
    if (!this.#meter || !this.#facts) return;
    const db = this.#meter.read();
    this.level.value = db;
    if (db > SPEECH_DB) this.#facts = { ...this.#facts, heard: true };
    const verdict = verdictOf(this.#facts, performance.now());
    if (verdict === null || verdict === this.verdict.value) return;
    this.verdict.value = verdict;
    this.#judged(verdict);
  }

  async #measure(): Promise<void> {
    this.#publisher.check();
    const report = await this.#publisher.pc?.getStats();
    if (!report || !this.#facts) return;
    const entries: Record<string, unknown>[] = [];
    report.forEach((entry) => {
      entries.push(entry as Record<string, unknown>);
    });
    const { remoteLoss, roundTrip } = sampleOf(entries, performance.now());
    const quality = uplinkOf(this.#facts.quality, remoteLoss, roundTrip);
    this.#facts = { ...this.#facts, quality };
  }
}
