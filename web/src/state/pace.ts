/** How the recording keeps close behind a lesson that is on; pure. */

/** Ms behind live: a part, a look at the index, a request, and something to spare. */
export const NEAREST = 5_000;
/** Ms by which each stop for want of data adds to that, and where it ends: stutter is worse than delay. */
export const STEP_BACK = 2_000;
export const FARTHEST = 15_000;
/** Ms beyond the distance from which on it hurries, and from which on it jumps. */
const SLACK = 800;
const TOO_FAR = 20_000;
/** How much faster it hurries: nobody hears it. */
const HURRYING = 1.1;
/** Ms without a stop after which one is forgotten: networks get better, too. */
const FORGIVEN_AFTER = 60_000;
/** Stops after which there is no room for moving pictures beside the voice. */
const STARVED = 2;

export interface Pace {
  /** Ms behind live that are aimed at. */
  readonly distance: number;
  readonly rate: number;
  readonly jump: boolean;
  /** How often it stopped, and whether it stands just now. */
  readonly stops: number;
  readonly waiting: boolean;
  /** Since when it plays without a stop, in ms. */
  readonly since: number;
  /** Whether pictures have to be left out so that the voice comes. */
  readonly starved: boolean;
}

export const FIRST_PACE: Pace = {
  distance: NEAREST,
  rate: 1,
  jump: false,
  stops: 0,
  waiting: false,
  since: 0,
  starved: false,
};

/** Say how to go on; `behind` and `now` in ms, `waiting` while there is nothing to play. */
export function pace(before: Pace, behind: number, waiting: boolean, now: number): Pace {
  const stopped = waiting && !before.waiting;
  const forgiven = before.stops > 0 && !waiting && now - before.since >= FORGIVEN_AFTER;
  const stops = before.stops + (stopped ? 1 : 0) - (forgiven ? 1 : 0);
  const distance = Math.min(FARTHEST, NEAREST + stops * STEP_BACK);
  const jump = behind > distance + TOO_FAR;
  const hurries =
    behind > distance + SLACK || (before.rate > 1 && behind > distance && !jump && !waiting);
  return {
    distance,
    rate: hurries && !jump ? HURRYING : 1,
    jump,
    stops,
    waiting,
    since: stopped || forgiven || waiting ? now : before.since,
    starved: stops >= STARVED,
  };
}
