/** Runs the link machine of link.ts: gives it time, carries out its effects, tells what changed. */
import { type Failure, IDLE, type Link, type LinkEffect, type LinkInput, step } from "./link";

export interface Clock {
  now(): number;
  random(): number;
  /** Call back after ms; returns how to cancel. */
  after(ms: number, call: () => void): () => void;
}

export const browserClock: Clock = {
  now: () => performance.now(),
  random: () => Math.random(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/** What a link does to the world. `open` and `restart` fail with a Failure. */
export interface LinkBody {
  open(): Promise<Failure | null>;
  restart(): Promise<Failure | null>;
  drop(): void;
}

export class LinkRunner {
  #link: Link = IDLE;
  #cancel: () => void = () => {};
  /** Counts effects, so that an answer to a question nobody asks any more is ignored. */
  #epoch = 0;
  readonly #body: LinkBody;
  readonly #clock: Clock;
  readonly #changed: (link: Link) => void;

  constructor(body: LinkBody, changed: (link: Link) => void, clock: Clock = browserClock) {
    this.#body = body;
    this.#changed = changed;
    this.#clock = clock;
  }

  get link(): Link {
    return this.#link;
  }

  take(input: LinkInput): void {
    const next = step(this.#link, input, this.#clock.now(), this.#clock.random());
    if (next.link === this.#link) return;
    const before = this.#link.name;
    this.#link = next.link;
    this.#cancel();
    this.#schedule();
    if (before !== next.link.name) this.#changed(next.link);
    for (const effect of next.effects) this.#carryOut(effect);
  }

  #schedule(): void {
    const { deadline } = this.#link;
    if (deadline === null) {
      this.#cancel = () => {};
      return;
    }
    const wait = Math.max(0, deadline - this.#clock.now());
    this.#cancel = this.#clock.after(wait, () => this.#onTimer(deadline));
  }

  /** A browser's timer counts whole milliseconds and may come a fraction early. */
  #onTimer(deadline: number): void {
    if (this.#clock.now() < deadline) this.#schedule();
    else this.take({ type: "tick" });
  }

  #carryOut(effect: LinkEffect): void {
    this.#epoch += 1;
    if (effect === "drop") {
      this.#body.drop();
      return;
    }
    const epoch = this.#epoch;
    const work = effect === "open" ? this.#body.open() : this.#body.restart();
    work.then((failure) => {
      if (failure && epoch === this.#epoch) this.take({ type: "failed", failure });
    });
  }
}

/** Translate a browser's connection state for the link machine; null when it says nothing. */
export function iceInput(pc: RTCPeerConnection): LinkInput | null {
  // connectionState covers DTLS as well; iceConnectionState is quicker to notice a loss.
  if (pc.connectionState === "failed" || pc.iceConnectionState === "failed") {
    return { type: "ice", state: "failed" };
  }
  if (pc.iceConnectionState === "disconnected") return { type: "ice", state: "disconnected" };
  if (pc.connectionState === "connected") return { type: "ice", state: "connected" };
  return null;
}

/** Tell `take` whatever the connection's state becomes. */
export function followIce(pc: RTCPeerConnection, take: (input: LinkInput) => void): void {
  const look = () => {
    const input = iceInput(pc);
    if (input) take(input);
  };
  pc.addEventListener("connectionstatechange", look);
  pc.addEventListener("iceconnectionstatechange", look);
}
