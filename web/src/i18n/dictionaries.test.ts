/** Every dictionary in every language, found by its place: a new one is checked from its first day. */
import { describe, expect, it } from "vitest";
import klass from "./class/ru";
import desk from "./desk/ru";
import handsInEnglish from "./hands/en";
import hands from "./hands/ru";
import questions from "./questions/ru";
import ru from "./ru";
import tg from "./tg";

type Tree = { [key: string]: Tree | string | ((...values: never[]) => string) };

const FILES = import.meta.glob<Tree>(["./{en,ru,tg}.ts", "./*/{en,ru,tg}.ts"], {
  eager: true,
  import: "default",
});
const ENGLISH = Object.keys(FILES).filter((path) => path.endsWith("/en.ts"));

/** Give every text with its path; functions are called with a sample. */
function texts(tree: Tree, path = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] => {
    const here = `${path}.${key}`;
    if (typeof value === "string") return [[here, value]];
    if (typeof value === "function") {
      return [[here, (value as (...values: unknown[]) => string)(5, 5)]];
    }
    return texts(value, here);
  });
}

const textsIn = (path: string) => texts(FILES[path] ?? {});
const words = (text: string) => /[a-z]{3}/i.test(text);

describe.each(ENGLISH)("the texts of %s", (path) => {
  const english = new Map(textsIn(path));

  it.each(["tg", "ru"])("are all there, translated and tidy in %s", (language) => {
    const all = textsIn(path.replace(/en\.ts$/, `${language}.ts`));
    expect(all.map(([key]) => key)).toEqual([...english.keys()]);
    for (const [key, text] of all) {
      const original = english.get(key) ?? "";
      expect(text === "", key).toBe(original === "");
      expect(text, key).not.toMatch(/ {2}|^ | $/);
      if (!words(original)) continue;
      expect(text, key).toMatch(/[а-яёғӣқӯҳҷ]/i);
      expect(text, key).not.toBe(original);
    }
  });

  it("use the letters of Tajik in Tajik, not those of Russian", () => {
    for (const [key, text] of textsIn(path.replace(/en\.ts$/, "tg.ts"))) {
      expect(text, key).not.toMatch(/[щыьц]/i);
    }
  });
});

it("finds the dictionary of the whole page and those of its parts", () => {
  expect(ENGLISH).toContain("./en.ts");
  expect(ENGLISH).toContain("./notes/en.ts");
});

describe("plurals", () => {
  it.each([
    [ru.lessonsCount, "1 урок", "3 урока", "5 уроков", "11 уроков", "22 урока"],
    [questions.votes, "1 голос", "3 голоса", "5 голосов", "11 голосов", "22 голоса"],
    [klass.voters, "1 ответ", "3 ответа", "5 ответов", "11 ответов", "22 ответа"],
    [hands.count, "1 рука", "3 руки", "5 рук", "11 рук", "22 руки"],
  ])("count in Russian: %#", (count, ...expected) => {
    expect([1, 3, 5, 11, 22].map(count)).toEqual(expected);
  });

  it("follow the case of a Russian sentence", () => {
    expect([1, 3, 5, 21, 111].map(desk.lowerAllTitle)).toEqual([
      "Опустить 1 руку?",
      "Опустить 3 руки?",
      "Опустить 5 рук?",
      "Опустить 21 руку?",
      "Опустить 111 рук?",
    ]);
  });

  it("leave the noun alone after a number in Tajik", () => {
    expect([1, 21].map(tg.studentsCount)).toEqual(["1 донишҷӯ", "21 донишҷӯ"]);
  });

  it("name places in English", () => {
    expect([1, 2, 3, 4, 11, 22].map(handsInEnglish.place)).toEqual([
      "You are next.",
      "You are 2nd.",
      "You are 3rd.",
      "You are 4th.",
      "You are 11th.",
      "You are 22nd.",
    ]);
  });
});
