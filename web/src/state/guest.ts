/** A student's microphone and camera for one turn: opened only after a yes, tested in silence, closed for certain. */
import { batch, computed, signal } from "@preact/signals";
import type { Verdict } from "../protocol/hands";
import type { Link } from "../protocol/link";
import { GUEST_ENCODING, Publisher, type Ticket } from "../protocol/whip";
import { DeviceError, type DeviceProblem, openGuestCamera, openMicrophone } from "./devices";
import { type TestFacts, verdictOf } from "./hands-reducer";
import { Meter, SPEECH_DB } from "./meter";
import { type Quality, sampleOf, uplinkOf } from "./stats";

/** Ms between two looks at the level. */
const LEVEL_PERIOD = 100;
/** Ms between two looks at the connection. */
const STATS_PERIOD = 1_000;
/** What the meter shows when nothing is open, in dBFS. */
const SILENCE_DB = -70;

/** `unplugged` is a microphone that went away, `refused` a server that ended the session. */
export type GuestProblem = DeviceProblem | "unplugged" | "refused";

/** `weak` is a link that the voice needs for itself. */
export type CameraProblem = DeviceProblem | "unplugged" | "weak";

export class Guest {
  readonly track = signal<MediaStreamTrack | null>(null);
  readonly opening = signal(false);
  readonly problem = signal<GuestProblem | null>(null);
  /** dBFS. */
  readonly level = signal(SILENCE_DB);
  readonly link = signal<Link | null>(null);
  readonly verdict = signal<Verdict | null>(null);
  readonly quality = signal<Quality>("good");
  readonly camera = signal<MediaStreamTrack | null>(null);
  readonly cameraOpening = signal(false);
  readonly cameraProblem = signal<CameraProblem | null>(null);
  /** Whether the link has room for a picture beside the voice. */
  readonly cameraFits = computed(
    () =>
      this.track.value !== null &&
      this.link.value?.name === "connected" &&
      this.verdict.value !== "weak" &&
      this.quality.value === "good",
  );
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
    this.#publisher = new Publisher(ticket, GUEST_ENCODING, (link) => this.#onLink(link));
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

  /** Ask for the camera and show it as long as the link bears it. */
  async showCamera(): Promise<void> {
    if (this.camera.value || this.cameraOpening.value || !this.cameraFits.value) return;
    const turn = this.#turn;
    this.cameraOpening.value = true;
    this.cameraProblem.value = null;
    try {
      const track = await openGuestCamera();
      if (turn === this.#turn && this.track.value) this.#beginCamera(track);
      else track.stop();
    } catch (problem) {
      if (turn !== this.#turn) return;
      this.cameraProblem.value = problem instanceof DeviceError ? problem.problem : "unknown";
    } finally {
      if (turn === this.#turn) this.cameraOpening.value = false;
    }
  }

  /** Stop the camera; the voice goes on. */
  hideCamera(problem: CameraProblem | null = null): void {
    this.camera.value?.stop();
    this.camera.value = null;
    this.cameraProblem.value = problem;
    if (this.track.value) this.#send();
  }

  /** Stop the microphone, the camera and the sending, whatever they are at. */
  close(): void {
    this.#turn += 1;
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    this.track.value?.stop();
    this.camera.value?.stop();
    this.#meter?.close();
    this.#meter = null;
    this.#facts = null;
    batch(() => {
      this.track.value = null;
      this.camera.value = null;
      this.cameraOpening.value = false;
      this.cameraProblem.value = null;
      this.quality.value = "good";
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

  #beginCamera(track: MediaStreamTrack): void {
    this.camera.value = track;
    track.addEventListener("ended", () => {
      if (this.camera.value === track) this.hideCamera("unplugged");
    });
    this.#send();
  }

  /** Send what is open now. */
  #send(): void {
    void this.#publisher.setTracks({ audio: this.track.value, video: this.camera.value });
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
    this.quality.value = quality;
    // Sound is never given up for a picture.
    if (quality === "bad" && this.camera.value) this.hideCamera("weak");
  }
}
