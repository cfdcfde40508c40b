/** The timetable over HTTP; apart from the rest, since only its own page downloads it. */
import type { Api } from "./api";
import type { Lesson } from "./types";

/** A lesson with its plan; a lesson whose end nobody planned has none. */
export interface PlannedLesson extends Lesson {
  readonly ends_at: string | null;
  /** Whether others were planned with it. */
  readonly series: boolean;
  /** The classroom's id. */
  readonly classroom: string | null;
}

export interface Classroom {
  readonly id: string;
  readonly name: string;
  readonly place: string;
}

/** A day such as 2026-12-31. */
export interface Holiday {
  readonly day: string;
  readonly name: string;
}

export interface Timetable {
  readonly from: string;
  readonly days: number;
  readonly lessons: readonly PlannedLesson[];
  readonly holidays: readonly Holiday[];
  readonly classrooms: readonly Classroom[];
}

/** `teacher` is null where it is the classroom that is taken; `title` where it is not ours to know. */
export interface Clash {
  readonly starts_at: string;
  readonly teacher: string | null;
  readonly title: string | null;
  readonly from: string;
  readonly to: string;
}

/** What a plan comes to. */
export interface Outcome {
  readonly saved: boolean;
  readonly lessons: readonly { readonly starts_at: string; readonly ends_at: string }[];
  readonly skipped: readonly Holiday[];
  readonly clashes: readonly Clash[];
  readonly clash_count: number;
}

/** Whether only to look, and whether to save what clashes. */
export interface How {
  dry: boolean;
  anyway: boolean;
}

export interface NewPlan {
  title: string;
  /** On the wall of the school's zone: 2026-09-01T09:00. */
  starts: string;
  minutes: number;
  rrule?: string;
  classroom_id?: string;
}

export type Scope = "this" | "following" | "all";

export interface PlanChange {
  scope: Scope;
  /** The start that the page showed. */
  was: string | null;
  title?: string;
  starts?: string;
  minutes?: number;
  classroom_id?: string | null;
  teacher_id?: string | null;
  cancel?: boolean;
}

export interface TimetableRules {
  readonly automatic: boolean;
  readonly margin_minutes: number;
}

/** A secret address for calendar programs; the address itself is told once. */
export interface CalendarLink {
  readonly id: string;
  /** The course's id, or the classroom's; neither for all lessons. */
  readonly course: string | null;
  readonly classroom: string | null;
  readonly created_at: string;
}

/** What a calendar shows. */
export interface CalendarOf {
  course_id?: string;
  classroom_id?: string;
}

export interface NewCalendarLink extends CalendarLink {
  readonly url: string;
}

export class TimetableApi {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** `query` begins with "?". */
  days = (query: string) => this.#api.call<Timetable>("GET", `/api/timetable${query}`);
  plan = (course: string, plan: NewPlan, how: How) =>
    this.#api.call<Outcome>("POST", `/api/courses/${course}/plan`, { ...plan, ...how });
  change = (lesson: string, change: PlanChange, how: How) =>
    this.#api.call<Outcome>("PATCH", `/api/lessons/${lesson}/plan`, { ...change, ...how });
  rules = (course: string) =>
    this.#api.call<TimetableRules>("GET", `/api/courses/${course}/timetable`);
  setRules = (course: string, rules: TimetableRules) =>
    this.#api.call<TimetableRules>("PUT", `/api/courses/${course}/timetable`, rules);
  calendarLinks = async () =>
    (await this.#api.call<{ links: CalendarLink[] }>("GET", "/api/calendar-links")).links;
  makeCalendarLink = (of: CalendarOf) =>
    this.#api.call<NewCalendarLink>("POST", "/api/calendar-links", of);
  revokeCalendarLink = (id: string) => this.#api.call<void>("DELETE", `/api/calendar-links/${id}`);
  addClassroom = (classroom: { name: string; place: string }) =>
    this.#api.call<Classroom>("POST", "/api/classrooms", classroom);
  deleteClassroom = (id: string) => this.#api.call<void>("DELETE", `/api/classrooms/${id}`);
  addHoliday = ({ day, name }: Holiday) =>
    this.#api.call<Holiday>("PUT", `/api/holidays/${day}`, { name });
  deleteHoliday = (day: string) => this.#api.call<void>("DELETE", `/api/holidays/${day}`);
}
