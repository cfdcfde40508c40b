/** What a teacher can do with a question, by its state; pure. */
import type { Question } from "../../protocol/questions";

export type Step = "approve" | "begin" | "done" | "text" | "later" | "dismiss" | "merge" | "reopen";

/** What can be done with a question in each state, the likeliest first. */
export const STEPS: Record<Question["state"], readonly Step[]> = {
  "in-review": ["approve", "dismiss", "merge"],
  open: ["begin", "done", "text", "later", "dismiss", "merge"],
  later: ["begin", "done", "text", "dismiss", "merge", "reopen"],
  answering: ["done", "text", "later"],
  answered: ["begin", "text", "reopen"],
  dismissed: ["reopen"],
  merged: ["reopen"],
  withdrawn: [],
};

export function canTake(question: Question, step: Step): boolean {
  return STEPS[question.state].includes(step);
}
