import { describe, expect, it } from "vitest";
import { dateText, durationText, instantOf, isoDay, numberText, wallTime, whenText } from "./dates";
import en from "./en";
import ru from "./ru";
import { scriptLanguage } from "./script";
import tg from "./tg";

describe("dates", () => {
  const zone = "Asia/Dushanbe";
  const now = Date.UTC(2026, 10, 23, 10, 0);

  it("say today, tomorrow and yesterday by the school's calendar", () => {
    const late = Date.UTC(2026, 10, 23, 19, 30);
    expect(whenText(late, now, zone, "en", en)).toBe("tomorrow, 00:30");
    expect(whenText(now, now, zone, "tg", tg)).toBe("имрӯз, соати 15:00");
    expect(whenText(now - 86_400_000, now, zone, "ru", ru)).toBe("вчера, 15:00");
  });

  it("name days and months in each language", () => {
    const friday = Date.UTC(2026, 10, 27, 4, 0);
    expect(whenText(friday, now, zone, "tg", tg)).toBe("ҷумъа, 27 ноябр, соати 09:00");
    expect(whenText(friday, now, zone, "ru", ru)).toBe("пятница, 27 ноября, 09:00");
    expect(whenText(friday, now, zone, "en", en)).toBe("Friday, 27 November, 09:00");
  });

  it("add the year when it is another one", () => {
    const later = Date.UTC(2027, 2, 1, 4, 0);
    expect(whenText(later, now, zone, "tg", tg)).toBe("1 марти 2027, соати 09:00");
    expect(whenText(later, now, zone, "ru", ru)).toBe("1 марта 2027, 09:00");
  });

  it("turn a wall time into an instant and back, over a change of the clock too", () => {
    for (const each of ["Asia/Dushanbe", "Europe/Berlin", "America/New_York"]) {
      for (const month of [1, 3, 7, 10, 11]) {
        const wall = { year: 2026, month, day: 29 - (month === 2 ? 1 : 0), hour: 9, minute: 15 };
        expect(wallTime(instantOf(wall, each), each)).toEqual(wall);
      }
    }
  });

  it("say a date without its weekday", () => {
    const now = Date.parse("2026-11-25T20:00:00Z");
    const zone = "Asia/Dushanbe";
    expect(isoDay(now, zone)).toBe("2026-11-26");
    expect(dateText("2026-11-27", now, zone, "ru")).toBe("27 ноября");
    expect(dateText("2027-01-05", now, zone, "tg")).toBe("5 январи 2027");
    expect(dateText("2026-12-01", now, zone, "en")).toBe("1 December");
  });

  it("write lengths of time", () => {
    expect(durationText(0)).toBe("00:00");
    expect(durationText(65.9)).toBe("01:05");
    expect(durationText(3_723)).toBe("1:02:03");
    expect(durationText(-5)).toBe("00:00");
  });
});

describe("numbers", () => {
  it("group and point as each language does", () => {
    expect(numberText(1234567.25, "en", 1)).toBe("1,234,567.3");
    expect(numberText(1234.5, "tg", 1)).toBe("1\u00a0234,5");
    expect(numberText(-12, "ru")).toBe("−12");
  });
});

describe("the language of a text", () => {
  it.each([
    ["Байт чист? Ҳашт бит", "tg"],
    ["Основы информатики", "ru"],
    ["Intro to bits", "en"],
    ["Урок 1", null],
    ["12:30", null],
  ])("%s", (text, language) => {
    expect(scriptLanguage(text)).toBe(language);
  });
});
