/** The values of hands and turns that travel between the pages and the server (docs/speaking-protocol.md). */
import type { PersonRef } from "./types";

export type HandState = "raised" | "invited" | "testing" | "on-air" | "ended" | "lowered";

/** What a page found out about its microphone and its link before the turn. */
export type Verdict = "good" | "weak" | "silent";

export interface Hand {
  readonly number: number;
  readonly person: PersonRef;
  readonly state: HandState;
  /** Lesson position, in ms. */
  readonly at: number;
  readonly order: number;
  /** Has not been on air in this course before. */
  readonly first: boolean;
  readonly camera: boolean;
  /** The turn's interval on the timeline, in ms. */
  readonly from: number | null;
  readonly to: number | null;
  /** Where the time is up (ms); null without a limit. */
  readonly until: number | null;
  readonly talking: boolean;
  readonly test: Verdict | null;
}

export interface HandSettings {
  readonly paused: boolean;
  /** Seconds of a turn; null for no limit. */
  readonly limit: number | null;
  readonly auto: boolean;
  readonly push_to_talk: boolean;
}

export interface HandsSnapshot {
  readonly settings: HandSettings;
  readonly list: readonly Hand[];
  readonly mine: number | null;
}

/** Why a hand is down or a turn is over. */
export type HandReason =
  | "self"
  | "teacher"
  | "declined"
  | "missed"
  | "away"
  | "time"
  | "next"
  | "lesson-ended"
  | "removed";

/** Whether an event's kind, or a command's name, is of hands and turns. */
export function isOfHands(name: string): boolean {
  return /^(?:hands?|turn)[._]/.test(name);
}
