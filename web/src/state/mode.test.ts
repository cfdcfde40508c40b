import { beforeEach, describe, expect, it, vi } from "vitest";
import { applyEvent, fromSnapshot } from "../protocol/lesson-log";
import type { LessonEvent, LessonSnapshot } from "../protocol/types";
import { type Reception, recallMode, rememberMode, shownIn } from "./mode";
import { isDue, perHour } from "./reception";

const STILL = { number: 3, text: "", stills: [{ width: 640, height: 360, bytes: 20_000 }] };
const PAGE = { ...STILL, number: 2, deck: "bits", page: 1 };
const SLOTS = { screen: "screen", camera: "camera", voice: "voice" } as const;
const NOTHING = { screen: null, camera: null, guest: null };

function view(parts: Partial<LessonSnapshot>) {
  const lesson = { id: "lesson", state: "live" };
  return fromSnapshot({ seq: 1, lesson, present: {}, ...parts } as unknown as LessonSnapshot);
}

function event(kind: string, payload: Record<string, unknown>): LessonEvent {
  return { lesson: "lesson", seq: 2, position: 0, kind, payload };
}

function got(parts: Partial<Reception> = {}): Reception {
  return {
    mode: "auto",
    received: "everything",
    screen_held: false,
    held: [],
    estimate: null,
    left: null,
    lowered: false,
    ...parts,
  };
}

describe("the stage in a mode", () => {
  const seen = view({ still: STILL, slide: PAGE });

  it("shows the screen as video where it comes", () => {
    expect(shownIn(seen, SLOTS, "auto", got())).toEqual({ slots: SLOTS, slide: PAGE });
  });

  it("shows the last picture of a screen that is held, and the camera beside it", () => {
    const low = got({ received: "low", screen_held: true });
    expect(shownIn(seen, SLOTS, "auto", low)).toEqual({
      slots: { ...SLOTS, screen: null },
      slide: STILL,
    });
  });

  it("keeps the last video of a held screen that was never told as a picture", () => {
    const low = got({ received: "low", screen_held: true });
    expect(shownIn(view({}), SLOTS, "auto", low).slots).toEqual(SLOTS);
  });

  it("shows only pictures in the mode of slides: the screen's, or the page that is shown", () => {
    expect(shownIn(seen, SLOTS, "slides", null)).toEqual({
      slots: { ...SLOTS, ...NOTHING },
      slide: STILL,
    });
    const { slide } = shownIn(seen, { camera: "camera" }, "slides", null);
    expect(slide).toEqual(PAGE);
  });

  it("shows nothing where only sound is wanted, or fits", () => {
    for (const shown of [
      shownIn(seen, SLOTS, "sound", null),
      shownIn(seen, SLOTS, "auto", got({ received: "sound", screen_held: true })),
    ]) {
      expect(shown).toEqual({ slots: { ...SLOTS, ...NOTHING }, slide: null });
    }
  });
});

describe("the pictures of a screen", () => {
  it("follow each other, and end with the screen", () => {
    const told = applyEvent(view({ slots: SLOTS }), event("slide.shown", STILL)).view;
    expect(told.still).toEqual(STILL);
    const off = { slot: "screen", source: null };
    const later = { ...event("slot.changed", off), seq: 3 };
    expect(applyEvent(told, later).view.still).toBeNull();
    const guest = { ...event("slot.changed", { slot: "guest", source: null }), seq: 3 };
    expect(applyEvent(told, guest).view.still).toEqual(STILL);
  });

  it("change nothing about the page that is shown", () => {
    const told = applyEvent(view({ slide: PAGE }), event("slide.shown", STILL)).view;
    expect(told.slide).toEqual(PAGE);
  });
});

describe("a mode", () => {
  beforeEach(() => {
    const kept = new Map<string, string>();
    vi.stubGlobal("navigator", { connection: { type: "cellular" } });
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
    });
  });

  it("is remembered for its network", () => {
    rememberMode("91.218.0.0", "low");
    expect(recallMode("91.218.0.0")).toBe("low");
    expect(recallMode("10.0.0.0")).toBe("auto");
  });

  it("that nobody knows any more is automatic", () => {
    localStorage.setItem("darsgoh.mode.cellular.10.0.0.0", "4k");
    expect(recallMode("10.0.0.0")).toBe("auto");
  });
});

describe("asking what comes", () => {
  const asked = { width: 1280, moving: 1, at: 0 };
  const same = { width: 1280, moving: 1 };

  it("costs nothing while nothing changes", () => {
    expect(isDue(got(), asked, same, 100_000)).toBe(false);
  });

  it("is due when a picture stops or has another size", () => {
    expect(isDue(got(), asked, { width: 1280, moving: 0 }, 1)).toBe(true);
    expect(isDue(got(), asked, { width: 320, moving: 1 }, 1)).toBe(true);
  });

  it("is due now and then while less comes than was chosen", () => {
    const low = got({ received: "low" });
    expect(isDue(low, asked, same, 9_000)).toBe(false);
    expect(isDue(low, asked, same, 10_000)).toBe(true);
  });

  it("is due now and then while little is left of what it may cost", () => {
    const thrifty = got({ left: 20_000_000 });
    expect(isDue(thrifty, asked, same, 9_000)).toBe(false);
    expect(isDue(thrifty, asked, same, 10_000)).toBe(true);
    expect(isDue(got({ left: 200_000_000 }), asked, same, 100_000)).toBe(false);
  });

  it("is never due where pictures were not wanted", () => {
    const sound = got({ mode: "sound", received: "sound" });
    expect(isDue(sound, asked, { width: 0, moving: 0 }, 100_000)).toBe(false);
  });
});

it("a voice of 48 kbit/s takes 22 megabytes in an hour", () => {
  expect(Math.round(perHour(48_000))).toBe(22);
});
