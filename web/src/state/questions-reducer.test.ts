import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { JoinedQuestions, Question } from "../protocol/questions";
import type { LessonEvent } from "../protocol/types";
import {
  apply,
  applyAll,
  at,
  join,
  load,
  NOTHING,
  own,
  plain,
  type Viewer,
  vote,
  voteElsewhere,
} from "./questions-reducer";

interface Fixture {
  about: string;
  viewer: Viewer;
  joined: JoinedQuestions;
  events: LessonEvent[];
  checks: { position: number; state: unknown }[];
}

const FOLDER = new URL("../../../tests/fixtures/questions/", import.meta.url);
const FIXTURES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name): [string, Fixture] => [
    name,
    JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")),
  ]);

describe.each(FIXTURES)("%s", (_, { about, viewer, joined, events, checks }) => {
  const start = join(NOTHING, joined, viewer);

  it.each(checks)(`${about} (at $position ms)`, ({ position, state }) => {
    expect(plain(at(start, events, position, viewer))).toEqual(state);
  });

  it("is the same one by one, all at once, twice, and after a gap", () => {
    const whole = applyAll(start, events, viewer);
    const steps = events.reduce((state, event) => apply(state, event, viewer), start);
    expect(steps).toEqual(whole);
    expect(applyAll(whole, events, viewer)).toEqual(whole);
    const half = applyAll(start, events.slice(0, 3), viewer);
    const my = { asked: [...whole.asked], voted: [...whole.voted] };
    const back = join(half, { seq: whole.seq, questions: null, my, events }, viewer);
    expect(back).toEqual(whole);
  });

  it("leaves what it was given as it was", () => {
    const before = plain(start);
    applyAll(start, events, viewer);
    expect(plain(start)).toEqual(before);
  });
});

const VIEWER: Viewer = { person: "p", teacher: false };

function question(number: number, rest: Partial<Question> = {}): Question {
  return {
    number,
    version: 1,
    text: "?",
    state: "open",
    anonymous: false,
    asker: null,
    at: null,
    asked_at: "2026-10-01T05:00:00Z",
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

describe("what did not come as an event", () => {
  it("lets loaded questions complete pieces, and never goes back to an older version", () => {
    const event: LessonEvent = {
      lesson: "l",
      seq: 5,
      after: 4,
      position: 0,
      kind: "question.later",
      payload: { question: { number: 7, version: 3, state: "later" } },
    };
    const pieces = apply(NOTHING, event, VIEWER);
    expect(pieces.known.size).toBe(0);
    const whole = load(pieces, [question(7, { version: 2 })], false);
    expect(whole.known.get(7)).toMatchObject({ version: 3, state: "later", text: "?" });
    expect(load(whole, [question(7)], false).known.get(7)?.state).toBe("later");
  });

  it("counts our vote as the server counted it, here and on our other pages", () => {
    const state = load(NOTHING, [question(1)], false);
    const voted = vote(state, 1, true, 4);
    expect(voted.voted.has(1)).toBe(true);
    expect(voted.known.get(1)?.votes).toBe(4);
    expect(vote(voted, 1, false, 3).voted.size).toBe(0);
    expect([...voteElsewhere(voted, { 1: false, 2: true }).voted]).toEqual([2]);
  });

  it("knows our own question by its number", () => {
    expect(own(NOTHING, 3).asked.has(3)).toBe(true);
  });
});
