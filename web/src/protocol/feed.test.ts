import { describe, expect, it } from "vitest";
import { Feed, type FeedListener } from "./feed";
import type { JoinedQuestions } from "./questions";
import type { LessonEvent } from "./types";

const event = (seq: number): LessonEvent => ({
  lesson: "l",
  seq,
  position: 0,
  kind: "question.seen",
  payload: {},
});

function joined(seq: number, whole: boolean): JoinedQuestions {
  const settings = { anonymous: true, review: false, paused: false };
  const questions = { settings, on_screen: null, counts: {}, list: [], more: false };
  return { seq, questions: whole ? questions : null, my: { asked: [], voted: [] }, events: [] };
}

function listener() {
  const heard: string[] = [];
  const each: FeedListener = {
    joined: (answer) => void heard.push(`joined ${answer.seq}`),
    event: ({ seq }) => void heard.push(`event ${seq}`),
    mine: () => void heard.push("mine"),
    online: (on) => void heard.push(on ? "online" : "offline"),
  };
  return { heard, each };
}

describe("a part of the page that is downloaded later", () => {
  it("hears what was and what comes, in order", () => {
    const feed = new Feed();
    expect(feed.began).toBe(false);
    feed.joined(joined(3, true));
    feed.online(true);
    feed.event(event(4));
    const { heard, each } = listener();
    feed.listen(each);
    feed.mine({ 1: true });
    feed.event(event(5));
    expect(feed.began).toBe(true);
    expect(heard).toEqual(["joined 3", "event 4", "online", "mine", "event 5"]);
  });

  it("does not hear what a new whole has replaced", () => {
    const feed = new Feed();
    feed.joined(joined(3, true));
    feed.event(event(4));
    feed.joined(joined(4, false));
    feed.joined(joined(9, true));
    const { heard, each } = listener();
    feed.listen(each);
    expect(heard).toEqual(["joined 9", "offline"]);
  });

  it("misses nothing while it is away for a moment", () => {
    const feed = new Feed();
    const first = listener();
    feed.listen(first.each)();
    feed.event(event(4));
    expect(first.heard).toEqual(["offline"]);
    const second = listener();
    feed.listen(second.each);
    expect(second.heard).toEqual(["event 4", "offline"]);
  });
});
