import { describe, expect, it } from "vitest";
import type { Hand } from "../protocol/hands";
import type { Question } from "../protocol/questions";
import { ofHand, ofQuestion } from "./queue";
import { HAND_STEPS, NOTE_STEPS, QUESTION_STEPS, stepsOf } from "./steps";

function from(steps: Record<string, readonly string[]>, step: string): string[] {
  return Object.keys(steps).filter((state) => steps[state]?.includes(step));
}

describe("the steps of a teacher", () => {
  it("with questions are those that the protocol's table allows", () => {
    const states = (step: string) => from(QUESTION_STEPS, step);
    expect(states("begin")).toEqual(["open", "later", "answered"]);
    expect(states("done")).toEqual(["open", "later", "answering"]);
    expect(states("text")).toEqual(["open", "later", "answering", "answered"]);
    expect(states("later")).toEqual(["open", "answering"]);
    expect(states("dismiss")).toEqual(["in-review", "open", "later"]);
    expect(states("merge")).toEqual(["in-review", "open", "later"]);
    expect(states("reopen")).toEqual(["later", "answered", "dismissed", "merged"]);
  });

  it("with hands and voice notes, too", () => {
    expect(from(HAND_STEPS, "lower")).toEqual(["raised", "invited", "testing"]);
    expect(from(HAND_STEPS, "air")).toEqual(["testing"]);
    expect(from(HAND_STEPS, "end")).toEqual(["on-air"]);
    expect(from(NOTE_STEPS, "play")).toEqual(["ready", "played", "dismissed"]);
    expect(from(NOTE_STEPS, "restore")).toEqual(["dismissed"]);
  });

  it("make only a turn longer that has a limit", () => {
    const hand = (until: number | null) => ofHand({ number: 1, state: "on-air", until } as Hand);
    expect(stepsOf(hand(60_000))).toEqual(["end", "extend"]);
    expect(stepsOf(hand(null))).toEqual(["end"]);
    expect(stepsOf(ofQuestion({ number: 1, state: "withdrawn" } as Question))).toEqual([]);
  });
});
