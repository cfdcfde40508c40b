/**
 * Commands on their way to the server: kept over reloads, sent one after the other, each until the
 * server has answered. The server does each id once, so sending again is always safe.
 *
 *   waiting → sending → sent            the server has it; its events tell the rest
 *      ↑________|    ↘ refused          its last word: shown, and the text stays
 *    (no answer, or "later")
 */
import { retryDelay } from "./link";
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

export interface Outbox {
  readonly entries: readonly Entry[];
  readonly online: boolean;
  /** Tries in a row that failed. */
  readonly attempt: number;
  /** Nothing is sent before this time (ms on the caller's clock). */
  readonly notBefore: number;
  /** When the latest commands were sent, for the pace. */
  readonly sentAt: readonly number[];
}

export const EMPTY: Outbox = {
  entries: [],
  online: false,
  attempt: 0,
  notBefore: 0,
  sentAt: [],
};

/** The server closes sockets that say more than 40 things in 10 s; half of that leaves room. */
export const PACE = 20;
export const PACE_PERIOD = 10_000;

/** Refusals that pass: the same id is sent again. */
const LATER = /^(?:too-many-|database-|unavailable$|internal$)/;

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
  const waits = box.entries.some((entry) => entry.error?.retry_after !== undefined);
  return { ...box, online, attempt: 0, notBefore: online && !waits ? 0 : box.notBefore };
}

/** Give the time (ms) at which the next command may be sent, or null if there is none to send. */
export function due(box: Outbox): number | null {
  if (!box.online || box.entries.some((entry) => entry.state === "sending")) return null;
  if (!box.entries.some((entry) => entry.state === "waiting")) return null;
  const first = box.sentAt[box.sentAt.length - PACE];
  return Math.max(box.notBefore, first === undefined ? 0 : first + PACE_PERIOD);
}

/** Take the first command that waits, if its time has come. */
export function begin(box: Outbox, now: number): { box: Outbox; entry: Entry | null } {
  const at = due(box);
  const entry = box.entries.find((each) => each.state === "waiting");
  if (at === null || now < at || !entry) return { box, entry: null };
  const sentAt = [...box.sentAt, now].slice(-PACE);
  return { box: change({ ...box, sentAt }, entry.id, { state: "sending" }), entry };
}

/** Note what the server said of a command; null if it said nothing. */
export function settle(
  box: Outbox,
  id: string,
  answer: Acknowledgement | null,
  now: number,
  random: number,
): Outbox {
  if (answer?.ok) {
    const { seq, result } = answer;
    const sent = change(box, id, { state: "sent", seq, result, error: null });
    return { ...sent, attempt: 0, notBefore: 0 };
  }
  const error = answer?.error ?? null;
  if (error && !passes(error)) return change(box, id, { state: "refused", error });
  const asked = (error?.retry_after ?? 0) * 1_000;
  const delay = Math.max(retryDelay(box.attempt, random), asked);
  const waiting = change(box, id, { state: "waiting", error });
  return { ...waiting, attempt: box.attempt + 1, notBefore: now + delay };
}

/** Forget a command: its event has come, or the person has read why not. */
export function drop(box: Outbox, id: string): Outbox {
  return { ...box, entries: box.entries.filter((entry) => entry.id !== id) };
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
    const at = due(this.#box);
    if (at === null) return;
    const { clock } = this.#world;
    const { box, entry } = begin(this.#box, clock.now());
    if (entry) {
      this.#set(box);
      void this.#send(entry);
    } else {
      this.#cancel = clock.after(Math.max(1, at - clock.now()), () => this.#pump());
    }
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
