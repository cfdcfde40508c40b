/**
 * The life of one media connection as a value machine: input in, state and effects out.
 *
 *   idle → opening → connected ⇄ shaky → restarting → connected
 *             ↑  ↘ waiting ↙ (failure, gone)   ↘ refused   any → closed
 *
 * It never gives up by itself: only a plain "no" of the server or the person ends it.
 */

export type LinkName =
  | "idle"
  | "opening"
  | "connected"
  | "shaky"
  | "restarting"
  | "waiting"
  | "refused"
  | "closed";

export interface Link {
  readonly name: LinkName;
  /** Failures in a row since the last connection. */
  readonly attempt: number;
  /** When `tick` is due, in ms on the caller's clock. */
  readonly deadline: number | null;
  /** The stable code of the last failure. */
  readonly code: string | null;
  /** Whether media has flowed at least once. */
  readonly wasConnected: boolean;
}

/**
 * Why opening or restarting failed.
 *
 *   no      the server will not change its mind: stop
 *   token   the token was not accepted: a new one may be, a few times
 *   later   the lesson is not open yet: ask again, calmly
 *   retry   anything else: the network, the server, a session that is gone
 */
export type FailureKind = "no" | "token" | "later" | "retry";

export interface Failure {
  readonly kind: FailureKind;
  readonly code: string;
  /** Seconds the server asked for. */
  readonly retryAfter?: number | null;
}

export type LinkInput =
  | { type: "start" }
  | { type: "stop" }
  /** Something changed for the better: the network is back, the lesson has begun. */
  | { type: "poke" }
  | { type: "ice"; state: "connected" | "disconnected" | "failed" }
  | { type: "failed"; failure: Failure }
  | { type: "tick" };

/** `open` asks for a grant and offers; `restart` patches; `drop` forgets the session. */
export type LinkEffect = "open" | "restart" | "drop";

export interface Step {
  readonly link: Link;
  readonly effects: readonly LinkEffect[];
}

/** A slow phone on a slow network: grant, offer, answer, checks and DTLS, in ms. */
export const OPEN_TIMEOUT = 20_000;
/** ICE often heals by itself within this time, in ms. */
export const SHAKY_GRACE = 1_500;
/** How long an ICE restart may take before a new session is the faster way, in ms. */
export const RESTART_TIMEOUT = 6_000;
/** The first retry is spread over this time so that a class does not return as one, in ms. */
export const FIRST_RETRY_SPREAD = 2_000;
export const RETRY_CAP = 15_000;
/** A lesson that is not open yet is asked for this often, in ms (an event is quicker). */
export const LATER_PERIOD = 10_000;
/** Tokens refused in a row before we believe the server. */
export const TOKEN_TRIES = 3;

export const IDLE: Link = {
  name: "idle",
  attempt: 0,
  deadline: null,
  code: null,
  wasConnected: false,
};

/** Give the ms to wait before try number `attempt` (0 is the first retry). */
export function retryDelay(attempt: number, random: number): number {
  if (attempt <= 0) return random * FIRST_RETRY_SPREAD;
  const ceiling = Math.min(RETRY_CAP, 1_000 * 2 ** Math.min(attempt, 10));
  return ceiling / 2 + (random * ceiling) / 2;
}

/** Take one step; `random` is in [0, 1). Inputs that do not fit the state are ignored. */
export function step(link: Link, input: LinkInput, now: number, random: number): Step {
  switch (input.type) {
    case "start":
      return fits(link, "idle", "closed", "refused") ? opening(IDLE, now) : same(link);
    case "stop":
      return link.name === "closed"
        ? same(link)
        : { link: { ...link, name: "closed", deadline: null }, effects: ["drop"] };
    case "poke":
      return poked(link, now);
    case "ice":
      return onIce(link, input.state, now, random);
    case "failed":
      return onFailure(link, input.failure, now, random);
    case "tick":
      return onTick(link, now, random);
  }
}

function fits(link: Link, ...names: LinkName[]): boolean {
  return names.includes(link.name);
}

function same(link: Link): Step {
  return { link, effects: [] };
}

function opening(link: Link, now: number): Step {
  return { link: { ...link, name: "opening", deadline: now + OPEN_TIMEOUT }, effects: ["open"] };
}

function restarting(link: Link, now: number): Step {
  return {
    link: { ...link, name: "restarting", deadline: now + RESTART_TIMEOUT },
    effects: ["restart"],
  };
}

function poked(link: Link, now: number): Step {
  if (link.name === "waiting") return opening(link, now);
  if (link.name === "shaky") return restarting(link, now);
  return same(link);
}

function onIce(
  link: Link,
  state: "connected" | "disconnected" | "failed",
  now: number,
  random: number,
): Step {
  if (!fits(link, "opening", "connected", "shaky", "restarting")) return same(link);
  if (state === "connected") {
    return {
      link: { name: "connected", attempt: 0, deadline: null, code: null, wasConnected: true },
      effects: [],
    };
  }
  if (state === "disconnected") {
    if (link.name !== "connected") return same(link);
    return { link: { ...link, name: "shaky", deadline: now + SHAKY_GRACE }, effects: [] };
  }
  // A connection that has worked deserves an ICE restart; one that never did, a new session.
  if (fits(link, "connected", "shaky")) return restarting(link, now);
  return onFailure(link, { kind: "retry", code: "ice-failed" }, now, random);
}

function onFailure(link: Link, failure: Failure, now: number, random: number): Step {
  if (!fits(link, "opening", "connected", "shaky", "restarting")) return same(link);
  const code = failure.code;
  if (failure.kind === "no" || (failure.kind === "token" && link.attempt + 1 >= TOKEN_TRIES)) {
    return { link: { ...link, name: "refused", deadline: null, code }, effects: ["drop"] };
  }
  const asked = (failure.retryAfter ?? 0) * 1_000;
  const delay =
    failure.kind === "later"
      ? Math.min(asked || LATER_PERIOD, LATER_PERIOD) * (0.75 + random / 2)
      : Math.max(retryDelay(link.attempt, random), Math.min(asked, RETRY_CAP));
  return {
    link: {
      ...link,
      name: "waiting",
      attempt: failure.kind === "later" ? 0 : link.attempt + 1,
      deadline: now + delay,
      code,
    },
    effects: ["drop"],
  };
}

function onTick(link: Link, now: number, random: number): Step {
  if (link.deadline === null || now < link.deadline) return same(link);
  if (link.name === "waiting") return opening(link, now);
  if (link.name === "shaky") return restarting(link, now);
  return onFailure(link, { kind: "retry", code: "timeout" }, now, random);
}
