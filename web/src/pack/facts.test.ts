import { describe, expect, it } from "vitest";
import { current, find, type PackFacts, placeOf } from "./facts";

const FACTS: PackFacts = {
  lesson: "l",
  title: "Fractions",
  course: null,
  date: "2026-11-25",
  language: "tg",
  length: 60_000,
  slides: [
    { at: 0, number: 1 },
    { at: 20_000, number: 2 },
  ],
  texts: { "1": "Касрҳо\nСурат ва махраҷ", "2": "Супориш" },
  chapters: [],
  gaps: [],
  questions: [
    { number: 1, text: "Махраҷ чист?", at: 5_000, answer: 30_000, answers: [] },
    {
      number: 2,
      text: "Барои чӣ?",
      at: null,
      answer: null,
      answers: [{ text: "Ба махраҷ нигаред", teacher: true }],
    },
  ],
};

describe("a lesson pack", () => {
  it("knows what is shown at a position", () => {
    expect(current(FACTS.slides, 19_999)?.number).toBe(1);
    expect(current(FACTS.slides, 20_000)?.number).toBe(2);
    expect(current([], 5)).toBeNull();
  });

  it("leads to the answer of a question, else to where it was asked, else nowhere", () => {
    expect(FACTS.questions.map(placeOf)).toEqual([30_000, null]);
  });

  it("finds words in questions, answers and slides, typed without Tajik letters, too", () => {
    expect(find(FACTS, "МАХРАЧ").map((one) => [one.kind, one.number, one.at])).toEqual([
      ["slide", 1, 0],
      ["question", 1, 30_000],
      ["question", 2, null],
    ]);
    expect(find(FACTS, "махраҷ").find((one) => one.kind === "slide")?.title).toBe(
      "Сурат ва махраҷ",
    );
    expect(find(FACTS, " ")).toEqual([]);
  });
});
