import { describe, expect, it } from "vitest";
import type { LessonEvent } from "../protocol/types";
import { SlidesReplay } from "./slides-replay";

const event = (position: number, kind: string, page = 0): LessonEvent => ({
  lesson: "l",
  seq: position,
  position,
  kind,
  payload: { number: page, deck: "d", page, text: "", stills: [] },
});

describe("slides of a replay", () => {
  it("stand where they stood, forwards and backwards", () => {
    const slides = new SlidesReplay();
    slides.add([event(1_000, "slide.shown", 1), event(5_000, "slide.shown", 2)]);
    slides.add([event(8_000, "slide.hidden"), event(9_000, "question.asked")]);
    const pages = [0, 1_000, 4_999, 5_000, 8_000, 99_000, 1_500].map((at) => slides.at(at)?.page);
    expect(pages).toEqual([undefined, 1, 1, 2, undefined, undefined, 1]);
  });

  it("end with the lesson", () => {
    const slides = new SlidesReplay();
    slides.add([event(1_000, "slide.shown", 1), event(5_000, "lesson.ended")]);
    expect(slides.at(6_000)).toBeNull();
  });

  it("tell the next one, so that it is there when it is due", () => {
    const slides = new SlidesReplay();
    const shown = event(2_000, "slide.shown");
    slides.add([
      event(1_000, "slide.shown", 1),
      { ...shown, payload: { number: 3, at: 1_900, text: "", stills: [] } },
      event(5_000, "slide.shown", 2),
      event(8_000, "slide.hidden"),
    ]);
    const pages = [0, 1_000, 5_000, 9_000].map((at) => slides.after(at, false)?.page);
    expect(pages).toEqual([1, 2, undefined, undefined]);
    expect(slides.after(1_000, true)?.number).toBe(3);
    expect(slides.after(1_900, true)).toBeNull();
  });

  it("are pages, whatever a screen showed before them", () => {
    const screen = event(2_000, "slide.shown");
    const shown = { ...screen, payload: { number: 3, at: 1_900, text: "", stills: [] } };
    const slides = new SlidesReplay();
    slides.add([{ ...shown, position: 500 }]);
    expect(slides.at(900)).toBeNull();
    slides.add([event(1_000, "slide.shown", 1), shown]);
    expect([900, 1_500, 2_500].map((at) => slides.at(at)?.page)).toEqual([undefined, 1, 1]);
    expect([1_800, 1_900, 9_000].map((at) => slides.screenAt(at)?.number)).toEqual([
      undefined,
      3,
      3,
    ]);
  });
});
