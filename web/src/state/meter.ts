/** How loud a microphone is, and what follows from it. */

/** Quiet rooms are below this, speech above, in dBFS of the RMS. */
export const SPEECH_DB = -45;
const FLOOR_DB = -70;
const LOUD_DB = -8;
/** Talking this long with the microphone off is no cough, in ms. */
export const MUTED_SPEECH = 1_000;
/** No sound at all for this long means a switch is off somewhere, in ms. */
export const SILENCE_ALARM = 15_000;
/** A digital zero, or as good as: a muted hardware switch, in dBFS. */
const DEAD_DB = -66;

export function decibels(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  return rms > 0 ? Math.max(FLOOR_DB, 20 * Math.log10(rms)) : FLOOR_DB;
}

/** Place dBFS on a bar, 0 to 1. */
export function barOf(db: number): number {
  return Math.min(1, Math.max(0, (db - FLOOR_DB) / (0 - FLOOR_DB)));
}

export const isLoud = (db: number) => db > LOUD_DB;

/** What is known about the voice over time; pure. */
export interface Voice {
  /** When speech was last heard, and since when it has gone on, in ms. */
  readonly speechSince: number | null;
  readonly lastSpeech: number | null;
  readonly lastAlive: number;
}

/** Gaps between words are not the end of speaking, in ms. */
const WORD_GAP = 400;

export function hear(voice: Voice | null, db: number, now: number): Voice {
  const before = voice ?? { speechSince: null, lastSpeech: null, lastAlive: now };
  const lastAlive = db > DEAD_DB ? now : before.lastAlive;
  if (db > SPEECH_DB) {
    return { speechSince: before.speechSince ?? now, lastSpeech: now, lastAlive };
  }
  const paused = before.lastSpeech !== null && now - before.lastSpeech <= WORD_GAP;
  return { ...before, speechSince: paused ? before.speechSince : null, lastAlive };
}

export function speaksMuted(voice: Voice, muted: boolean, now: number): boolean {
  return muted && voice.speechSince !== null && now - voice.speechSince >= MUTED_SPEECH;
}

export function isSilent(voice: Voice, muted: boolean, now: number): boolean {
  return !muted && now - voice.lastAlive >= SILENCE_ALARM;
}

/** Listens to a copy of a track, so that muting what is sent does not deafen the meter. */
export class Meter {
  readonly #context: AudioContext;
  readonly #analyser: AnalyserNode;
  readonly #track: MediaStreamTrack;
  readonly #samples: Float32Array<ArrayBuffer>;

  constructor(track: MediaStreamTrack) {
    this.#track = track.clone();
    this.#track.enabled = true;
    this.#context = new AudioContext();
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = 1024;
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#context.createMediaStreamSource(new MediaStream([this.#track])).connect(this.#analyser);
    void this.#context.resume();
  }

  /** Read the level of now, in dBFS. */
  read(): number {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return decibels(this.#samples);
  }

  close(): void {
    this.#track.stop();
    void this.#context.close();
  }
}
