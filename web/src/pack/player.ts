/** The sound of a pack, and where one is in it; one file owns the audio element. */
import { signal } from "@preact/signals";
import { isWhole, unpackSound } from "./embedded";

export type PackState = "loading" | "ready" | "broken" | "old";

/** Ms between two notes of where one is. */
const NOTE = 5_000;

export class Player {
  readonly state = signal<PackState>("loading");
  readonly playing = signal(false);
  /** Ms from the pack's beginning. */
  readonly position = signal(0);
  readonly speed = signal("1");
  readonly #audio = new Audio();
  readonly #key: string;
  readonly #length: number;
  #noted = 0;

  constructor(lesson: string, length: number) {
    this.#key = `darsgoh-pack-${lesson}`;
    this.#length = length;
    this.position.value = this.#remembered();
    const audio = this.#audio;
    audio.preload = "auto";
    audio.addEventListener("timeupdate", () => this.#follow());
    audio.addEventListener("seeked", () => this.#follow());
    for (const name of ["play", "pause", "ended"]) {
      audio.addEventListener(name, () => {
        this.playing.value = !audio.paused;
        this.#note();
      });
    }
    audio.addEventListener("error", () => {
      this.state.value = "old";
    });
    audio.addEventListener("loadedmetadata", () => {
      audio.currentTime = this.position.value / 1_000;
      audio.playbackRate = Number(this.speed.value);
      this.state.value = "ready";
    });
  }

  /** Unpack the sound once the page has been read. */
  async load(): Promise<void> {
    if (document.readyState === "loading") {
      await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve));
    }
    if (isWhole()) this.#audio.src = await unpackSound();
    else this.state.value = "broken";
  }

  async toggle(): Promise<void> {
    if (!this.#audio.paused) this.#audio.pause();
    else await this.#audio.play().catch(() => {});
  }

  seek(position: number): void {
    this.position.value = Math.min(this.#length, Math.max(0, position));
    if (this.state.value === "ready") this.#audio.currentTime = this.position.value / 1_000;
    this.#note();
  }

  /** Play from a place on. */
  async go(position: number): Promise<void> {
    this.seek(position);
    await this.#audio.play().catch(() => {});
  }

  setSpeed(speed: string): void {
    this.speed.value = speed;
    this.#audio.playbackRate = Number(speed);
  }

  mute(): void {
    this.#audio.muted = !this.#audio.muted;
  }

  #follow(): void {
    if (this.#audio.seeking) return;
    this.position.value = Math.round(this.#audio.currentTime * 1_000);
    if (Math.abs(this.position.value - this.#noted) > NOTE) this.#note();
  }

  #note(): void {
    this.#noted = this.position.value;
    try {
      localStorage.setItem(this.#key, String(this.position.value));
    } catch {
      // A browser that keeps nothing of files begins at the beginning.
    }
  }

  #remembered(): number {
    try {
      const kept = Number(localStorage.getItem(this.#key));
      return kept > 0 && kept < this.#length - NOTE ? kept : 0;
    } catch {
      return 0;
    }
  }
}
