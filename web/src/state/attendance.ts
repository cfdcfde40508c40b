/** What the attendance page asks for and says; pure but for the shared session. */
import { AttendanceApi, type AttendanceSheet } from "../protocol/attendance";
import { api } from "./app";

export const attendance = new AttendanceApi(api);

export const SORTS = ["name", "most", "least", "live", "lessons"] as const;
export type Sort = (typeof SORTS)[number];

/** What is asked of the server; it stands in the page's address. */
export interface Wish {
  sort: Sort;
  /** From 0. */
  page: number;
}

/** Read a wish from the page's address; what makes no sense there is as if it were not. */
export function wishOf(query: Readonly<Record<string, string | undefined>>): Wish {
  const page = Number(query.page ?? 0);
  return {
    sort: SORTS.find((each) => each === query.sort) ?? "name",
    page: Number.isInteger(page) && page >= 0 ? page : 0,
  };
}

/** Write a wish as a query without what goes without saying. */
export function queryOf({ sort, page }: Wish): string {
  const said = new URLSearchParams();
  if (sort !== "name") said.set("sort", sort);
  if (page > 0) said.set("page", String(page));
  const text = said.toString();
  return text && `?${text}`;
}

const MINUTE = 60_000;

/** Give the minutes that were heard to their end. */
export function wholeMinutes(ms: number): number {
  return Math.floor(ms / MINUTE);
}

/** Give the share of all lessons of a sheet in percent, rounded down: 100 is really everything. */
export function percentOf(heard: number, lessons: AttendanceSheet["lessons"]): number {
  const length = lessons.reduce((sum, lesson) => sum + lesson.length, 0);
  return length > 0 ? Math.min(100, Math.floor((100 * heard) / length)) : 0;
}
