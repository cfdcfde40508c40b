/** What a teacher can do with what waits, by its kind and state; pure. */
import type { Hand } from "../protocol/hands";
import type { VoiceNote } from "../protocol/notes";
import type { Question } from "../protocol/questions";
import type { Item } from "./queue";

export type QuestionStep =
  | "approve"
  | "begin"
  | "done"
  | "text"
  | "later"
  | "dismiss"
  | "merge"
  | "reopen";
export type HandStep = "invite" | "air" | "end" | "extend" | "lower";
export type NoteStep = "play" | "stop" | "aside" | "restore";
export type Step = QuestionStep | HandStep | NoteStep;

/** What can be done in each state, the likeliest first. */
export const QUESTION_STEPS: Record<Question["state"], readonly QuestionStep[]> = {
  "in-review": ["approve", "dismiss", "merge"],
  open: ["begin", "done", "text", "later", "dismiss", "merge"],
  later: ["begin", "done", "text", "dismiss", "merge", "reopen"],
  answering: ["done", "text", "later"],
  answered: ["begin", "text", "reopen"],
  dismissed: ["reopen"],
  merged: ["reopen"],
  withdrawn: [],
};

export const HAND_STEPS: Record<Hand["state"], readonly HandStep[]> = {
  raised: ["invite", "lower"],
  invited: ["lower"],
  testing: ["air", "lower"],
  "on-air": ["end", "extend"],
  ended: [],
  lowered: [],
};

export const NOTE_STEPS: Record<VoiceNote["state"], readonly NoteStep[]> = {
  sending: [],
  refused: [],
  ready: ["play", "aside"],
  playing: ["stop"],
  played: ["play"],
  dismissed: ["play", "restore"],
  withdrawn: [],
};

export function stepsOf(item: Item): readonly Step[] {
  if (item.kind === "question") return QUESTION_STEPS[item.question.state];
  if (item.kind === "note") return NOTE_STEPS[item.note.state];
  const steps = HAND_STEPS[item.hand.state];
  // A turn without a limit can not be made longer.
  return item.hand.until === null ? steps.filter((each) => each !== "extend") : steps;
}

/** What Enter does; nobody's invitation is taken back by it. */
export function mainStep(item: Item): Step | null {
  const [first] = stepsOf(item);
  return first === undefined || first === "lower" ? null : first;
}

/** The five keys: one place on the keyboard, one meaning for all kinds. */
export const DIGITS: Record<string, readonly Step[]> = {
  Digit1: ["begin", "approve", "invite", "air", "play"],
  Digit2: ["done", "end", "stop"],
  Digit3: ["text"],
  Digit4: ["later"],
  Digit5: ["dismiss", "lower", "aside"],
};

/** Give what a digit does to something; null if nothing. */
export function stepOfDigit(item: Item, code: string): Step | null {
  const meant = DIGITS[code] ?? [];
  return stepsOf(item).find((each) => meant.includes(each)) ?? null;
}
