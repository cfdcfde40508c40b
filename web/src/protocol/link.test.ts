import { describe, expect, it } from "vitest";
import {
  IDLE,
  LATER_PERIOD,
  type Link,
  type LinkEffect,
  type LinkInput,
  OPEN_TIMEOUT,
  RESTART_TIMEOUT,
  RETRY_CAP,
  retryDelay,
  SHAKY_GRACE,
  step,
} from "./link";

/** Plays inputs into a link at a time that only the test moves. */
class Story {
  link: Link = IDLE;
  now = 0;
  effects: LinkEffect[] = [];

  take(input: LinkInput, random = 0.5): this {
    const next = step(this.link, input, this.now, random);
    this.link = next.link;
    this.effects.push(...next.effects);
    return this;
  }

  wait(ms: number): this {
    this.now += ms;
    return this.take({ type: "tick" });
  }

  /** Wait exactly until the link asked to be woken. */
  due(): this {
    return this.wait((this.link.deadline ?? this.now) - this.now);
  }

  failed(kind: "no" | "token" | "later" | "retry", code = "x", retryAfter?: number): this {
    const failure = retryAfter === undefined ? { kind, code } : { kind, code, retryAfter };
    return this.take({ type: "failed", failure });
  }

  last(): LinkEffect | undefined {
    return this.effects[this.effects.length - 1];
  }
}

const started = () => new Story().take({ type: "start" });
const connected = () => started().take({ type: "ice", state: "connected" });

describe("a media link", () => {
  it("opens when started and is connected when ICE and DTLS are", () => {
    const story = connected();
    expect(story.link.name).toBe("connected");
    expect(story.link.wasConnected).toBe(true);
    expect(story.effects).toEqual(["open"]);
    expect(story.link.deadline).toBeNull();
  });

  it("lets a short disturbance pass without doing anything", () => {
    const story = connected().take({ type: "ice", state: "disconnected" });
    expect(story.link.name).toBe("shaky");
    story.wait(SHAKY_GRACE - 1).take({ type: "ice", state: "connected" });
    expect(story.link.name).toBe("connected");
    expect(story.effects).toEqual(["open"]);
  });

  it("restarts ICE when the disturbance lasts", () => {
    const story = connected().take({ type: "ice", state: "disconnected" }).wait(SHAKY_GRACE);
    expect(story.link.name).toBe("restarting");
    expect(story.last()).toBe("restart");
    story.take({ type: "ice", state: "connected" });
    expect(story.link.name).toBe("connected");
  });

  it("makes a new session when the restart does not help in time", () => {
    const story = connected().take({ type: "ice", state: "failed" });
    expect(story.last()).toBe("restart");
    story.wait(RESTART_TIMEOUT);
    expect(story.link.name).toBe("waiting");
    expect(story.last()).toBe("drop");
    story.due();
    expect(story.link.name).toBe("opening");
    expect(story.last()).toBe("open");
  });

  it("makes a new session when the server has forgotten the old one", () => {
    const story = connected().take({ type: "ice", state: "failed" }).failed("retry", "not-found");
    expect(story.link).toMatchObject({ name: "waiting", code: "not-found", attempt: 1 });
  });

  it("gives up an opening that takes too long and tries again", () => {
    const story = started().wait(OPEN_TIMEOUT);
    expect(story.link).toMatchObject({ name: "waiting", code: "timeout" });
  });

  it("never stops trying, and never waits longer than the cap", () => {
    const story = started();
    for (let round = 0; round < 500; round += 1) {
      story.failed("retry");
      expect(story.link.name).toBe("waiting");
      expect((story.link.deadline ?? 0) - story.now).toBeLessThanOrEqual(RETRY_CAP);
      story.due();
      expect(story.link.name).toBe("opening");
    }
  });

  it("begins again with short waits after it was connected", () => {
    const story = started();
    for (let round = 0; round < 6; round += 1) story.failed("retry").due();
    story.take({ type: "ice", state: "connected" });
    expect(story.link.attempt).toBe(0);
  });

  it("stops at a plain no", () => {
    const story = started().failed("no", "source-taken");
    expect(story.link).toMatchObject({ name: "refused", code: "source-taken", deadline: null });
    story.wait(1_000_000);
    expect(story.link.name).toBe("refused");
    expect(story.take({ type: "start" }).link.name).toBe("opening");
  });

  it("asks for a new token a few times before it believes that tokens are refused", () => {
    const story = started().failed("token").due().failed("token").due();
    expect(story.link.name).toBe("opening");
    expect(story.failed("token", "token-expired").link).toMatchObject({
      name: "refused",
      code: "token-expired",
    });
  });

  it("waits calmly for a lesson that is not open, and goes at once when it is", () => {
    const story = started().failed("later", "lesson-not-open");
    expect((story.link.deadline ?? 0) - story.now).toBe(LATER_PERIOD);
    expect(story.link.attempt).toBe(0);
    story.take({ type: "poke" });
    expect(story.link.name).toBe("opening");
  });

  it("respects the seconds the server asks for", () => {
    const story = started().failed("retry", "busy", 7);
    expect((story.link.deadline ?? 0) - story.now).toBe(7_000);
  });

  it("restarts at once when the network is back while it is shaky", () => {
    const story = connected().take({ type: "ice", state: "disconnected" }).take({ type: "poke" });
    expect(story.link.name).toBe("restarting");
  });

  it("is closed for good by stop, once", () => {
    const story = connected().take({ type: "stop" });
    expect(story.link.name).toBe("closed");
    const effects = story.effects.length;
    story.take({ type: "stop" }).take({ type: "ice", state: "failed" }).failed("retry");
    expect(story.link.name).toBe("closed");
    expect(story.effects).toHaveLength(effects);
  });
});

describe("the retry delay", () => {
  it("spreads the first retry of a class over two seconds", () => {
    expect(retryDelay(0, 0)).toBe(0);
    expect(retryDelay(0, 1)).toBe(2_000);
  });

  it("grows and stays under its cap", () => {
    expect(retryDelay(1, 0)).toBe(1_000);
    expect(retryDelay(3, 1)).toBe(8_000);
    expect(retryDelay(100, 1)).toBe(RETRY_CAP);
  });
});
