import { describe, expect, it } from "vitest";
import type { Question } from "../protocol/questions";
import type { Chapter } from "../protocol/recording";
import { actionOf, isTaken } from "./replay-keys";
import { changedSpeed, find, otherChapter, Played, startAt } from "./replay-view";

const CHAPTERS: Chapter[] = [
  { at: 0, to: 60_000, title: "Байт чист?", kind: "slide", number: 1 },
  { at: 60_000, to: 90_000, title: "Ҷавоб ба савол", kind: "question", number: 17 },
  { at: 90_000, to: 200_000, title: "Ҳашт бит якҷоя", kind: "slide", number: 2 },
];

describe("where a replay begins", () => {
  it("is the second of the link, else where one was, else the beginning", () => {
    expect(startAt("1m", 5_000, 90_000)).toBe(60_000);
    expect(startAt("9h", 5_000, 90_000)).toBe(90_000);
    expect(startAt(null, 40_000, 90_000)).toBe(40_000);
    expect(startAt("soon", 89_000, 90_000)).toBe(0);
  });
});

describe("what was played", () => {
  it("is what the clock went through, not what was jumped over or stood still", () => {
    const played = new Played();
    for (const at of [0, 100, 200, 60_000, 60_100]) played.at(at, true);
    played.at(60_200, false);
    played.at(90_000, true);
    played.at(90_100, true);
    const told = played.take();
    expect(told).toEqual([
      [0, 200],
      [60_000, 60_200],
      [90_000, 90_100],
    ]);
    expect(played.take()).toEqual([]);
    played.putBack(told);
    expect(played.take()).toEqual(told);
  });
});

describe("speeds", () => {
  it("go up and down, and to 3 only for those who want it", () => {
    expect(changedSpeed("1", true, false)).toBe("1.25");
    expect(changedSpeed("0.5", false, false)).toBe("0.5");
    expect(changedSpeed("2", true, false)).toBe("2");
    expect(changedSpeed("2", true, true)).toBe("2.5");
  });
});

describe("chapters", () => {
  it("are reached forwards and backwards", () => {
    expect(otherChapter(CHAPTERS, 10_000, true)).toBe(60_000);
    expect(otherChapter(CHAPTERS, 95_000, true)).toBeNull();
    expect(otherChapter(CHAPTERS, 100_000, false)).toBe(90_000);
    expect(otherChapter(CHAPTERS, 91_000, false)).toBe(60_000);
    expect(otherChapter(CHAPTERS, 1_000, false)).toBeNull();
  });
});

describe("searching a replay", () => {
  const question = (number: number, text: string, extra: Partial<Question> = {}) =>
    ({ number, text, lesson: "l", at: 5_000, answer: null, ...extra }) as Question;
  const questions = [
    question(17, "Ҷавоб кай мешавад?", {
      answer: { how: "live", lesson: "l", from: 60_000, to: 90_000 },
    }),
    question(18, "Бит чанд аст?", {
      answer: { how: "live", lesson: "another", from: 1, to: 2 },
    }),
    question(19, "Байт чист?", { lesson: "another" }),
  ];

  it("finds questions where they were answered, and slides, whatever the letters", () => {
    expect(find("чавоб", "l", questions, CHAPTERS)).toEqual([
      { at: 60_000, title: "Ҷавоб кай мешавад?", kind: "question", number: 17 },
    ]);
    expect(find("бит", "l", questions, CHAPTERS).map((each) => each.at)).toEqual([5_000, 90_000]);
    expect(find("байт", "l", questions, [])).toEqual([]);
    expect(find("  ", "l", questions, CHAPTERS)).toEqual([]);
    const cues = [{ at: 7_000, to: 9_000, text: "Салом,\nҳамдарсон!" }];
    expect(find("хамдарс", "l", questions, CHAPTERS, cues)).toEqual([
      { at: 7_000, title: "Салом, ҳамдарсон!", kind: "caption", number: null },
    ]);
  });
});

describe("keys of the replay", () => {
  const key = (code: string, shiftKey = false) => actionOf({ code, shiftKey });

  it("are the places of the keys, with and without shift", () => {
    expect(key("KeyJ")).toEqual({ name: "step", seconds: -10 });
    expect(key("Digit7")).toEqual({ name: "share", of: 0.7 });
    expect(key("Period")).toMatchObject({ name: "frame" });
    expect(key("Period", true)).toEqual({ name: "speed", up: true });
    expect(key("Slash", true)).toEqual({ name: "help" });
    expect(key("KeyC")).toEqual({ name: "captions" });
    expect(key("KeyZ")).toBeNull();
  });

  it("leave a button its own", () => {
    const on = (tagName: string, type = "") => ({ tagName, type }) as unknown as EventTarget;
    expect(isTaken({ code: "Space", target: on("BUTTON") })).toBe(true);
    expect(isTaken({ code: "KeyK", target: on("BUTTON") })).toBe(false);
    expect(isTaken({ code: "ArrowLeft", target: on("INPUT", "radio") })).toBe(true);
    expect(isTaken({ code: "ArrowLeft", target: on("INPUT", "range") })).toBe(false);
  });
});
