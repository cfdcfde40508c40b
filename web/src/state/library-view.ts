/** What the library says of a recording and which of them it asks for; pure. */
import { instantOf } from "../i18n/dates";
import type { KeptFacts, RecordingRow } from "../protocol/recording";

export const FILTERS = ["all", "recording", "published", "hidden", "deleted"] as const;
export type Filter = (typeof FILTERS)[number];
export const SORTS = ["newest", "oldest", "longest", "largest", "title"] as const;
export type Sort = (typeof SORTS)[number];

/** What is asked of the server; it stands in the page's address, so that it can be sent to others. */
export interface Wish {
  /** A course's id, or "" for all. */
  course: string;
  state: Filter;
  sort: Sort;
  /** From 0. */
  page: number;
}

export type Standing = "recording" | "none" | "deleted" | "expired" | "published" | "hidden";

/** Read a wish from the page's address; what makes no sense there is as if it were not. */
export function wishOf(query: Readonly<Record<string, string | undefined>>): Wish {
  const page = Number(query.page ?? 0);
  return {
    course: query.course ?? "",
    state: FILTERS.find((each) => each === query.state) ?? "all",
    sort: SORTS.find((each) => each === query.sort) ?? "newest",
    page: Number.isInteger(page) && page >= 0 ? page : 0,
  };
}

/** Write a wish as a query without what goes without saying: "" or "?state=hidden&page=2". */
export function queryOf(wish: Wish): string {
  const said = new URLSearchParams();
  if (wish.course) said.set("course", wish.course);
  if (wish.state !== "all") said.set("state", wish.state);
  if (wish.sort !== "newest") said.set("sort", wish.sort);
  if (wish.page > 0) said.set("page", String(wish.page));
  const text = said.toString();
  return text && `?${text}`;
}

/** Say how a recording stands for its students; `now` is ms since the epoch. */
export function standing(row: RecordingRow, now: number): Standing {
  if (row.state !== "ready") return row.state;
  if (!row.published) return "hidden";
  return row.expires_at && Date.parse(row.expires_at) <= now ? "expired" : "published";
}

/** Give a size in MB or, from 1,000 MB on, in GB; the smallest is 0.1 MB, which is next to nothing. */
export function sizeOf(bytes: number): { value: number; unit: "MB" | "GB"; digits: number } {
  const mega = bytes / 1e6;
  if (mega >= 1_000) return { value: mega / 1_000, unit: "GB", digits: 1 };
  if (mega >= 10) return { value: mega, unit: "MB", digits: 0 };
  return { value: bytes > 0 ? Math.max(mega, 0.1) : 0, unit: "MB", digits: 1 };
}

/** Give the last minute of a date (2026-10-01) in a zone: a recording is there all that day. */
export function endOfDay(date: string, zone: string): string {
  const [year = 0, month = 0, day = 0] = date.split("-").map(Number);
  return new Date(instantOf({ year, month, day, hour: 23, minute: 59 }, zone)).toISOString();
}

export type Span = readonly [from: number, to: number];

/** What students see now: from where to where. */
export function shownSpan(facts: Pick<KeptFacts, "live_from" | "trims" | "length">): Span {
  const start = facts.live_from ?? 0;
  const from = Math.max(start, facts.trims[0]?.[0] ?? start);
  return [from, Math.min(facts.length, facts.trims[facts.trims.length - 1]?.[1] ?? facts.length)];
}

/** Ms by which a typed time may differ from a measured one: people type whole seconds. */
const TYPED = 1_000;

/**
 * Give the intervals that are kept when it is shown from `from` to `to`.
 *
 * None for everything; holes that somebody made within stay.
 */
export function trimmedTo(
  [from, to]: Span,
  facts: Pick<KeptFacts, "live_from" | "trims" | "length">,
): Span[] {
  const end = to + TYPED > facts.length ? facts.length : to;
  const [first, last] = shownSpan(facts);
  const spans = facts.trims.map(
    ([at, until]): Span => [
      at <= first ? from : Math.max(at, from),
      until >= last ? end : Math.min(until, end),
    ],
  );
  const kept = facts.trims.length > 1 ? spans.filter(([at, until]) => at < until) : [];
  if (kept.length > 1) return kept;
  const whole = from < (facts.live_from ?? 0) + TYPED && end === facts.length;
  return whole ? [] : [[from, end]];
}

/** Say what is wrong with typed times; null if nothing. */
export function trimProblem(
  from: number | null,
  to: number | null,
  length: number,
): "unreadable" | "reversed" | "outside" | null {
  if (from === null || to === null) return "unreadable";
  if (from >= to) return "reversed";
  return from >= length || to >= length + TYPED ? "outside" : null;
}
