/** Which days the timetable shows, and how a form becomes a rule; pure. */
import { clockText, isoDay, wallTime } from "../i18n/dates";
import type { PlannedLesson } from "../protocol/timetable";

export const VIEWS = ["week", "day", "list"] as const;
export type View = (typeof VIEWS)[number];
const DAYS_OF: Record<View, number> = { week: 7, day: 1, list: 28 };
/** Monday first, as RFC 5545 writes them. */
export const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"] as const;
export type Weekday = (typeof WEEKDAYS)[number];
const DAY = 86_400_000;

/** What is shown; it stands in the page's address. */
export interface Wish {
  view: View;
  /** A day: 2026-09-07. */
  from: string;
  /** A course's id, or "" for all. */
  course: string;
}

const atNoon = (day: string) => Date.parse(`${day}T12:00:00Z`);
const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);

/** Give the day so many days after another. */
export function dayAfter(day: string, days: number): string {
  return dayOf(atNoon(day) + days * DAY);
}

/** Give 0 for Monday to 6 for Sunday. */
export function weekdayOf(day: string): number {
  return (new Date(atNoon(day)).getUTCDay() + 6) % 7;
}

/** Give the day a view of a day begins with: a week begins on Monday. */
export function firstDay(view: View, day: string): string {
  return view === "day" ? day : dayAfter(day, -weekdayOf(day));
}

/** Read a wish from the page's address; what makes no sense there is as if it were not. */
export function wishOf(query: Readonly<Record<string, string | undefined>>, today: string): Wish {
  const view = VIEWS.find((each) => each === query.view) ?? "week";
  const asked = query.from ?? "";
  const valid = /^20\d\d-\d\d-\d\d$/.test(asked) && !Number.isNaN(atNoon(asked));
  return { view, from: firstDay(view, valid ? asked : today), course: query.course ?? "" };
}

/** Write a wish as the page's query. */
export function queryOf({ view, from, course }: Wish): string {
  const said = new URLSearchParams({ from });
  if (view !== "week") said.set("view", view);
  if (course) said.set("course", course);
  return `?${said}`;
}

/** Write what the server is asked for. */
export function asked({ view, from, course }: Wish): string {
  const said = new URLSearchParams({ from, days: String(DAYS_OF[view]) });
  if (course) said.set("course", course);
  return `?${said}`;
}

/** Give the wish one page before (-1) or after (1). */
export function turned(wish: Wish, by: -1 | 1): Wish {
  return { ...wish, from: dayAfter(wish.from, by * DAYS_OF[wish.view]) };
}

export interface Day {
  day: string;
  lessons: readonly PlannedLesson[];
}

/** Sort lessons into the days of a view; a list leaves out the days without any. */
export function daysOf(wish: Wish, lessons: readonly PlannedLesson[], zone: string): Day[] {
  const days = Array.from({ length: DAYS_OF[wish.view] }, (_, n) => dayAfter(wish.from, n));
  const sorted = days.map((day) => ({
    day,
    lessons: lessons.filter(
      (lesson) => lesson.starts_at && isoDay(Date.parse(lesson.starts_at), zone) === day,
    ),
  }));
  return wish.view === "list" ? sorted.filter(({ lessons }) => lessons.length > 0) : sorted;
}

/** Write when a lesson is: 09:00–10:30. */
export function hoursText(starts: string, ends: string | null, zone: string): string {
  const clock = (at: string) => clockText(wallTime(Date.parse(at), zone));
  return ends ? `${clock(starts)}–${clock(ends)}` : clock(starts);
}

/** Write an instant as a datetime-local input does. */
export function wallText(at: string, zone: string): string {
  return `${isoDay(Date.parse(at), zone)}T${clockText(wallTime(Date.parse(at), zone))}`;
}

/** Give the minutes from one instant to another. */
export function minutesBetween(starts: string, ends: string): number {
  return Math.round((Date.parse(ends) - Date.parse(starts)) / 60_000);
}

/** Write the rule of lessons on some days of the week until a day. */
export function weeklyRule(days: readonly Weekday[], until: string): string {
  const sorted = WEEKDAYS.filter((each) => days.includes(each));
  return `FREQ=WEEKLY;BYDAY=${sorted.join(",")};UNTIL=${until.replaceAll("-", "")}`;
}
