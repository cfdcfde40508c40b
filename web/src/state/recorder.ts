/** Records a voice note: the microphone is open only while it records, and for certain no longer. */
import { batch, signal } from "@preact/signals";
import { DeviceError, type DeviceProblem, openMicrophone } from "./devices";
import { Meter } from "./meter";

/** What the server takes, in ms and bytes. */
export const NOTE_MAX = 30_000;
const NOTE_MIN = 300;
const SIZE_MAX = 256 * 1024;
/** Clear speech, in bit/s: 30 s take less than half of what the server takes. */
const BITRATE = 24_000;
/** Ms between two looks at level and time. */
const PERIOD = 100;
/** What the meter shows when nothing is open, in dBFS. */
const SILENCE_DB = -70;

/** Containers in the order in which we would have them; what Safari records comes last. */
const TYPES = ["audio/webm;codecs=opus", "audio/mp4;codecs=opus", "audio/mp4"];

/** Give what this browser can record, or null. */
export function recordingType(supports: (type: string) => boolean): string | null {
  return TYPES.find(supports) ?? null;
}

/** Give what this browser can record of what the server can play, or null. */
export function ownRecordingType(): string | null {
  if (typeof MediaRecorder === "undefined") return null;
  return recordingType((type) => MediaRecorder.isTypeSupported(type));
}

export interface Recording {
  readonly sound: Blob;
  /** Where this page can listen to it. */
  readonly url: string;
  /** Ms. */
  readonly length: number;
  /** Lesson position at which it began, in ms. */
  readonly at: number | null;
}

/** `short` is a button touched by chance, `large` more than the server takes, `failed` a recorder that gave up. */
export type RecorderProblem = DeviceProblem | "short" | "large" | "failed" | "unplugged";

/** Judge a finished recording. */
export function recordingProblem(length: number, size: number): RecorderProblem | null {
  if (length < NOTE_MIN) return "short";
  if (size === 0) return "failed";
  return size > SIZE_MAX ? "large" : null;
}

export class Recorder {
  readonly opening = signal(false);
  readonly recording = signal(false);
  readonly made = signal<Recording | null>(null);
  readonly problem = signal<RecorderProblem | null>(null);
  /** dBFS. */
  readonly level = signal(SILENCE_DB);
  /** Ms. */
  readonly elapsed = signal(0);
  #recorder: MediaRecorder | null = null;
  #track: MediaStreamTrack | null = null;
  #meter: Meter | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Grows with every beginning and end: what an older one still waits for is thrown away. */
  #turn = 0;
  #startedAt = 0;
  #at: number | null = null;

  /** Open the microphone and record, until `stop` or the time is up. `at` is the lesson's position. */
  async start(type: string, at: number | null): Promise<void> {
    if (this.opening.value || this.recording.value || this.made.value) return;
    this.#turn += 1;
    const turn = this.#turn;
    this.#at = at;
    this.opening.value = true;
    this.problem.value = null;
    try {
      const track = await openMicrophone("");
      if (turn === this.#turn) this.#begin(track, type, turn);
      else track.stop();
    } catch (problem) {
      if (turn !== this.#turn) return;
      this.#release();
      this.problem.value = problem instanceof DeviceError ? problem.problem : "failed";
    } finally {
      if (turn === this.#turn) this.opening.value = false;
    }
  }

  /** End the recording; whoever lets go before the microphone is open has recorded nothing. */
  stop(): void {
    if (this.#recorder?.state === "recording") this.#recorder.stop();
    else if (this.opening.value) this.discard();
  }

  /** Throw away what was recorded, or is being recorded. */
  discard(): void {
    this.#turn += 1;
    this.#release();
    const url = this.made.value?.url;
    if (url) URL.revokeObjectURL(url);
    batch(() => {
      this.opening.value = false;
      this.made.value = null;
      this.problem.value = null;
    });
  }

  #begin(track: MediaStreamTrack, type: string, turn: number): void {
    this.#track = track;
    const recorder = new MediaRecorder(new MediaStream([track]), {
      mimeType: type,
      audioBitsPerSecond: BITRATE,
    });
    this.#recorder = recorder;
    const parts: Blob[] = [];
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => {
      if (turn === this.#turn) this.#finish(new Blob(parts, { type }));
    });
    recorder.addEventListener("error", () => {
      if (turn === this.#turn) this.#fail("failed");
    });
    track.addEventListener("ended", () => {
      if (turn === this.#turn && this.recording.value) this.#fail("unplugged");
    });
    this.#meter = new Meter(track);
    recorder.start();
    this.#startedAt = performance.now();
    this.elapsed.value = 0;
    this.recording.value = true;
    this.#timer = setInterval(() => this.#look(), PERIOD);
  }

  #look(): void {
    this.level.value = this.#meter?.read() ?? SILENCE_DB;
    this.elapsed.value = Math.min(NOTE_MAX, performance.now() - this.#startedAt);
    if (this.elapsed.value >= NOTE_MAX) this.stop();
  }

  #finish(sound: Blob): void {
    const length = Math.min(NOTE_MAX, performance.now() - this.#startedAt);
    this.#release();
    const problem = recordingProblem(length, sound.size);
    if (problem) this.problem.value = problem;
    else this.made.value = { sound, url: URL.createObjectURL(sound), length, at: this.#at };
  }

  #fail(problem: RecorderProblem): void {
    this.discard();
    this.problem.value = problem;
  }

  #release(): void {
    clearInterval(this.#timer);
    const recorder = this.#recorder;
    this.#recorder = null;
    if (recorder && recorder.state !== "inactive") recorder.stop();
    this.#track?.stop();
    this.#track = null;
    this.#meter?.close();
    this.#meter = null;
    batch(() => {
      this.recording.value = false;
      this.level.value = SILENCE_DB;
    });
  }
}
