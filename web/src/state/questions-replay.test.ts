import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { LessonEvent } from "../protocol/types";
import { applyAll, NOTHING, plain } from "./questions-reducer";
import { QuestionsReplay } from "./questions-replay";

const viewer = { person: null, teacher: false };

/** A lesson in which each second a question is asked, and every fifth is answered two seconds later. */
function lesson(seconds: number): LessonEvent[] {
  const events: LessonEvent[] = [];
  const say = (position: number, kind: string, question: Record<string, unknown>) => {
    const seq = events.length + 1;
    events.push({ lesson: "l", seq, position, kind, payload: { question } });
  };
  for (let second = 1; second <= seconds; second += 1) {
    say(second * 1_000, "question.asked", {
      number: second,
      version: 1,
      text: `question ${second}`,
      state: "open",
      votes: 0,
      answers: [],
    });
    if (second > 2 && second % 5 === 2) {
      const answer = { how: "live", lesson: "l", from: 0, to: second * 1_000 };
      const number = second - 2;
      say(second * 1_000, "question.answered", { number, version: 2, state: "answered", answer });
    }
  }
  return events;
}

describe("the questions along the clock", () => {
  const events = lesson(300);
  const slow = (position: number) =>
    plain(
      applyAll(
        NOTHING,
        events.filter((event) => event.position <= position),
        viewer,
      ),
    );

  it("are at each position what they were then, whichever way one comes there", () => {
    const replay = new QuestionsReplay(viewer);
    replay.add(events);
    for (const at of [0, 999, 1_000, 64_000, 299_000, 150_500, 12_000, 150_500, 0, 400_000, 63_000])
      expect(plain(replay.at(at))).toEqual(slow(at));
  });

  it("grow while the lesson is on; what is told twice counts once", () => {
    const replay = new QuestionsReplay(viewer);
    replay.add(events.slice(0, 100));
    replay.at(400_000);
    replay.add(events.slice(50));
    expect(plain(replay.at(400_000))).toEqual(slow(400_000));
    expect(replay.events).toHaveLength(events.length);
  });

  it("stay the same object while nothing happens, so that nothing is drawn again", () => {
    const replay = new QuestionsReplay(viewer);
    replay.add(events);
    expect(replay.at(5_100)).toBe(replay.at(5_900));
  });

  it("end as the live page ended, in a lesson as it travelled", () => {
    const path = "../tests/fixtures/questions/whole-lesson-classmate.json";
    const { events: told } = JSON.parse(readFileSync(path, "utf8")) as { events?: LessonEvent[] };
    const replay = new QuestionsReplay(viewer);
    replay.add(told ?? []);
    expect(plain(replay.at(Number.POSITIVE_INFINITY))).toEqual(
      plain(applyAll(NOTHING, told ?? [], viewer)),
    );
  });
});
