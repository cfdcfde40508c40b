import { describe, expect, it, vi } from "vitest";
import { ClassFeed, classEvent, classMessage, EMPTY_CLASS, type Poll } from "./class-feed";
import type { LessonEvent } from "./types";

const POLL: Poll = {
  number: 1,
  text: "Which one?",
  options: ["red", "violet"],
  multiple: false,
  state: "open",
  shown: false,
  from: 10,
  to: null,
  counts: null,
  voters: null,
};
const PULSE = { understood: 0, lost: 0, lost_share: 0 };
const event = (kind: string, poll: unknown): LessonEvent => ({
  lesson: "l",
  seq: 1,
  position: 0,
  kind,
  payload: { poll },
});

describe("the class", () => {
  it("follows a poll from its draft to its result", () => {
    let view = classEvent(EMPTY_CLASS, event("poll.opened", POLL));
    view = classMessage(view, "voted", { voted: { 1: [1] } });
    expect(view.voted).toEqual({ 1: [1] });
    view = classEvent(view, event("poll.closed", { ...POLL, state: "closed", to: 20 }));
    expect(view.polls[0]).toMatchObject({ state: "closed", counts: null });
    const shown = { ...POLL, state: "closed", shown: true, counts: [0, 3], voters: 3 };
    view = classEvent(view, event("poll.shown", shown));
    expect(view.polls[0]?.counts).toEqual([0, 3]);
    // A student sees no more counts when they are hidden again.
    view = classEvent(view, event("poll.shown", { ...shown, shown: false, counts: null }));
    expect(view.polls[0]?.counts).toBeNull();
  });

  it("keeps a teacher's counts when the others are told of none", () => {
    let view = classEvent({ ...EMPTY_CLASS, pulse: PULSE }, event("poll.opened", POLL));
    view = classMessage(view, "poll", { poll: { number: 1, counts: [2, 1], voters: 3 } });
    view = classEvent(view, event("poll.closed", { ...POLL, state: "closed" }));
    expect(view.polls[0]).toMatchObject({ state: "closed", counts: [2, 1], voters: 3 });
  });

  it("drops what is removed and skips what it can not know", () => {
    let view = classEvent(EMPTY_CLASS, event("poll.made", { ...POLL, state: "draft" }));
    view = classEvent(view, event("poll.removed", { number: 1 }));
    expect(view.polls).toEqual([]);
    expect(classMessage(view, "poll", { poll: { number: 9, counts: [1], voters: 1 } })).toBe(view);
    expect(classEvent(view, event("question.asked", POLL))).toBe(view);
  });

  it("tells its listeners, also the late ones", () => {
    const feed = new ClassFeed();
    feed.joined({ polls: { list: [POLL], voted: {} }, own: { value: "lost", left: 5 } });
    const heard = vi.fn();
    const stop = feed.listen(heard);
    expect(heard.mock.calls[0]?.[0].own.value).toBe("lost");
    feed.message("felt", { own: null });
    expect(feed.view.own).toBeNull();
    stop();
    feed.message("pulse", PULSE);
    expect(heard).toHaveBeenCalledTimes(2);
  });
});
