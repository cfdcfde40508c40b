import { describe, expect, it } from "vitest";
import type { LessonEvent } from "../protocol/types";
import { type Gap, GapWatch, missedIn } from "./missed";

/** Look once a second from a moment (s) to another. */
function looks(watch: GapWatch, from: number, to: number, received: boolean): Gap[] {
  const found: Gap[] = [];
  for (let second = from; second < to; second += 1) {
    const ms = second * 1_000;
    const gap = watch.look({ now: ms, position: ms, seq: second, received });
    if (gap) found.push(gap);
  }
  return found;
}

describe("a gap", () => {
  it("is told when it is over, from a little before the browser noticed it", () => {
    const watch = new GapWatch();
    expect(looks(watch, 100, 200, true)).toEqual([]);
    expect(looks(watch, 200, 230, false)).toEqual([]);
    expect(looks(watch, 230, 240, true)).toEqual([{ from: 196_000, to: 230_000, since: 199 }]);
  });

  it("is not worth telling when it is short, and is none before the first sound", () => {
    const watch = new GapWatch();
    expect(looks(watch, 0, 60, false)).toEqual([]);
    expect(looks(watch, 60, 100, true)).toEqual([]);
    expect(looks(watch, 100, 105, false)).toEqual([]);
    expect(looks(watch, 105, 200, true)).toEqual([]);
  });

  it("begins when the phone fell asleep, not when it noticed after waking up", () => {
    const watch = new GapWatch();
    looks(watch, 100, 160, true);
    expect(looks(watch, 400, 404, true)).toEqual([]);
    looks(watch, 404, 408, false);
    expect(looks(watch, 408, 410, true)).toEqual([{ from: 156_000, to: 408_000, since: 159 }]);
  });

  it("is none for a page that slept and received all the same, or that rewound", () => {
    const watch = new GapWatch();
    looks(watch, 100, 160, true);
    expect(looks(watch, 220, 300, true)).toEqual([]);
    watch.forget();
    looks(watch, 300, 400, false);
    expect(looks(watch, 400, 410, true)).toEqual([]);
  });
});

describe("what was missed", () => {
  const event = (
    position: number,
    kind: string,
    payload: Record<string, unknown>,
  ): LessonEvent => ({
    lesson: "l",
    seq: position,
    position,
    kind,
    payload,
  });
  const slide = (page: number) => ({ number: page, deck: "d", page, text: "", stills: [] });

  it("is each slide once, and questions that are answered in the end", () => {
    const events = [
      event(1, "slide.shown", slide(1)),
      event(2, "question.answered", { question: { number: 17, state: "answered" } }),
      event(3, "slide.shown", slide(2)),
      event(4, "question.answered", { question: { number: 18, state: "answered" } }),
      event(5, "question.reopened", { question: { number: 18, state: "open" } }),
      event(6, "question.votes", { votes: { "17": 3 } }),
      event(7, "slide.shown", slide(1)),
      event(99, "slide.shown", slide(3)),
    ];
    const missed = missedIn(events, { from: 0, to: 50, since: 0 });
    expect(missed.answered).toEqual([17]);
    expect(missed.slides.map(({ page }) => page)).toEqual([1, 2]);
  });
});
