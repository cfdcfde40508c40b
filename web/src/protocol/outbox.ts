/**
 * Commands on their way to the server: kept over reloads, sent one after the other, each until the
 * server has answered. The server does each id once, so sending again is always safe.
 *
 *   waiting → sending → sent            the server has it; its events tell the rest
 *      ↑________|    ↘ refused          its last word: shown, and the text stays
 *    (no answer, or "later")
 *
 * What was made first leaves first. Words and the sound of voice notes have a lane each, since sound
 * can take a minute: a note waits for all words before it, words wait for a note before them as long
 * as it goes through quickly.
 */
import { retryDelay } from "./link";
import { isSound } from "./notes";
import type { OutboxStorage } from "./outbox-storage";
import type { Acknowledgement, Command, CommandError } from "./questions";
import type { Clock } from "./runner";

export interface Entry extends Command {
  readonly person: string;
  /** Place in the line. */
  readonly order: number;
  /** Ms since the epoch, for people. */
  readonly made: number;
  /** Whether it survives a reload; what a teacher does now is not worth doing later. */
  readonly kept: boolean;
  readonly state: "waiting" | "sending" | "sent" | "refused";
  readonly seq: number | null;
  readonly result: Readonly<Record<string, unknown>> | null;
  /** Why it was refused, or has to wait. */
  readonly error: CommandError | null;
}

/** In this order they are asked for what is next. */
const LANES = ["sound", "words"] as const;
export type Lane = (typeof LANES)[number];

/** How a lane gets on; times in ms on the caller's clock. */
interface Pace {
  /** Tries in a row that failed. */
  readonly attempt: number;
  /** Nothing is sent before this time. */
  readonly notBefore: number;
  /** When the latest was begun. */
  readonly began: number;
}

export interface Outbox {
  readonly entries: readonly Entry[];
  readonly online: boolean;
  readonly lanes: Readonly<Record<Lane, Pace>>;
  /** When the latest commands were sent, for the pace. */
  readonly sentAt: readonly number[];
}

const AT_REST: Pace = { attempt: 0, notBefore: 0, began: 0 };

export const EMPTY: Outbox = {
  entries: [],
  online: false,
  lanes: { sound: AT_REST, words: AT_REST },
  sentAt: [],
};

/** The server closes sockets that say more than 40 things in 10 s; half of that leaves room. */
export const PACE = 20;
export const PACE_PERIOD = 10_000;

/**
 * Ms for which words wait for a voice note made before them, from when it is begun. A link of 150 kbit/s
 * has sent 30 s of speech by then; on a slower one a question must not wait for the sound.
 */
export const HELD = 5_000;

/** Refusals that pass: the same id is sent again. */
const LATER = /^(?:too-many-|database-|unavailable$|internal$|busy$)/;

function passes(error: CommandError): boolean {
  // Twenty answers under one question stay twenty: no time is named, none would help.
  if (error.code === "too-many-answers") return error.retry_after !== undefined;
  return LATER.test(error.code);
}

/** Put a command at the end of the line. */
export function add(
  box: Outbox,
  command: Command,
  person: string,
  kept: boolean,
  made: number,
): Outbox {
  const last = box.entries[box.entries.length - 1];
  const fresh = { person, order: (last?.order ?? 0) + 1, made, kept };
  const entry: Entry = {
    ...command,
    ...fresh,
    state: "waiting",
    seq: null,
    result: null,
    error: null,
  };
  return { ...box, entries: [...box.entries, entry] };
}

/** Put what was kept before a reload in front; what was being sent is sent again. */
export function restore(box: Outbox, kept: readonly Entry[]): Outbox {
  const here = new Set(box.entries.map((entry) => entry.id));
  const before = kept
    .filter((entry) => !here.has(entry.id))
    .map((entry): Entry => (entry.state === "sending" ? { ...entry, state: "waiting" } : entry))
    .sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1));
  const last = before[before.length - 1]?.order ?? 0;
  const after = box.entries.map((entry) => ({ ...entry, order: entry.order + last }));
  return { ...box, entries: [...before, ...after] };
}

export function connected(box: Outbox, online: boolean): Outbox {
  // A connection that has just come back deserves a try at once; a "not before" of the server stays.
  return LANES.reduce(
    (each, lane) => {
      const waits = each.entries.some(
        (entry) => laneOf(entry) === lane && entry.error?.retry_after !== undefined,
      );
      const again = online && !waits ? { notBefore: 0 } : {};
      return pace(each, lane, { attempt: 0, ...again });
    },
    { ...box, online },
  );
}

function laneOf(entry: Entry): Lane {
  return isSound(entry.name) ? "sound" : "words";
}

function isUnsent({ state }: Entry): boolean {
  return state === "waiting" || state === "sending";
}

/** Give the first of a lane that waits, and what of the other lane is before it. */
function firstOf(box: Outbox, lane: Lane): { next: Entry; before: readonly Entry[] } | null {
  const unsent = box.entries.filter(isUnsent);
  const next = unsent.find((entry) => laneOf(entry) === lane);
  if (next?.state !== "waiting") return null;
  const before = unsent.slice(0, unsent.indexOf(next)).filter((entry) => laneOf(entry) !== lane);
  return { next, before };
}

/** Whether words wait for a note: not for one that the server has put off, or that gets no answer. */
function holds(box: Outbox, note: Entry): boolean {
  return box.lanes.sound.attempt === 0 && note.error === null;
}

/** Give the time (ms) at which the next of a lane may be sent, or null if there is none to send. */
export function due(box: Outbox, lane: Lane): number | null {
  const first = firstOf(box, lane);
  if (!box.online || !first) return null;
  const { notBefore } = box.lanes[lane];
  if (lane === "sound") return first.before.length > 0 ? null : notBefore;
  const held = first.before.some((note) => holds(box, note));
  const earlier = box.sentAt[box.sentAt.length - PACE];
  return Math.max(
    notBefore,
    held ? box.lanes.sound.began + HELD : 0,
    earlier === undefined ? 0 : earlier + PACE_PERIOD,
  );
}

