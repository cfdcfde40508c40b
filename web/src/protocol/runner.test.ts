import { describe, expect, it } from "vitest";
import type { Failure, Link } from "./link";
import { type Clock, LinkRunner } from "./runner";

/** A clock that stands still until the test moves it. */
class TestClock implements Clock {
  time = 0;
  #timers: { at: number; call: () => void }[] = [];

  now = () => this.time;
  random = () => 0.45671;
  after = (ms: number, call: () => void) => {
    // As in browsers: whole milliseconds, the rest cut off.
    const timer = { at: this.time + Math.max(1, Math.floor(ms)), call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  };

  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      const next = this.#timers.filter((each) => each.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.time = next.at;
      this.#timers = this.#timers.filter((each) => each !== next);
      next.call();
      await settle();
    }
    this.time = end;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

function make(answers: (Failure | null)[]) {
  const clock = new TestClock();
  const log: string[] = [];
  const seen: string[] = [];
  const runner = new LinkRunner(
    {
      open: async () => {
        log.push("open");
        return answers.length > 0 ? (answers.shift() ?? null) : null;
      },
      restart: async () => {
        log.push("restart");
        return answers.shift() ?? null;
      },
      drop: () => log.push("drop"),
    },
    (link: Link) => seen.push(link.name),
    clock,
  );
  return { clock, log, seen, runner };
}

describe("the runner of a link", () => {
  it("opens again after a failure, when its time has come", async () => {
    const { clock, log, runner } = make([{ kind: "retry", code: "offline" }, null]);
    runner.take({ type: "start" });
    await settle();
    expect(runner.link.name).toBe("waiting");
    await clock.pass(2_000);
    expect(log).toEqual(["open", "drop", "open"]);
    expect(runner.link.name).toBe("opening");
  });

  it("ignores the answer to something it no longer waits for", async () => {
    let fail: (failure: Failure) => void = () => {};
    const runner = new LinkRunner(
      {
        open: () =>
          new Promise((done) => {
            fail = done;
          }),
        restart: async () => null,
        drop: () => {},
      },
      () => {},
      new TestClock(),
    );
    runner.take({ type: "start" });
    runner.take({ type: "stop" });
    fail({ kind: "no", code: "late" });
    await settle();
    expect(runner.link.name).toBe("closed");
  });

  it("tells each change of state once", async () => {
    const { seen, runner } = make([null]);
    runner.take({ type: "start" });
    runner.take({ type: "start" });
    runner.take({ type: "ice", state: "connected" });
    runner.take({ type: "ice", state: "connected" });
    await settle();
    expect(seen).toEqual(["opening", "connected"]);
  });

  it("patches, then starts anew when the server has forgotten the session", async () => {
    const { clock, log, runner } = make([null, { kind: "retry", code: "not-found" }, null]);
    runner.take({ type: "start" });
    await settle();
    runner.take({ type: "ice", state: "connected" });
    runner.take({ type: "ice", state: "failed" });
    await settle();
    await clock.pass(2_000);
    expect(log).toEqual(["open", "restart", "drop", "open"]);
  });
});
