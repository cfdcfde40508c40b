import { describe, expect, it } from "vitest";
import { dueIn, LONGEST_WAIT, voiceDelay } from "./in-step";

describe("the waiting of a voice", () => {
  it("is that of the samples between two looks", () => {
    const before = { delay: 100, count: 480_000 };
    expect(voiceDelay(before, { delay: 100 + 0.25 * 96_000, count: 576_000 })).toBeCloseTo(250);
  });

  it("is that of all samples at the first look, and with a new connection", () => {
    expect(voiceDelay(null, { delay: 0.08 * 48_000, count: 48_000 })).toBeCloseTo(80);
    const old = { delay: 9_000, count: 900_000 };
    expect(voiceDelay(old, { delay: 0.08 * 48_000, count: 48_000 })).toBeCloseTo(80);
  });

  it("is not known while nobody has spoken", () => {
    const before = { delay: 5, count: 48_000 };
    expect(voiceDelay(before, before)).toBeNull();
    expect(voiceDelay(null, { delay: 0, count: 0 })).toBeNull();
  });
});

describe("a slide beside the voice", () => {
  it("waits for as long as the voice does", () => {
    expect(dueIn(60_000, 60_000, 400)).toBe(400);
  });

  it("waits less where it was on its way for long, and not at all where it comes late", () => {
    expect(dueIn(60_000, 60_300, 400)).toBe(100);
    expect(dueIn(60_000, 60_900, 400)).toBe(0);
  });

  it("is within 300 ms of the voice at any delay of either that can happen", () => {
    for (let delay = 0; delay <= 2_500; delay += 50) {
      for (let late = 0; late <= delay; late += 50) {
        const shownAt = late + dueIn(0, late, delay);
        expect(Math.abs(shownAt - delay)).toBeLessThanOrEqual(300);
      }
    }
  });

  it("is shown at once where the clock, the position or the delay is not known, or absurd", () => {
    expect(dueIn(undefined, 60_000, 400)).toBe(0);
    expect(dueIn(60_000, null, 400)).toBe(0);
    expect(dueIn(60_000, 60_000, null)).toBe(0);
    expect(dueIn(60_000, 60_000 - LONGEST_WAIT, 400)).toBe(0);
  });
});
