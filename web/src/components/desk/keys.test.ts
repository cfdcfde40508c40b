import { describe, expect, it } from "vitest";
import type { Hand } from "../../protocol/hands";
import type { VoiceNote } from "../../protocol/notes";
import type { Question } from "../../protocol/questions";
import { type Item, ofHand, ofNote, ofQuestion } from "../../state/queue";
import { type Keys, pressKey } from "./keys";

const question = (number: number, state: Question["state"] = "open") =>
  ofQuestion({ number, state } as Question);
const hand = (number: number, state: Hand["state"], until: number | null = null) =>
  ofHand({ number, state, until } as Hand);
const note = (number: number, state: VoiceNote["state"]) => ofNote({ number, state } as VoiceNote);

/** Press a key and tell what it did; null if nothing. */
function press(code: string, state: Partial<Keys>): string | null {
  const did: string[] = [];
  const keys: Keys = {
    ...{ on: [], coming: [], items: [], current: null, place: 0 },
    select: (item) => void did.push(`select ${item.key}`),
    take: (item, step) => void did.push(`${step} ${item.key}`),
    undo: () => void did.push("undo"),
    next: () => void did.push("next"),
    turn: (by) => void did.push(`turn ${by}`),
    ...state,
  };
  return pressKey(code, keys) ? did.join() : null;
}

const ALL: Record<string, Item> = {
  question: question(1),
  review: question(1, "in-review"),
  hand: hand(7, "raised"),
  note: note(3, "ready"),
};

describe("the teacher's keys", () => {
  it.each([
    ["Digit1", "begin q1", "approve q1", "invite h7", "play n3"],
    ["Digit2", "done q1", null, null, null],
    ["Digit3", "text q1", null, null, null],
    ["Digit4", "later q1", null, null, null],
    ["Digit5", "dismiss q1", "dismiss q1", "lower h7", "aside n3"],
    ["Enter", "begin q1", "approve q1", "invite h7", "play n3"],
  ])("%s means one thing for every kind that is chosen", (code, ...did) => {
    const found = Object.values(ALL).map((current) => press(code, { items: [current], current }));
    expect(found).toEqual(did);
  });

  it.each([
    ["KeyZ", "undo"],
    ["KeyN", "next"],
    ["ArrowLeft", "turn -1"],
    ["ArrowRight", "turn 1"],
    ["KeyX", null],
  ])("%s: %s", (code, did) => {
    expect(press(code, {})).toBe(did);
  });

  it("walk through the list, from the top", () => {
    const items = [question(1), hand(7, "raised"), note(3, "ready")];
    const at = (place: number) => ({ items, current: items[place] as Item });
    expect(press("ArrowDown", { items })).toBe("select q1");
    expect(press("ArrowDown", at(0))).toBe("select h7");
    expect(press("ArrowUp", at(2))).toBe("select h7");
    expect(press("ArrowUp", at(0))).toBe("select q1");
    expect(press("ArrowDown", at(2))).toBeNull();
    expect(press("ArrowDown", {})).toBeNull();
  });

  it("go on where the one stood that has been dealt with", () => {
    const items = [question(1), question(4)];
    expect(press("ArrowDown", { items, place: 1 })).toBe("select q4");
    expect(press("ArrowUp", { items, place: 5 })).toBe("select q4");
  });

  it("end what is on, the loudest first", () => {
    const current = question(1);
    const now = question(9, "answering");
    const loud = [hand(7, "on-air"), now];
    expect(press("Digit2", { on: loud, current })).toBe("end h7");
    expect(press("Digit2", { on: [note(3, "playing"), now], current })).toBe("stop n3");
    expect(press("Digit2", { on: [now], current })).toBe("done q9");
    expect(press("Digit4", { on: [now], current })).toBe("later q9");
    expect(press("Enter", { on: loud })).toBe("end h7");
    expect(press("KeyE", { on: loud })).toBe("end h7");
    expect(press("KeyE", { on: [now] })).toBeNull();
    expect(press("Digit5", { on: [now], current })).toBe("dismiss q1");
  });

  it("let somebody speak who is ready, when nothing else is meant", () => {
    const coming = [hand(5, "invited"), hand(7, "testing")];
    expect(press("Enter", { coming })).toBe("air h7");
    expect(press("Digit1", { coming })).toBe("air h7");
    expect(press("Enter", { coming, current: question(1) })).toBe("begin q1");
    expect(press("Enter", { coming: [hand(5, "invited")] })).toBeNull();
  });
});
