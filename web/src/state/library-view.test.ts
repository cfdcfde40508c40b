import { describe, expect, it } from "vitest";
import type { RecordingRow } from "../protocol/recording";
import {
  endOfDay,
  queryOf,
  shownSpan,
  sizeOf,
  standing,
  trimmedTo,
  trimProblem,
  wishOf,
} from "./library-view";

const ROW: RecordingRow = {
  lesson: "1",
  title: "Bits",
  course: null,
  state: "ready",
  started_at: null,
  length: 60_000,
  bytes: 1,
  published: true,
  trimmed: false,
  muted: 0,
  expires_at: null,
  removed_at: null,
};
const NOW = Date.UTC(2026, 10, 25, 12);

describe("a wish", () => {
  it("travels in the address and back", () => {
    const wish = { course: "c1", state: "hidden", sort: "title", page: 2 } as const;
    expect(queryOf(wish)).toBe("?course=c1&state=hidden&sort=title&page=2");
    expect(wishOf(Object.fromEntries(new URLSearchParams(queryOf(wish))))).toEqual(wish);
  });

  it("is the first page of everything where the address says nothing or nonsense", () => {
    const first = { course: "", state: "all", sort: "newest", page: 0 };
    expect(wishOf({})).toEqual(first);
    expect(wishOf({ state: "x", sort: "y", page: "-1" })).toEqual(first);
    expect(queryOf(wishOf({ page: "1.5" }))).toBe("");
  });
});

it("says how a recording stands", () => {
  expect(standing(ROW, NOW)).toBe("published");
  expect(standing({ ...ROW, published: false }, NOW)).toBe("hidden");
  expect(standing({ ...ROW, expires_at: "2026-11-25T11:00:00Z" }, NOW)).toBe("expired");
  expect(standing({ ...ROW, expires_at: "2026-11-26T11:00:00Z" }, NOW)).toBe("published");
  expect(standing({ ...ROW, state: "recording" }, NOW)).toBe("recording");
  expect(standing({ ...ROW, state: "deleted", published: false }, NOW)).toBe("deleted");
});

it.each([
  [0, 0, "MB"],
  [2_000, 0.1, "MB"],
  [4_500_000, 4.5, "MB"],
  [250_000_000, 250, "MB"],
  [1_500_000_000, 1.5, "GB"],
])("%i bytes are %d %s", (bytes, value, unit) => {
  expect(sizeOf(bytes)).toMatchObject({ value, unit });
});

it("keeps a recording until the end of its last day, where the school is", () => {
  expect(endOfDay("2026-12-01", "Asia/Dushanbe")).toBe("2026-12-01T18:59:00.000Z");
});

describe("a cut", () => {
  const whole = { live_from: 60_000, trims: [], length: 3_600_400 };

  it("is shown as it is now", () => {
    expect(shownSpan(whole)).toEqual([60_000, 3_600_400]);
    const trims = [
      [120_000, 1_800_000],
      [2_000_000, 3_000_000],
    ] as const;
    expect(shownSpan({ ...whole, trims })).toEqual([120_000, 3_000_000]);
  });

  it("is nothing where everything is shown, to the second that people type", () => {
    expect(trimmedTo([60_000, 3_600_000], whole)).toEqual([]);
    expect(trimmedTo([61_000, 3_600_000], whole)).toEqual([[61_000, 3_600_400]]);
    expect(trimmedTo([60_000, 3_000_000], whole)).toEqual([[60_000, 3_000_000]]);
  });

  it("leaves the holes that somebody made within", () => {
    const trims = [
      [60_000, 1_800_000],
      [2_000_000, 3_600_400],
    ] as const;
    const holed = { ...whole, trims };
    expect(trimmedTo([90_000, 3_600_000], holed)).toEqual([
      [90_000, 1_800_000],
      [2_000_000, 3_600_400],
    ]);
    expect(trimmedTo([90_000, 1_500_000], holed)).toEqual([[90_000, 1_500_000]]);
  });

  it("is refused before it is sent", () => {
    expect(trimProblem(null, 1, 10_000)).toBe("unreadable");
    expect(trimProblem(5_000, 5_000, 10_000)).toBe("reversed");
    expect(trimProblem(0, 11_000, 10_000)).toBe("outside");
    expect(trimProblem(0, 10_000, 9_600)).toBe(null);
  });
});
