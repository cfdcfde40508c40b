/** Listening with the screen off: one endless stream, opened again whenever it breaks, closed while it is paused. */
import { signal } from "@preact/signals";
import { retryDelay } from "../protocol/link";

/** Ms between two looks whether the sound goes on. */
export const LOOK_PERIOD = 5_000;
/** Looks without a sound after which the stream is opened again; a lift takes ten seconds. */
const SILENT_LOOKS = 4;

export type ListenState = "idle" | "connecting" | "playing" | "over";

/** What we need of an audio element. */
export interface Player {
  src: string;
  readonly currentTime: number;
  readonly ended: boolean;
  play(): Promise<void>;
  pause(): void;
  load(): void;
  removeAttribute(name: string): void;
}

/** Say which of the server's streams a browser plays. */
export function streamOf(lesson: string, canPlay: (type: string) => string): string {
  const kind = canPlay('audio/webm; codecs="opus"') === "" ? "aac" : "webm";
  return `/recordings/${lesson}/listen.${kind}`;
}

export class Listening {
  readonly state = signal<ListenState>("idle");
  readonly #player: Player;
  readonly #url: string;
  readonly #isOver: () => Promise<boolean>;
  readonly #random: () => number;
  #attempt = 0;
  #heard = 0;
  #silent = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  /** `isOver` asks whether the lesson has ended; it fails while the network is away. */
  constructor(
    player: Player,
    url: string,
    isOver: () => Promise<boolean>,
    random: () => number = Math.random,
  ) {
    this.#player = player;
    this.#url = url;
    this.#isOver = isOver;
    this.#random = random;
  }

  play(): void {
    if (this.state.value === "idle") this.#open();
  }

  /** Close the stream: a pause that went on receiving would cost, and would be late afterwards. */
  stop(): void {
    if (this.state.value !== "over") this.state.value = "idle";
    this.#close();
  }

  /** Take the player's word that sound is heard. */
  onPlaying(): void {
    if (this.#isWanted()) {
      this.state.value = "playing";
      this.#attempt = 0;
    }
  }

  /** Take the player's word that the phone paused it: a call came in, or the headphones were pulled out. */
  onPause(): void {
    if (this.state.value === "playing" && !this.#player.ended) this.stop();
  }

  /** Take the player's word that the stream broke off or ended. */
  onBroken(): void {
    if (!this.#isWanted()) return;
    this.#close();
    this.state.value = "connecting";
    this.#retry = setTimeout(() => void this.#again(), retryDelay(this.#attempt, this.#random()));
    this.#attempt += 1;
  }

  /** Notice a stream from which nothing is heard any more though nobody said so. */
  look(): void {
    if (!this.#isWanted() || this.#retry !== undefined) return;
    const at = this.#player.currentTime;
    this.#silent = at > this.#heard ? 0 : this.#silent + 1;
    this.#heard = at;
    if (this.#silent >= SILENT_LOOKS) this.onBroken();
  }

  #isWanted(): boolean {
    return this.state.value === "connecting" || this.state.value === "playing";
  }

  #open(): void {
    this.state.value = "connecting";
    this.#retry = undefined;
    this.#heard = this.#silent = 0;
    this.#player.src = this.#url;
    this.#player.load();
    // What keeps it from playing is told by its events; without a tap it stays silent.
    this.#player.play().catch((problem: unknown) => {
      if (problem instanceof DOMException && problem.name === "NotAllowedError") this.stop();
    });
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#player.pause();
    this.#player.removeAttribute("src");
    this.#player.load();
  }

  async #again(): Promise<void> {
    const over = await this.#isOver().catch(() => false);
    if (!this.#isWanted()) return;
    if (over) this.state.value = "over";
    else this.#open();
  }
}
