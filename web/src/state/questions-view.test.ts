import { describe, expect, it } from "vitest";
import type { Entry } from "../protocol/outbox";
import type { Question } from "../protocol/questions";
import { load, NOTHING } from "./questions-reducer";
import {
  alike,
  answering,
  fold,
  hold,
  listed,
  matches,
  progressOf,
  queued,
  queueOf,
  sorted,
  voteOf,
} from "./questions-view";

const NOW = Date.parse("2026-10-01T06:00:00Z");

function question(number: number, rest: Partial<Question> = {}): Question {
  return {
    number,
    version: 1,
    text: "Байт чист?",
    state: "open",
    anonymous: false,
    asker: null,
    at: null,
    asked_at: "2026-10-01T06:00:00Z",
    edited: false,
    lesson: null,
    votes: 0,
    first: false,
    label: null,
    merged_into: null,
    answer: null,
    answers: [],
    ...rest,
  };
}

const numbers = (questions: readonly Question[]) => questions.map((each) => each.number);

describe("the fair order", () => {
  it("puts votes first, lifts first askers and those who wait, and of equals takes the older", () => {
    const waiting = "2026-10-01T05:30:00Z";
    const list = [
      question(1, { votes: 2 }),
      question(2, { votes: 1, first: true }),
      question(3, { asked_at: waiting }),
      question(4, { votes: 4 }),
      question(5, { asked_at: "2026-10-01T01:00:00Z" }),
    ];
    expect(numbers(sorted(list, "top", NOW))).toEqual([4, 2, 3, 5, 1]);
    expect(numbers(sorted(list, "new", NOW))).toEqual([5, 4, 3, 2, 1]);
  });
});

describe("searching", () => {
  it("folds Tajik and Russian letters, case and accents", () => {
    expect(fold("Ҷавоб ҒӢҚӮҲЁ é")).toBe("чавоб гикухе e");
    expect(matches(question(1, { text: "Ҷавоби саволи якум" }), "чавоб САВОЛ")).toBe(true);
    expect(matches(question(1, { text: "Ҷавоб" }), "вчавоб")).toBe(false);
  });

  it("finds a question by its number", () => {
    expect(matches(question(17), "17")).toBe(true);
    expect(matches(question(17), "#17")).toBe(true);
    expect(matches(question(17), "7")).toBe(false);
  });

  it("finds what asks nearly the same", () => {
    const list = [
      question(1, { text: "Чаро байт аз ҳашт бит иборат аст?" }),
      question(2, { text: "Что такое процессор?" }),
    ];
    expect(numbers(alike("байт чаро хашт битро дорад", list, 3))).toEqual([1]);
    expect(alike("ва аз", list, 3)).toEqual([]);
  });
});

describe("lists", () => {
  const state = {
    ...load(
      NOTHING,
      [
        question(1),
        question(2, { state: "answered" }),
        question(3, { state: "answering" }),
        question(4, { state: "in-review" }),
        question(5, { state: "later", starred: true }),
        question(6, { state: "dismissed" }),
        question(7, { starred: true }),
      ],
      false,
    ),
    asked: new Set([4]),
  };

  it("puts each question into the student's tabs", () => {
    const tab = (name: "open" | "answered" | "mine") =>
      numbers(listed(state, { tab: name, sort: "new", search: "" }, NOW));
    expect(tab("open")).toEqual([7, 5, 3, 1]);
    expect(tab("answered")).toEqual([2]);
    expect(tab("mine")).toEqual([4]);
  });

  it("puts each question into one of the teacher's queues", () => {
    expect(numbers(queued(state, "new", "top", NOW))).toEqual([1, 4]);
    expect(numbers(queued(state, "next", "top", NOW))).toEqual([5, 7]);
    expect(numbers(queued(state, "answered", "top", NOW))).toEqual([2]);
    expect(numbers(queued(state, "hidden", "top", NOW))).toEqual([6]);
    expect(queueOf(question(1, { state: "answering" }))).toBeNull();
    expect(answering(state)?.number).toBe(3);
  });
});

describe("a list that is being read", () => {
  const all = () => true;

  it("stays where it is; what is new waits", () => {
    expect(hold([3, 1], [5, 1, 3, 4], all)).toEqual({ shown: [3, 1], fresh: [5, 4] });
  });

  it("lets go of what is gone, and of nothing else", () => {
    expect(hold([3, 1], [3], all)).toEqual({ shown: [3, 1], fresh: [] });
    expect(hold([3, 1], [3], (number) => number !== 1)).toEqual({ shown: [3], fresh: [] });
  });

  it("shows what the reader has asked at once", () => {
    const held = hold([3, 1], [5, 1, 3, 4], all, new Set([4]));
    expect(held).toEqual({ shown: [4, 3, 1], fresh: [5] });
  });

  it("shows the first questions at once", () => {
    expect(hold([], [2, 1], all)).toEqual({ shown: [2, 1], fresh: [] });
  });
});

describe("the own question", () => {
  it("has been sent, seen, answered", () => {
    expect(progressOf(question(1))).toBe("sent");
    expect(progressOf(question(1, { seen: true }))).toBe("seen");
    expect(progressOf(question(1, { state: "answering" }))).toBe("seen");
    expect(progressOf(question(1, { state: "answered" }))).toBe("answered");
  });
});

describe("a vote on its way", () => {
  const entry = (on: boolean, state: Entry["state"] = "waiting") =>
    ({ name: "question_vote", args: { question: 1, on }, state }) as unknown as Entry;

  it("is shown as if it had arrived", () => {
    const one = question(1, { votes: 3 });
    expect(voteOf(one, new Set(), [])).toEqual({ on: false, votes: 3 });
    expect(voteOf(one, new Set(), [entry(true)])).toEqual({ on: true, votes: 4 });
    expect(voteOf(one, new Set([1]), [entry(true)])).toEqual({ on: true, votes: 3 });
    expect(voteOf(one, new Set([1]), [entry(false, "sending")])).toEqual({ on: false, votes: 2 });
    expect(voteOf(one, new Set(), [entry(true, "refused")])).toEqual({ on: false, votes: 3 });
    expect(voteOf(one, new Set(), [entry(true), entry(false)])).toEqual({ on: false, votes: 3 });
    expect(voteOf(one, new Set(), [entry(true, "sent")])).toEqual({ on: true, votes: 4 });
  });
});
