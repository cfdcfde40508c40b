/** What a lesson and a month have cost on this device, in bytes, and how much a month may; pure but for its memory. */
import type { Sample } from "./stats";

/** Bytes of IPv4 and UDP around each packet: they are paid for, too. */
const HEADERS = 28;
/** Megabytes a month that somebody may set as the most; 0 is no bound. */
export const CAPS = [0, 100, 200, 500, 1_000, 2_000, 5_000] as const;
export const MEGABYTE = 1_000_000;
const NAME = "darsgoh.data";

export interface Spent {
  /** Year and month in UTC, as 2026-09. */
  readonly month: string;
  readonly bytes: number;
  readonly lessons: Readonly<Record<string, number>>;
  /** Megabytes a month. */
  readonly cap: number;
}

export function monthOf(now: number): string {
  return new Date(now).toISOString().slice(0, 7);
}

/** Read what was kept; a new month begins with nothing, and what can not be read is nothing. */
export function readSpent(text: string | null, now: number): Spent {
  const empty: Spent = { month: monthOf(now), bytes: 0, lessons: {}, cap: 0 };
  let kept: Partial<Spent> | null;
  try {
    kept = JSON.parse(text ?? "null") as Partial<Spent> | null;
  } catch {
    return empty;
  }
  const cap = CAPS.find((each) => each === kept?.cap) ?? 0;
  if (kept?.month !== empty.month) return { ...empty, cap };
  const lessons = typeof kept.lessons === "object" && kept.lessons ? kept.lessons : {};
  return { ...empty, bytes: Number(kept.bytes) || 0, lessons, cap };
}

export function spend(spent: Spent, lesson: string, bytes: number, now: number): Spent {
  const current = spent.month === monthOf(now) ? spent : readSpent(JSON.stringify(spent), now);
  const lessons = { ...current.lessons, [lesson]: (current.lessons[lesson] ?? 0) + bytes };
  return { ...current, bytes: current.bytes + bytes, lessons };
}

/** Give the bytes that are left of the cap, or null without one. */
export function leftOf(spent: Spent): number | null {
  return spent.cap === 0 ? null : Math.max(0, spent.cap * MEGABYTE - spent.bytes);
}

/** Say how many bytes went over the network between two samples; a new session counts from its beginning. */
export function cost(before: Sample | null, after: Sample): number {
  const goes = before && before.bytesIn <= after.bytesIn && before.received <= after.received;
  const from = goes ? before : { bytesIn: 0, bytesOut: 0, received: 0 };
  const packets = after.received - from.received;
  return after.bytesIn - from.bytesIn + after.bytesOut - from.bytesOut + packets * HEADERS;
}

export function loadSpent(now: number): Spent {
  try {
    return readSpent(localStorage.getItem(NAME), now);
  } catch {
    return readSpent(null, now); // Private windows may forbid storage.
  }
}

export function storeSpent(spent: Spent): void {
  try {
    localStorage.setItem(NAME, JSON.stringify(spent));
  } catch {
    // As above: the sums then last as long as the page.
  }
}