/** Take the first of a lane that waits, if its time has come. */
export function begin(box: Outbox, lane: Lane, now: number): { box: Outbox; entry: Entry | null } {
  const at = due(box, lane);
  const entry = firstOf(box, lane)?.next;
  if (at === null || now < at || !entry) return { box, entry: null };
  const sentAt = lane === "words" ? [...box.sentAt, now].slice(-PACE) : box.sentAt;
  const begun = pace({ ...box, sentAt }, lane, { began: now });
  return { box: change(begun, entry.id, { state: "sending" }), entry };
}

/** Note what the server said of a command; null if it said nothing. */
export function settle(
  box: Outbox,
  id: string,
  answer: Acknowledgement | null,
  now: number,
  random: number,
): Outbox {
  const entry = box.entries.find((each) => each.id === id);
  if (!entry) return box;
  const lane = laneOf(entry);
  if (answer?.ok) {
    const { seq, result } = answer;
    const sent = change(box, id, { state: "sent", seq, result, error: null });
    return pace(sent, lane, { attempt: 0, notBefore: 0 });
  }
  const error = answer?.error ?? null;
  if (error && !passes(error)) return change(box, id, { state: "refused", error });
  const asked = (error?.retry_after ?? 0) * 1_000;
  const { attempt } = box.lanes[lane];
  const delay = Math.max(retryDelay(attempt, random), asked);
  const waiting = change(box, id, { state: "waiting", error });
  return pace(waiting, lane, { attempt: attempt + 1, notBefore: now + delay });
}

/** Forget a command: its event has come, or the person has read why not. */
export function drop(box: Outbox, id: string): Outbox {
  return { ...box, entries: box.entries.filter((entry) => entry.id !== id) };
}

function pace(box: Outbox, lane: Lane, changes: Partial<Pace>): Outbox {
  return { ...box, lanes: { ...box.lanes, [lane]: { ...box.lanes[lane], ...changes } } };
}

function change(box: Outbox, id: string, changes: Partial<Entry>): Outbox {
  const entries = box.entries.map((entry) => (entry.id === id ? { ...entry, ...changes } : entry));
  return { ...box, entries };
}

export interface OutboxWorld {
  send(command: Command): Promise<Acknowledgement | null>;
  readonly storage: OutboxStorage;
  readonly clock: Clock;
  /** Everything that changed, for the page. */
  changed(entries: readonly Entry[]): void;
  /** The server has done it. */
  done(entry: Entry): void;
  /** The server's last word was no. */
  refused(entry: Entry): void;
}

/** Runs the line of one person in one lesson. */
export class OutboxRunner {
  #box = EMPTY;
  #cancel: () => void = () => {};
  readonly #lesson: string;
  readonly #person: string;
  readonly #world: OutboxWorld;

  constructor(lesson: string, person: string, world: OutboxWorld) {
    this.#lesson = lesson;
    this.#person = person;
    this.#world = world;
  }

  /** Take up what was kept before a reload. */
  async open(): Promise<void> {
    try {
      const kept = await this.#world.storage.all(this.#lesson, this.#person);
      this.#set(restore(this.#box, kept));
    } catch {
      // Private windows may forbid storage: commands then live as long as the page.
    }
    this.#pump();
  }

  /** Send a command now or as soon as possible; resolves once it is kept. */
  async add(command: Command, kept: boolean, made: number): Promise<void> {
    this.#set(add(this.#box, command, this.#person, kept, made));
    const entry = this.#find(command.id);
    const stored = entry && kept ? this.#store(entry) : Promise.resolve();
    this.#pump();
    await stored;
  }

  online(on: boolean): void {
    this.#set(connected(this.#box, on));
    this.#pump();
  }

  drop(id: string): void {
    this.#set(drop(this.#box, id));
    this.#pump();
    void this.#world.storage.remove(id).catch(() => {});
  }

  close(): void {
    this.#cancel();
    this.#box = { ...this.#box, online: false };
  }

  #find(id: string): Entry | undefined {
    return this.#box.entries.find((entry) => entry.id === id);
  }

  #set(box: Outbox): void {
    this.#box = box;
    this.#world.changed(box.entries);
  }

  async #store(entry: Entry): Promise<void> {
    try {
      await this.#world.storage.put(entry);
    } catch {
      // As in open(): it is sent all the same.
    }
  }

  #pump(): void {
    this.#cancel();
    const { clock } = this.#world;
    for (const lane of LANES) {
      const { box, entry } = begin(this.#box, lane, clock.now());
      if (!entry) continue;
      this.#set(box);
      void this.#send(entry);
    }
    const times = LANES.map((lane) => due(this.#box, lane)).filter((at) => at !== null);
    if (times.length === 0) return;
    const wait = Math.max(1, Math.min(...times) - clock.now());
    this.#cancel = clock.after(wait, () => this.#pump());
  }

  async #send(entry: Entry): Promise<void> {
    const { clock, storage } = this.#world;
    const { id, lesson, name, args } = entry;
    const answer = await this.#world.send({ id, lesson, name, args });
    this.#set(settle(this.#box, id, answer, clock.now(), clock.random()));
    const settled = this.#find(id);
    if (settled?.state === "sent") {
      await storage.remove(id).catch(() => {});
      this.#world.done(settled);
    }
    if (settled?.state === "refused") {
      if (settled.kept) await this.#store(settled);
      this.#world.refused(settled);
    }
    this.#pump();
  }
}
