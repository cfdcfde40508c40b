/**
 * By which way a lesson comes: down and up a ladder of paths by itself; pure.
 *
 *   udp → tcp → turn   chosen by ICE within one connection (RFC 8445)
 *   web                the recording over HTTPS, some seconds behind: the last rung
 *
 * Who is on the last rung tries the air again now and then, and later after each fall.
 */

export type AirRung = "udp" | "tcp" | "turn";
export type Rung = AirRung | "web";

/** What a page sees of its connections at one moment. */
export interface Sight {
  /** Something is on air, and is wanted from there. */
  readonly wanted: boolean;
  /** By what media comes; null while none does. */
  readonly air: AirRung | null;
  /** The server has answered our offer: now it is the network's turn. */
  readonly answered: boolean;
  /** The server answers: what does not come is not for want of any network. */
  readonly reachable: boolean;
  /** The recording is to be had. */
  readonly recorded: boolean;
}

export interface Ladder {
  /** Null before anything has come. */
  readonly rung: Rung | null;
  /** Ms on the caller's clock: since when nothing comes from the air that should; null if it does. */
  readonly silentSince: number | null;
  readonly answeredAt: number | null;
  /** On the last rung: since when the air brings something again. */
  readonly airSince: number | null;
  /** When the air was reached last from the last rung. */
  readonly climbedAt: number | null;
  /** Falls in a row, and tries since the last one. */
  readonly falls: number;
  readonly tries: number;
  readonly trying: boolean;
  /** When a try begins, or the one under way is given up. */
  readonly deadline: number;
}

export const AT_THE_DOOR: Ladder = {
  rung: null,
  silentSince: null,
  answeredAt: null,
  airSince: null,
  climbedAt: null,
  falls: 0,
  tries: 0,
  trying: false,
  deadline: 0,
};

/**
 *   fall    play the recording; the connection goes on trying
 *   try     connect anew
 *   rest    let the connection be until the next try
 *   climb   show what is on air
 */
export type Effect = "fall" | "try" | "rest" | "climb";

/** Ms for which a connection that worked may bring nothing. */
export const LOST_PATIENCE = 4_000;
/** A connection may take this many times as long as the server's answer did: slow networks are slow in all. */
export const ANSWER_FACTOR = 3;
export const LEAST_PATIENCE = 3_000;
export const MOST_PATIENCE = 12_000;
/** Ms for which media must come before the page goes back to the air. */
export const HOLD = 2_000;
/** Ms for which the connection that did not come may go on after a fall, and for which a new one may try. */
export const LAST_CHANCE = 5_000;
export const TRY_TIME = 12_000;
/** Ms between two tries: doubled with each of them, and with each fall. */
export const FIRST_WAIT = 2_000;
export const MOST_WAIT = 60_000;
/** Ms on the air after which falls are forgotten. */
export const STEADY = 120_000;

export interface Look {
  readonly ladder: Ladder;
  readonly effect: Effect | null;
}

/** Take in what is seen; `now` in ms, `random` in [0, 1) spreads the tries of a class. */
export function look(ladder: Ladder, sight: Sight, now: number, random: number): Look {
  if (!sight.wanted || (ladder.rung !== "web" && !sight.reachable)) {
    return { ladder: pausing(ladder), effect: null };
  }
  return ladder.rung === "web" ? onWeb(ladder, sight, now, random) : onAir(ladder, sight, now);
}

/** The network has changed, perhaps for the better: try at once. */
export function nudged(ladder: Ladder, now: number): Ladder {
  return ladder.rung === "web" && !ladder.trying ? { ...ladder, tries: 0, deadline: now } : ladder;
}

function pausing(ladder: Ladder): Ladder {
  return { ...ladder, silentSince: null, answeredAt: null, airSince: null, trying: false };
}

function onAir(ladder: Ladder, { air, answered, recorded }: Sight, now: number): Look {
  if (air) {
    const steady = ladder.climbedAt !== null && now - ladder.climbedAt >= STEADY;
    const falls = steady ? 0 : ladder.falls;
    const next = { ...ladder, rung: air, silentSince: null, answeredAt: null, falls };
    return { ladder: next, effect: null };
  }
  const silentSince = ladder.silentSince ?? now;
  const answeredAt = answered ? (ladder.answeredAt ?? now) : null;
  const next = { ...ladder, silentSince, answeredAt };
  if (!recorded || now < givenUpAt(ladder.rung, silentSince, answeredAt)) {
    return { ladder: next, effect: null };
  }
  return {
    ladder: {
      ...next,
      rung: "web",
      airSince: null,
      falls: ladder.falls + 1,
      tries: 0,
      trying: true,
      deadline: now + LAST_CHANCE,
    },
    effect: "fall",
  };
}

/** Say until when to wait for a silent air. */
function givenUpAt(rung: Rung | null, silentSince: number, answeredAt: number | null): number {
  if (answeredAt === null) return silentSince + MOST_PATIENCE;
  const usual = ANSWER_FACTOR * (answeredAt - silentSince);
  const least = rung ? LOST_PATIENCE : LEAST_PATIENCE;
  return answeredAt + Math.min(MOST_PATIENCE, Math.max(least, usual));
}

function onWeb(ladder: Ladder, { air }: Sight, now: number, random: number): Look {
  if (air) {
    const airSince = ladder.airSince ?? now;
    if (now - airSince < HOLD) return { ladder: { ...ladder, airSince }, effect: null };
    return {
      ladder: { ...pausing(ladder), rung: air, climbedAt: now },
      effect: "climb",
    };
  }
  const next = { ...ladder, airSince: null };
  if (now < ladder.deadline) return { ladder: next, effect: null };
  if (ladder.trying) {
    const wait = FIRST_WAIT * 2 ** (ladder.falls - 1 + ladder.tries);
    const deadline = now + Math.min(MOST_WAIT, wait) * (0.75 + random / 2);
    return { ladder: { ...next, trying: false, deadline }, effect: "rest" };
  }
  return {
    ladder: { ...next, trying: true, tries: ladder.tries + 1, deadline: now + TRY_TIME },
    effect: "try",
  };
}
