import { describe, expect, it } from "vitest";
import {
  applyEvent,
  catchUp,
  fromSnapshot,
  type LessonView,
  type Log,
  NO_LOG,
  take,
} from "./lesson-log";
import type { Lesson, LessonEvent } from "./types";

const LESSON: Lesson = {
  id: "l1",
  course: null,
  title: "Bits",
  public: true,
  state: "live",
  starts_at: null,
  started_at: null,
  ended_at: null,
  teachers: [],
  rights: ["see", "watch"],
};

function view(): LessonView {
  return fromSnapshot({
    seq: 10,
    position: 0,
    lesson: LESSON,
    sources: { voice: { state: "active", participant: "p" } },
    slots: { voice: "voice" },
    present: { students: 1, teachers: 1 },
    events: [],
  });
}

function event(seq: number, kind: string, payload: Record<string, unknown> = {}): LessonEvent {
  return { lesson: "l1", seq, position: 0, kind, payload };
}

describe("what a page knows of a lesson", () => {
  it("follows the slide that is shown", () => {
    const slide = { number: 1, deck: "d", page: 2, text: "Bits", stills: [] };
    expect(view().slide).toBeNull();
    const { view: shown } = applyEvent(view(), event(11, "slide.shown", slide));
    expect(shown.slide).toEqual({ ...slide, at: 0 });
    const { view: hidden } = applyEvent(shown, event(12, "slide.hidden"));
    expect(hidden.slide).toBeNull();
    const late = fromSnapshot({
      ...hidden,
      position: 0,
      slide,
      sources: {},
      slots: {},
      events: [],
    });
    expect(late.slide).toEqual(slide);
    const screen = { number: 2, at: 900, text: "", stills: [] };
    expect(applyEvent(shown, event(12, "slide.shown", screen)).view.slide).toEqual({
      ...slide,
      at: 0,
    });
  });

  it("follows whether the lesson is recorded", () => {
    let { view: now } = applyEvent(view(), event(11, "lesson.live"));
    const next = (seq: number, kind: string, payload = {}) => {
      now = applyEvent(now, event(seq, kind, payload)).view;
      return now.recording;
    };
    expect(now.recording).toEqual({ state: "on" });
    expect(next(12, "recording.low-disk", { free: 5 })).toMatchObject({
      state: "stopped",
      free: 5,
    });
    expect(next(13, "recording.stopped", { why: "disk" })).toMatchObject({ why: "disk", free: 5 });
    expect(next(14, "recording.started")).toEqual({ state: "on", free: 5 });
    const off = { track: "camera", at: 0, for: 60_000, why: "source" };
    expect(next(15, "recording.gap", off)?.gap).toBeUndefined();
    const lost = { track: "voice", at: 61_000, for: 30_000, why: "source" };
    expect(next(16, "recording.gap", lost)?.gap).toEqual(lost);
    expect(next(17, "lesson.ended")).toBeNull();
  });

  it("follows sources and slots", () => {
    let { view: now } = applyEvent(
      view(),
      event(11, "source.added", { source: "camera", participant: "p" }),
    );
    now = applyEvent(now, event(12, "slot.changed", { slot: "camera", source: "camera" })).view;
    expect(now.sources.camera).toEqual({ state: "active", participant: "p" });
    expect(now.slots.camera).toBe("camera");
    now = applyEvent(now, event(13, "source.stalled", { source: "camera" })).view;
    expect(now.sources.camera).toEqual({ state: "stalled", participant: "p" });
    now = applyEvent(now, event(14, "source.resumed", { source: "camera" })).view;
    expect(now.sources.camera?.state).toBe("active");
    now = applyEvent(now, event(15, "source.removed", { source: "camera", reason: "left" })).view;
    now = applyEvent(now, event(16, "slot.changed", { slot: "camera", source: null })).view;
    expect(now.sources.camera).toBeUndefined();
    expect(now.slots.camera).toBeNull();
    expect(now.seq).toBe(16);
  });

  it("follows the lesson's state; an ended lesson shows nothing", () => {
    const { view: over } = applyEvent(view(), event(11, "lesson.ended"));
    expect(over.lesson.state).toBe("ended");
    expect(over.slots).toEqual({});
  });

  it("sees a hole and changes nothing", () => {
    const before = view();
    expect(applyEvent(before, event(12, "lesson.ended"))).toEqual({ view: before, hole: true });
  });

  it("does not miss events that were for somebody else", () => {
    const { view: after, hole } = applyEvent(view(), { ...event(14, "lesson.ended"), after: 10 });
    expect(hole).toBe(false);
    expect(after.seq).toBe(14);
    expect(applyEvent(view(), { ...event(14, "lesson.ended"), after: 11 }).hole).toBe(true);
  });

  it("ignores what it has seen, and other lessons", () => {
    const before = view();
    expect(applyEvent(before, event(10, "lesson.ended")).view).toBe(before);
    expect(applyEvent(before, { ...event(11, "lesson.ended"), lesson: "l2" }).view).toBe(before);
  });

  it("counts kinds it does not know, for they fill their place", () => {
    const { view: after, hole } = applyEvent(view(), event(11, "question.asked", { id: 1 }));
    expect(hole).toBe(false);
    expect(after.seq).toBe(11);
  });
});

describe("following a lesson", () => {
  const log: Log = { view: view(), early: [], behind: false };
  const following = (seq: number, before: number) => ({ ...event(seq, "hand.x"), after: before });

  it("tells what comes in order, once", () => {
    const first = take(log, event(11, "hand.x"));
    expect(first).toMatchObject({ events: [{ seq: 11 }], hole: false });
    expect(take(first.log, event(11, "hand.x"))).toEqual({
      log: first.log,
      events: [],
      hole: false,
    });
  });

  it("asks for what a hole hides although later events fit what it knows", () => {
    // For one person: it follows a teachers' event that we are not told of.
    const personal = take(log, following(12, 11));
    expect(personal).toMatchObject({ events: [], hole: true });
    // For all: for us nothing was before it.
    const general = take(personal.log, following(13, 10));
    expect(general).toMatchObject({ events: [], hole: false });
    expect(general.log.view?.seq).toBe(10);
  });

  it("goes on after the answer with what that did not contain", () => {
    const { log: behind } = take(
      take(take(log, following(12, 11)).log, following(13, 10)).log,
      following(14, 13),
    );
    const caughtUp = catchUp(behind, { ...view(), seq: 13 });
    expect(caughtUp.events.map((each) => each.seq)).toEqual([14]);
    expect(caughtUp.log).toMatchObject({ view: { seq: 14 }, early: [], behind: false });
  });

  it("keeps everything until it has joined, and notices a hole behind the answer", () => {
    const early = take(take(NO_LOG, following(12, 11)).log, following(16, 15)).log;
    const { events, hole, log: after12 } = catchUp(early, { ...view(), seq: 11 });
    expect(events.map((each) => each.seq)).toEqual([12]);
    expect(hole).toBe(true);
    expect(after12.early.map((each) => each.seq)).toEqual([16]);
  });
});
