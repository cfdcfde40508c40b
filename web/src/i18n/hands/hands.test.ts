import { describe, expect, it } from "vitest";
import en from "./en";
import ru from "./ru";
import tg from "./tg";

type Tree = { [key: string]: Tree | string | ((...values: never[]) => string) };

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

describe.each([
  ["tg", tg],
  ["ru", ru],
] as const)("the texts of hands in %s", (_, messages) => {
  const english = new Map(texts(en as unknown as Tree));

  it("are all there, translated and tidy", () => {
    const all = texts(messages as unknown as Tree);
    expect(all.map(([path]) => path)).toEqual([...english.keys()]);
    for (const [path, text] of all) {
      expect(text, path).toMatch(/[а-яёғӣқӯҳҷ]/i);
      expect(text, path).not.toMatch(/ {2}|^ | $/);
    }
  });
});

it("writes Tajik with the letters of Tajik", () => {
  for (const [path, text] of texts(tg as unknown as Tree)) {
    expect(text, path).not.toMatch(/[щыьц]/i);
  }
});

it("counts", () => {
  expect([1, 3, 5, 11, 22].map(ru.count)).toEqual([
    "1 рука",
    "3 руки",
    "5 рук",
    "11 рук",
    "22 руки",
  ]);
  expect([1, 2, 3, 4, 11, 22].map(en.place)).toEqual([
    "You are next.",
    "You are 2nd.",
    "You are 3rd.",
    "You are 4th.",
    "You are 11th.",
    "You are 22nd.",
  ]);
});
