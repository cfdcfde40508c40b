import { describe, expect, it } from "vitest";
import { durationText, instantOf, numberText, wallTime, whenText } from "./dates";
import en from "./en";
import ru from "./ru";
import { scriptLanguage } from "./script";
import tg from "./tg";

type Tree = { [key: string]: Tree | string | ((...values: never[]) => string) };

/** Give every text with its path; functions are called with a sample. */
function texts(tree: Tree, path = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] => {
    const here = `${path}.${key}`;
    if (typeof value === "string") return [[here, value]];
    if (typeof value === "function") {
      const sample = (value as (...values: unknown[]) => string)(5, 5);
      return [[here, sample]];
    }
    return texts(value, here);
  });
}

const EMPTY_ON_PURPOSE = new Set([".connectionHint.good"]);

describe.each([
  ["tg", tg],
  ["ru", ru],
] as const)("the texts in %s", (_, messages) => {
  const english = new Map(texts(en as unknown as Tree));
  const all = texts(messages as unknown as Tree);

  it("are all there and all translated", () => {
    expect(all.map(([path]) => path).sort()).toEqual([...english.keys()].sort());
    for (const [path, text] of all) {
      if (EMPTY_ON_PURPOSE.has(path)) continue;
      expect(text, path).not.toBe("");
      if (/[a-z]{3}/i.test(english.get(path) ?? "")) {
        expect(text, path).toMatch(/[а-яёғӣқӯҳҷ]/i);
        expect(text, path).not.toBe(english.get(path));
      }
    }
  });

  it("have no double spaces and no stray ends", () => {
    for (const [path, text] of all) {
      expect(text, path).not.toMatch(/ {2}|^ | $/);
    }
  });
});

describe("Tajik texts", () => {
  it("use the letters of Tajik, not those of Russian", () => {
    for (const [path, text] of texts(tg as unknown as Tree)) {
      expect(text, path).not.toMatch(/[щыьц]/i);
    }
  });

  it("leave the noun alone after a number", () => {
    expect(tg.studentsCount(1)).toBe("1 донишҷӯ");
    expect(tg.studentsCount(21)).toBe("21 донишҷӯ");
  });
});

describe("Russian plurals", () => {
  it.each([
    [1, "1 урок"],
    [2, "2 урока"],
    [5, "5 уроков"],
    [11, "11 уроков"],
    [12, "12 уроков"],
    [21, "21 урок"],
    [104, "104 урока"],
    [111, "111 уроков"],
  ])("%i", (count, text) => {
    expect(ru.lessonsCount(count)).toBe(text);
  });
});

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
