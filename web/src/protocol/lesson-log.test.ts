import { describe, expect, it } from "vitest";
import { applyEvent, fromSnapshot, type LessonView } from "./lesson-log";
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
