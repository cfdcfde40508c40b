import { describe, expect, it } from "vitest";
import { NOTE_SEND } from "./notes";
import {
  add,
  begin,
  connected,
  due,
  EMPTY,
  type Entry,
  HELD,
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
    const { box, entry } = begin(line("a", "b"), "words", 0);
    expect(entry?.id).toBe("a");
    expect(begin(box, "words", 0).entry).toBeNull();
    const next = settle(box, "a", YES("a"), 0, 0);
    expect(states(next)).toEqual(["sent", "waiting"]);
    expect(begin(next, "words", 0).entry?.id).toBe("b");
  });

  it("sends nothing while the connection is away", () => {
    expect(due(connected(line("a"), false), "words")).toBeNull();
  });

  it("sends again what got no answer, later each time, with jitter", () => {
    let box = begin(line("a"), "words", 0).box;
    box = settle(box, "a", null, 1_000, 0.5);
    expect(states(box)).toEqual(["waiting"]);
    const first = due(box, "words") ?? 0;
    expect(first).toBeGreaterThan(1_000);
    box = settle(begin(box, "words", first).box, "a", null, first, 0.5);
    expect((due(box, "words") ?? 0) - first).toBeGreaterThan(first - 1_000);
    expect(due(settle(begin(line("a"), "words", 0).box, "a", null, 1_000, 0.9), "words")).not.toBe(
      first,
    );
  });

  it("tries at once when the connection comes back", () => {
    const box = settle(begin(line("a"), "words", 0).box, "a", null, 1_000, 0.9);
    expect(due(connected(connected(box, false), true), "words")).toBe(0);
  });

  it("waits as long as the server asks, over a reconnect too", () => {
    const box = settle(
      begin(line("a", "b"), "words", 0).box,
      "a",
      NO("too-many-questions", 90),
      1_000,
      0,
    );
    expect(states(box)).toEqual(["waiting", "waiting"]);
    expect(due(connected(connected(box, false), true), "words")).toBe(91_000);
  });

  it.each(["text-empty", "questions-paused", "lesson-ended", "too-many-answers"])(
    "takes %s for an answer and goes on",
    (code) => {
      const box = settle(begin(line("a", "b"), "words", 0).box, "a", NO(code), 0, 0);
      expect(states(box)).toEqual(["refused", "waiting"]);
      expect(box.entries[0]?.error?.code).toBe(code);
      expect(begin(box, "words", 0).entry?.id).toBe("b");
    },
  );

  it.each(["database-busy", "unavailable", "internal", "too-many-commands"])(
    "tries again after %s",
    (code) => {
      expect(states(settle(begin(line("a"), "words", 0).box, "a", NO(code), 0, 0))).toEqual([
        "waiting",
      ]);
    },
  );

  it("keeps below the pace at which the server hangs up", () => {
    let box = line(...Array.from({ length: PACE + 1 }, (_, index) => `c${index}`));
    for (let index = 0; index < PACE; index += 1) {
      box = settle(begin(box, "words", index).box, `c${index}`, YES(""), index, 0);
    }
    expect(begin(box, "words", PACE).entry).toBeNull();
    expect(due(box, "words")).toBe(PACE_PERIOD);
    expect(begin(box, "words", PACE_PERIOD).entry?.id).toBe(`c${PACE}`);
  });

  it("puts what was kept in front, and sends again what was on its way", () => {
    const old: Entry[] = begin(line("a", "b"), "words", 0).box.entries.map((entry) => ({
      ...entry,
    }));
    const box = restore(line("c"), old.reverse());
    expect(box.entries.map((entry) => entry.id)).toEqual(["a", "b", "c"]);
    expect(box.entries.map((entry) => entry.order)).toEqual([1, 2, 3]);
    expect(states(box)).toEqual(["waiting", "waiting", "waiting"]);
    expect(restore(box, old)).toEqual(box);
  });
});

