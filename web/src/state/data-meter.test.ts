import { describe, expect, it } from "vitest";
import { cost, leftOf, monthOf, readSpent, spend } from "./data-meter";
import { type Sample, sampleOf } from "./stats";

const NOVEMBER = Date.UTC(2026, 10, 25);
const DECEMBER = Date.UTC(2026, 11, 1);

function sample(parts: Partial<Sample>): Sample {
  return { ...sampleOf([], 0), ...parts };
}

describe("what a lesson costs", () => {
  it("is what went over the network, with the headers of each packet", () => {
    const before = sample({ bytesIn: 1_000, bytesOut: 100, received: 10 });
    const after = sample({ bytesIn: 3_000, bytesOut: 150, received: 20 });
    expect(cost(before, after)).toBe(2_050 + 10 * 28);
  });

  it("counts a new session from its beginning", () => {
    const before = sample({ bytesIn: 9_000, received: 90 });
    expect(cost(before, sample({ bytesIn: 500, received: 5 }))).toBe(500 + 5 * 28);
    expect(cost(null, sample({ bytesIn: 500, received: 5 }))).toBe(500 + 5 * 28);
  });

  it("is added up by lesson and by month", () => {
    let spent = readSpent(null, NOVEMBER);
    spent = spend(spent, "one", 100, NOVEMBER);
    spent = spend(spent, "two", 50, NOVEMBER);
    spent = spend(spent, "one", 1, NOVEMBER);
    expect([spent.bytes, spent.lessons]).toEqual([151, { one: 101, two: 50 }]);
    expect(readSpent(JSON.stringify(spent), NOVEMBER)).toEqual(spent);
  });

  it("begins anew with the month, and the cap stays", () => {
    const spent = { ...spend(readSpent(null, NOVEMBER), "one", 100, NOVEMBER), cap: 500 };
    const next = spend(spent, "one", 7, DECEMBER);
    expect(next).toEqual({ month: monthOf(DECEMBER), bytes: 7, lessons: { one: 7 }, cap: 500 });
  });

  it("is nothing where what was kept can not be read", () => {
    for (const text of ["", "{", "null", "[]", '{"month":"2026-11","bytes":"x","cap":3}']) {
      expect(readSpent(text, NOVEMBER)).toMatchObject({ bytes: 0, lessons: {}, cap: 0 });
    }
  });
});

it("what is left of a cap is never less than nothing", () => {
  const spent = readSpent(null, NOVEMBER);
  expect(leftOf(spent)).toBeNull();
  expect(leftOf({ ...spent, cap: 100, bytes: 30_000_000 })).toBe(70_000_000);
  expect(leftOf({ ...spent, cap: 100, bytes: 130_000_000 })).toBe(0);
});
