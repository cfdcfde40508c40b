/** Watches the ways by which a lesson comes, and lets the recording stand in where the air brings nothing. */
import { type Signal, signal } from "@preact/signals";
import { type AirRung, AT_THE_DOOR, type Effect, type Ladder, look, nudged } from "./ladder";
import type { LiveLesson } from "./live";

/** Ms until a recording that was not to be had is asked for again. */
export const ASK_AGAIN = 30_000;
/** Ms after which a recording that does not grow is of no use. */
export const GROWS_WITHIN = 15_000;
/** Ms of silence after which it is said that nothing comes by any way. */
export const SAID_AFTER = 8_000;

/** What this looks at. */
export type Air = Pick<
  LiveLesson,
  "online" | "view" | "socketState" | "session" | "link" | "rates" | "sample" | "wake" | "rest"
> & { readonly socket: { readonly position: number | null } };

/** What this asks of the rewinding, which plays the recording. */
export interface StandIn {
  readonly phase: Signal<"live" | "back" | "behind" | "return">;
  readonly bridging: Signal<boolean>;
  readonly possible: boolean;
  /** Up to where the recording is known, in ms. */
  readonly edge: number;
  bridge(until: number | null): void;
  climb(): void;
  abandon(): void;
}

export class OverWeb {
  /** Neither the air nor the recording brings anything. */
  readonly barred = signal(false);
  readonly #live: Air;
  readonly #standIn: StandIn;
  #ladder: Ladder = AT_THE_DOOR;
  /** Where the lesson was when it fell silent, if it had been heard. */
  #heardUntil: number | null = null;
  #lostUntil = 0;
  #grown = { edge: -1, at: 0 };
  #online = true;

  constructor(live: Air, standIn: StandIn) {
    this.#live = live;
    this.#standIn = standIn;
  }

  /** By which way it comes, for statistics and tests. */
  get ladder(): Ladder {
    return this.#ladder;
  }

  /** Whether the air brought nothing when it was wanted last. */
  get needed(): boolean {
    return this.#ladder.rung === "web";
  }

  /** Try the air at once. */
  nudge(): void {
    this.#ladder = nudged(this.#ladder, performance.now());
  }

  /** The recording was not to be had. */
  lose(now: number): void {
    this.#lostUntil = now + ASK_AGAIN;
    this.#ladder = { ...this.#ladder, rung: this.#heardUntil === null ? null : "udp" };
  }

  /** Look at the connections, some times a second; `now` in ms. */
  look(now: number): void {
    const live = this.#live;
    const standIn = this.#standIn;
    if (live.online.value && !this.#online) this.nudge();
    this.#online = live.online.value;
    const air = this.#air();
    const wanted = this.#wanted();
    this.#lookAtRecording(wanted, now);
    const recorded = live.view.value?.recording?.state !== "stopped" && now >= this.#lostUntil;
    const reachable = live.socketState.value === "joined";
    const sight = { wanted, air, answered: live.session !== null, reachable, recorded };
    const { ladder, effect } = look(this.#ladder, sight, now, Math.random());
    this.#ladder = ladder;
    if (air) this.#heardUntil = live.socket.position;
    // What was missed while the whole network was gone has a card of its own.
    else if (!reachable) this.#heardUntil = null;
    const silent = ladder.silentSince !== null && now - ladder.silentSince >= SAID_AFTER;
    this.barred.value = silent && reachable && !recorded;
    if (effect) this.#carryOut(effect);
    // Who has left the recording all the same is brought back to it.
    if (wanted && this.needed && standIn.phase.value === "live") standIn.bridge(null);
  }

  /** Leave a recording that is to bring something and does not grow. */
  #lookAtRecording(wanted: boolean, now: number): void {
    const { bridging, edge } = this.#standIn;
    if (!bridging.value || !wanted || edge !== this.#grown.edge) this.#grown = { edge, at: now };
    if (now - this.#grown.at < GROWS_WITHIN) return;
    this.lose(now);
    this.#standIn.abandon();
  }

  #carryOut(effect: Effect): void {
    if (effect === "fall") this.#standIn.bridge(this.#heardUntil);
    else if (effect === "climb") this.#standIn.climb();
    else if (effect === "try") this.#live.wake();
    else this.#live.rest();
  }

  /** Whether somebody is to hear or see what is on air just now, and something is. */
  #wanted(): boolean {
    const { phase, bridging, possible } = this.#standIn;
    const sources = Object.values(this.#live.view.value?.sources ?? {});
    const stands = phase.value === "live" || (bridging.value && phase.value !== "return");
    return possible && stands && sources.some(({ state }) => state === "active");
  }

  #air(): AirRung | null {
    const { link, rates, sample } = this.#live;
    // ICE takes seconds to notice; that nothing came for a whole period tells sooner.
    if (link.value !== "connected" || rates.value?.down === 0) return null;
    const { protocol } = sample.value ?? {};
    return protocol === "tcp" || protocol === "turn" ? protocol : "udp";
  }
}