describe("words and voice notes in one line", () => {
  /** Names that begin with "n" are of notes. */
  function mixed(...ids: string[]): Outbox {
    return ids.reduce(
      (box, id) => add(box, command(id, id.startsWith("n") ? NOTE_SEND : undefined), "p", true, 0),
      connected(EMPTY, true),
    );
  }
  const sound = (box: Outbox, now: number) => begin(box, "sound", now).entry?.id;
  const words = (box: Outbox, now: number) => begin(box, "words", now).entry?.id;

  it("leave in the order in which they were made", () => {
    let box = mixed("a", "n", "b");
    expect(sound(box, 0)).toBeUndefined();
    box = begin(box, "words", 0).box;
    expect(sound(box, 0)).toBeUndefined();
    box = settle(box, "a", YES("a"), 10, 0);
    expect(sound(box, 10)).toBe("n");
    box = begin(box, "sound", 10).box;
    expect(words(box, 20)).toBeUndefined();
    box = settle(box, "n", YES("n"), 30, 0);
    expect(words(box, 30)).toBe("b");
  });

  it("part where the sound takes long: words wait only so long", () => {
    const box = begin(mixed("n", "b"), "sound", 1_000).box;
    expect(due(box, "words")).toBe(1_000 + HELD);
    expect(words(box, 999 + HELD)).toBeUndefined();
    expect(words(box, 1_000 + HELD)).toBe("b");
  });

  it("hold up no words by a note that gets no answer, or that the server puts off", () => {
    const begun = begin(mixed("n", "b"), "sound", 0).box;
    expect(words(settle(begun, "n", null, 0, 0.5), 0)).toBe("b");
    const full = settle(begun, "n", NO("too-many-notes", 60), 0, 0.5);
    expect(words(full, 0)).toBe("b");
    expect(words(connected(connected(full, false), true), 0)).toBe("b");
    expect(due(full, "sound")).toBe(60_000);
  });

  it("keep a note behind words that the server puts off", () => {
    const box = begin(mixed("a", "n"), "words", 0).box;
    const later = settle(box, "a", NO("too-many-questions", 90), 0, 0);
    expect(due(later, "sound")).toBeNull();
    expect(sound(settle(box, "a", NO("text-empty"), 0, 0), 0)).toBe("n");
  });

  it("send one note at a time, words beside it", () => {
    const box = begin(mixed("n", "n2", "b"), "sound", 0).box;
    expect(sound(box, 0)).toBeUndefined();
    expect(words(box, HELD)).toBe("b");
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
  losing = true;
  calls = 0;
  send = async ({ id }: Command): Promise<Acknowledgement | null> => {
    this.calls += 1;
    if (this.losing && this.calls % 4 === 1) return null;
    if (!this.#done.has(id)) this.rows.push(id);
    this.#done.add(id);
    return this.losing && this.calls % 4 === 3 ? null : YES(id);
  };
}

/** Let promises settle; nothing here waits for real time. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

function runner(server: Pick<FlakyServer, "send">, storage: OutboxStorage, clock: FakeClock) {
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

  it("keeps the order of questions and voice notes over a reload", async () => {
    const [server, storage, clock] = [new FlakyServer(), new FakeStorage(), new FakeClock()];
    const ids = Array.from({ length: 12 }, (_, index) => `${index}`);
    const before = runner(server, storage, clock).outbox;
    for (const id of ids) {
      const name = Number(id) % 3 === 1 ? NOTE_SEND : undefined;
      await before.add(command(id, name), true, 0);
    }
    before.close();
    server.losing = false;
    const after = runner(server, storage, clock);
    await after.outbox.open();
    after.outbox.online(true);
    do await settled();
    while (clock.tick());
    expect(server.rows).toEqual(ids);
    expect(after.seen.done).toEqual(ids);
  });

  it("sends a question past a note that hangs", async () => {
    const clock = new FakeClock();
    const sent: string[] = [];
    const hanging = {
      send: ({ id }: Command) => {
        sent.push(id);
        return id === "n" ? new Promise<null>(() => {}) : Promise.resolve(YES(id));
      },
    };
    const { outbox } = runner(hanging, new FakeStorage(), clock);
    outbox.online(true);
    await outbox.add(command("n", NOTE_SEND), true, 0);
    await outbox.add(command("b"), true, 0);
    expect(sent).toEqual(["n"]);
    clock.tick();
    expect(clock.time).toBe(HELD);
    expect(sent).toEqual(["n", "b"]);
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
