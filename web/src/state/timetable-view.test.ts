import { describe, expect, it } from "vitest";
import type { PlannedLesson } from "../protocol/timetable";
import {
  asked,
  dayAfter,
  daysOf,
  firstDay,
  hoursText,
  minutesBetween,
  queryOf,
  turned,
  wallText,
  weekdayOf,
  weeklyRule,
  wishOf,
} from "./timetable-view";

const ZONE = "Asia/Dushanbe";
const lesson = (starts_at: string | null) => ({ id: starts_at, starts_at }) as PlannedLesson;

describe("the days that are shown", () => {
  it("begin on Monday, except a single day", () => {
    expect(firstDay("week", "2026-09-10")).toBe("2026-09-07");
    expect(firstDay("list", "2026-09-07")).toBe("2026-09-07");
    expect(firstDay("day", "2026-09-10")).toBe("2026-09-10");
    expect(weekdayOf("2026-09-13")).toBe(6);
  });

  it("are counted over the ends of months and years", () => {
    expect(dayAfter("2026-12-31", 1)).toBe("2027-01-01");
    expect(dayAfter("2027-03-01", -1)).toBe("2027-02-28");
  });

  it.each(["", "x", "2026-13-45", "1999-01-01", "2026-9-1"])(
    "are those of today when the address says %j",
    (from) => {
      expect(wishOf({ from, view: "x" }, "2026-09-10")).toEqual({
        view: "week",
        from: "2026-09-07",
        course: "",
      });
    },
  );

  it("stand in the address, and turn like pages", () => {
    const wish = wishOf({ from: "2026-09-10", view: "day", course: "c" }, "2026-01-01");
    expect(queryOf(wish)).toBe("?from=2026-09-10&view=day&course=c");
    expect(asked(wish)).toBe("?from=2026-09-10&days=1&course=c");
    expect(turned(wish, -1).from).toBe("2026-09-09");
    expect(turned({ ...wish, view: "week", from: "2026-09-07" }, 1).from).toBe("2026-09-14");
  });

  it("hold the lessons that begin on them in the school's zone", () => {
    const late = lesson("2026-09-07T19:30:00.000Z"); // half past midnight on Tuesday
    const days = daysOf(
      { view: "week", from: "2026-09-07", course: "" },
      [late, lesson(null)],
      ZONE,
    );
    expect(days.map((each) => each.lessons.length)).toEqual([0, 1, 0, 0, 0, 0, 0]);
    const listed = daysOf({ view: "list", from: "2026-09-07", course: "" }, [late], ZONE);
    expect(listed.map((each) => each.day)).toEqual(["2026-09-08"]);
  });
});

describe("times", () => {
  it("are those on the wall", () => {
    const [starts, ends] = ["2026-09-07T04:00:00.000Z", "2026-09-07T05:30:00.000Z"];
    expect(hoursText(starts, ends, ZONE)).toBe("09:00–10:30");
    expect(hoursText(starts, null, ZONE)).toBe("09:00");
    expect(wallText(starts, ZONE)).toBe("2026-09-07T09:00");
    expect(minutesBetween(starts, ends)).toBe(90);
  });
});

it("writes a rule with the days in their order", () => {
  expect(weeklyRule(["TH", "TU"], "2026-12-31")).toBe("FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261231");
});
