import { describe, expect, it } from "vitest";
import {
  add,
  begin,
  connected,
  due,
  EMPTY,
  type Entry,
  type Outbox,
  OutboxRunner,
  PACE,
  PACE_PERIOD,
  restore,
  settle,
} from "./outbox";
import type { OutboxStorage } from "./outbox-storage";
import type { Acknowledgement, Command } from "./questions";
import { uuid7 } from "./uuid";

function command(id: string, name = "question_ask"): Command {
  return { id, lesson: "l", name, args: { text: id } };
}

function line(...ids: string[]): Outbox {
  return ids.reduce((box, id) => add(box, command(id), "p", true, 0), connected(EMPTY, true));
}

const YES = (id: string): Acknowledgement => ({ ok: true, id, seq: 1, result: {} });
const NO = (code: string, retry_after?: number): Acknowledgement => ({
  ok: false,
  error: { code, detail: "", ...(retry_after === undefined ? {} : { retry_after }) },
});

const states = (box: Outbox) => box.entries.map((entry) => entry.state);

describe("the line", () => {
  it("sends one at a time, in order", () => {
    const { box, entry } = begin(line("a", "b"), 0);
    expect(entry?.id).toBe("a");
    expect(begin(box, 0).entry).toBeNull();
    const next = settle(box, "a", YES("a"), 0, 0);
    expect(states(next)).toEqual(["sent", "waiting"]);
    expect(begin(next, 0).entry?.id).toBe("b");
  });

  it("sends nothing while the connection is away", () => {
    expect(due(connected(line("a"), false))).toBeNull();
  });

  it("sends again what got no answer, later each time, with jitter", () => {
    let box = begin(line("a"), 0).box;
    box = settle(box, "a", null, 1_000, 0.5);
    expect(states(box)).toEqual(["waiting"]);
    const first = due(box) ?? 0;
    expect(first).toBeGreaterThan(1_000);
    box = settle(begin(box, first).box, "a", null, first, 0.5);
    expect((due(box) ?? 0) - first).toBeGreaterThan(first - 1_000);
    expect(due(settle(begin(line("a"), 0).box, "a", null, 1_000, 0.9))).not.toBe(first);
  });

  it("tries at once when the connection comes back", () => {
    const box = settle(begin(line("a"), 0).box, "a", null, 1_000, 0.9);
    expect(due(connected(connected(box, false), true))).toBe(0);
  });

  it("waits as long as the server asks, over a reconnect too", () => {
    const box = settle(begin(line("a", "b"), 0).box, "a", NO("too-many-questions", 90), 1_000, 0);
    expect(states(box)).toEqual(["waiting", "waiting"]);
    expect(due(connected(connected(box, false), true))).toBe(91_000);
  });

  it.each(["text-empty", "questions-paused", "lesson-ended", "too-many-answers"])(
    "takes %s for an answer and goes on",
    (code) => {
      const box = settle(begin(line("a", "b"), 0).box, "a", NO(code), 0, 0);
      expect(states(box)).toEqual(["refused", "waiting"]);
      expect(box.entries[0]?.error?.code).toBe(code);
      expect(begin(box, 0).entry?.id).toBe("b");
    },
  );

  it.each(["database-busy", "unavailable", "internal", "too-many-commands"])(
    "tries again after %s",
    (code) => {
      expect(states(settle(begin(line("a"), 0).box, "a", NO(code), 0, 0))).toEqual(["waiting"]);
    },
  );

  it("keeps below the pace at which the server hangs up", () => {
    let box = line(...Array.from({ length: PACE + 1 }, (_, index) => `c${index}`));
    for (let index = 0; index < PACE; index += 1) {
      box = settle(begin(box, index).box, `c${index}`, YES(""), index, 0);
    }
    expect(begin(box, PACE).entry).toBeNull();
    expect(due(box)).toBe(PACE_PERIOD);
    expect(begin(box, PACE_PERIOD).entry?.id).toBe(`c${PACE}`);
  });

  it("puts what was kept in front, and sends again what was on its way", () => {
    const old: Entry[] = begin(line("a", "b"), 0).box.entries.map((entry) => ({ ...entry }));
    const box = restore(line("c"), old.reverse());
    expect(box.entries.map((entry) => entry.id)).toEqual(["a", "b", "c"]);
    expect(box.entries.map((entry) => entry.order)).toEqual([1, 2, 3]);
    expect(states(box)).toEqual(["waiting", "waiting", "waiting"]);
    expect(restore(box, old)).toEqual(box);
  });
});

