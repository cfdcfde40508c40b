import { describe, expect, it } from "vitest";
import { percentOf, queryOf, wholeMinutes, wishOf } from "./attendance";

const lesson = (minutes: number) => ({
  id: "l",
  title: "Light",
  state: "ended" as const,
  started_at: null,
  length: minutes * 60_000,
});

describe("what the address says", () => {
  it.each([
    [{}, { sort: "name", page: 0 }, ""],
    [{ sort: "most", page: "2" }, { sort: "most", page: 2 }, "?sort=most&page=2"],
    [{ sort: "x", page: "-1" }, { sort: "name", page: 0 }, ""],
    [{ page: "1.5" }, { sort: "name", page: 0 }, ""],
  ])("is read and written: %#", (query, wish, text) => {
    expect(wishOf(query)).toEqual(wish);
    expect(queryOf(wishOf(query))).toBe(text);
  });
});

describe("what was heard", () => {
  it("is said in whole minutes", () => {
    expect([59_999, 60_000, 119_000].map(wholeMinutes)).toEqual([0, 1, 1]);
  });

  it("is a share of all lessons, and never more than everything", () => {
    expect(percentOf(45 * 60_000, [lesson(60), lesson(30)])).toBe(50);
    expect(percentOf(89.9 * 60_000, [lesson(90)])).toBe(99);
    expect(percentOf(91 * 60_000, [lesson(90)])).toBe(100);
    expect(percentOf(1, [])).toBe(0);
    expect(percentOf(1, [lesson(0)])).toBe(0);
  });
});
