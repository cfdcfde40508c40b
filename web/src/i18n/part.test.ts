import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { language, parts, showIn, t } from ".";
import { textsOf } from "./part";

beforeEach(() => void vi.stubGlobal("document", { documentElement: { lang: "" } }));

afterEach(() => {
  parts.clear();
  vi.unstubAllGlobals();
});

describe("texts of a part", () => {
  it("change their language together with the page's", async () => {
    let release = () => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    const words = textsOf<string>("greeting", {
      tg: async () => ({ default: "Салом" }),
      ru: () => slow.then(() => ({ default: "Привет" })),
      en: () => Promise.reject(new Error("no network")),
    });
    const shown = () => [language.value, t().leave, words.texts()];
    await showIn("tg");
    (await words.load("tg"))();
    const before = shown();
    expect(before).toEqual(["tg", "Баромадан", "Салом"]);
    const change = showIn("ru");
    await Promise.resolve();
    expect(shown()).toEqual(before);
    release();
    await change;
    expect(shown()).toEqual(["ru", "Выйти", "Привет"]);
    await showIn("en");
    expect(words.texts()).toBe("Привет");
  });
});