class FakeStorage implements OutboxStorage {
  readonly entries = new Map<string, Entry>();
  all = async () => [...this.entries.values()];
  put = async (entry: Entry) => void this.entries.set(entry.id, entry);
  remove = async (id: string) => void this.entries.delete(id);
}

/** A clock that stands until it is told to go on. */
class FakeClock {
  time = 0;
  #timers: { at: number; call: () => void }[] = [];
  #seed = 1;
  now = () => this.time;
  random = () => {
    this.#seed = (this.#seed * 16_807) % 2_147_483_647;
    return this.#seed / 2_147_483_647;
  };
  after = (ms: number, call: () => void) => {
    const timer = { at: this.time + ms, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  };
  /** Go to the next timer; false if there is none. */
  tick(): boolean {
    const next = this.#timers.sort((a, b) => a.at - b.at).shift();
    if (!next) return false;
    this.time = Math.max(this.time, next.at);
    next.call();
    return true;
  }
}

/** Does each id once; loses half of the commands and half of its answers. */
class FlakyServer {
  readonly rows: string[] = [];
  readonly #done = new Set<string>();
  calls = 0;
  send = async ({ id }: Command): Promise<Acknowledgement | null> => {
    this.calls += 1;
    if (this.calls % 4 === 1) return null;
    if (!this.#done.has(id)) this.rows.push(id);
    this.#done.add(id);
    return this.calls % 4 === 3 ? null : YES(id);
  };
}

/** Let promises settle; nothing here waits for real time. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

function runner(server: FlakyServer, storage: OutboxStorage, clock: FakeClock) {
  const seen: { entries: readonly Entry[]; done: string[] } = { entries: [], done: [] };
  const world = {
    send: server.send,
    storage,
    clock,
    changed: (entries: readonly Entry[]) => {
      seen.entries = entries;
    },
    done: (entry: Entry) => void seen.done.push(entry.id),
    refused: () => {},
  };
  return { outbox: new OutboxRunner("l", "p", world), seen };
}

describe("the runner", () => {
  it("brings 100 commands through half of the answers lost, a reload between: each once, in order", async () => {
    const [server, storage, clock] = [new FlakyServer(), new FakeStorage(), new FakeClock()];
    const ids = Array.from({ length: 100 }, (_, index) => uuid7(1_000 + index, new Uint8Array(16)));
    const first = runner(server, storage, clock);
    await first.outbox.open();
    for (const id of ids) await first.outbox.add(command(id), true, 0);
    expect(server.rows).toEqual([]);
    expect(storage.entries.size).toBe(100);
    first.outbox.online(true);
    for (let turn = 0; turn < 60; turn += 1) {
      await settled();
      clock.tick();
    }
    expect(server.rows.length).toBeGreaterThan(5);
    first.outbox.close();
    const second = runner(server, storage, clock);
    await second.outbox.open();
    second.outbox.online(true);
    do await settled();
    while (clock.tick());
    expect(server.rows).toEqual(ids);
    expect(storage.entries.size).toBe(0);
  });

  it("works without storage", async () => {
    const server = new FlakyServer();
    const clock = new FakeClock();
    const forbidden: OutboxStorage = {
      all: () => Promise.reject(new Error("forbidden")),
      put: () => Promise.reject(new Error("forbidden")),
      remove: () => Promise.reject(new Error("forbidden")),
    };
    const { outbox, seen } = runner(server, forbidden, clock);
    await outbox.open();
    outbox.online(true);
    await outbox.add(command("a"), true, 0);
    do await settled();
    while (clock.tick());
    expect(seen.done).toEqual(["a"]);
  });

  it("forgets what the person has read", async () => {
    const { outbox, seen } = runner(new FlakyServer(), new FakeStorage(), new FakeClock());
    await outbox.add(command("a"), true, 0);
    outbox.drop("a");
    expect(seen.entries).toEqual([]);
  });
});

describe("ids", () => {
  it("are UUIDs of version 7 that begin with their time", () => {
    const id = uuid7(0x0123456789ab, new Uint8Array(16).fill(255));
    expect(id).toBe("01234567-89ab-7fff-bfff-ffffffffffff");
  });
});
