import { describe, expect, it } from "vitest";
import type { Hand } from "../protocol/hands";
import type { VoiceNote } from "../protocol/notes";
import type { Question } from "../protocol/questions";
import { NO_HANDS } from "./hands-reducer";
import { NO_NOTES } from "./notes-reducer";
import { NOTHING } from "./questions-reducer";
import type { Queue } from "./questions-view";
import { type Item, itemsComing, itemsOn, merge, queueItems, type Waiting } from "./queue";

const START = Date.parse("2026-10-01T06:00:00Z");
const MINUTE = 60_000;
/** Twenty minutes into a lesson that began at START. */
const NOW = { time: START + 20 * MINUTE, position: 20 * MINUTE };

const asked = (minute: number) => new Date(START + minute * MINUTE).toISOString();

function question(number: number, minute: number, rest: Partial<Question> = {}): Question {
  const facts = { state: "open", votes: 0, first: false, starred: false, ...rest };
  return { number, asked_at: asked(minute), ...facts } as Question;
}

function hand(number: number, minute: number, rest: Partial<Hand> = {}): Hand {
  const at = minute * MINUTE;
  // What the server does for who speaks for the first time.
  const order = rest.first ? at - 2 * MINUTE : at;
  return { number, at, order, state: "raised", first: false, until: null, ...rest } as Hand;
}

function note(number: number, minute: number, rest: Partial<VoiceNote> = {}): VoiceNote {
  return { number, at: minute * MINUTE, state: "ready", ...rest } as VoiceNote;
}

function waiting(questions: Question[], hands: Hand[], notes: VoiceNote[]): Waiting {
  const map = <T extends { number: number }>(list: T[]) =>
    new Map(list.map((each) => [each.number, each]));
  return {
    questions: { ...NOTHING, known: map(questions) },
    hands: { ...NO_HANDS, known: map(hands) },
    notes: { ...NO_NOTES, known: map(notes) },
  };
}

const keys = (items: readonly Item[]) => items.map((each) => each.key);
const queue = (all: Waiting, name: Queue = "new") => keys(queueItems(all, name, NOW));

describe("the one list", () => {
  it("puts what many want before what one wants, and lets waiting count", () => {
    const all = waiting(
      [question(1, 18, { votes: 6 }), question(2, 18, { votes: 1 }), question(3, 19)],
      [hand(1, 12)],
      [note(1, 16)],
    );
    // Votes and 2 minutes: 6.2 and 1.2. A hand of 8 minutes: 4. A note of 4 minutes: 2.
    expect(queue(all)).toEqual(["q1", "h1", "n1", "q2", "q3"]);
  });

  it("lets nobody's hand wait for ever behind what is popular", () => {
    const all = waiting([question(1, 19, { votes: 9 })], [hand(1, 0)], []);
    expect(queue(all)).toEqual(["h1", "q1"]);
  });

  it("lifts who speaks for the first time, gently", () => {
    const all = waiting(
      [question(1, 20, { votes: 1 }), question(2, 20, { first: true })],
      [hand(1, 17), hand(2, 18, { first: true })],
      [],
    );
    // The hands: 1.5, and 1 + 1 for the first time. The questions: 1, and 2 for the first time.
    expect(queue(all)).toEqual(["h2", "q2", "h1", "q1"]);
  });

  it("keeps the order of each kind as the server gives it", () => {
    const all = waiting(
      [
        question(1, 0, { state: "later" }),
        question(2, 19, { starred: true }),
        question(3, 0, { votes: 5, state: "later" }),
      ],
      [],
      [],
    );
    expect(queue(all, "next")).toEqual(["q2", "q3", "q1"]);
    const hands = waiting([], [hand(2, 3), hand(1, 5), hand(3, 4)], []);
    expect(queue(hands)).toEqual(["h2", "h3", "h1"]);
  });

  it("of equals puts a hand before a note and a note before a question", () => {
    const all = waiting([question(1, 20)], [hand(1, 20)], [note(1, 20)]);
    expect(queue(all)).toEqual(["h1", "n1", "q1"]);
  });

  it("has what is done with the newest first", () => {
    const all = waiting(
      [question(1, 2, { state: "answered" }), question(2, 9, { state: "answered" })],
      [],
      [note(1, 1, { state: "played" }), note(2, 5, { state: "played" })],
    );
    expect(queue(all, "answered")).toEqual(["q2", "n2", "q1", "n1"]);
    const hidden = waiting(
      [question(3, 2, { state: "merged" })],
      [],
      [note(3, 9, { state: "dismissed" })],
    );
    expect(queue(hidden, "hidden")).toEqual(["n3", "q3"]);
  });

  it("keeps what is on, and who is on the way, above all queues", () => {
    const all = waiting(
      [question(1, 2, { state: "answering" })],
      [
        hand(1, 1, { state: "on-air" }),
        hand(2, 3, { state: "testing" }),
        hand(3, 2, { state: "invited" }),
      ],
      [note(1, 4, { state: "playing" })],
    );
    expect(keys(itemsOn(all))).toEqual(["h1", "n1", "q1"]);
    expect(keys(itemsComing(all))).toEqual(["h3", "h2"]);
    for (const name of ["new", "next", "answered", "hidden"] as const) {
      expect(queue(all, name)).toEqual([]);
    }
  });

  it("is empty when nothing waits", () => {
    expect(queue(waiting([], [], []))).toEqual([]);
  });
});

describe("merging", () => {
  it("keeps every list's own order, even where weights say otherwise", () => {
    expect(merge([[1, 9, 3], [5, 4], []], (n) => n)).toEqual([5, 4, 1, 9, 3]);
  });
});
