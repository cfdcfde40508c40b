/** Who heard how much, over HTTP; apart from the rest, since only its own page downloads it. */
import type { Api } from "./api";
import type { Language, LessonState } from "./types";

/** A lesson that took place; `length` in ms. */
export interface AttendedLesson {
  readonly id: string;
  readonly title: string;
  readonly state: LessonState;
  readonly started_at: string | null;
  readonly length: number;
}

/** One person's line; all times in ms, `heard` without counting anything twice. */
export interface AttendanceLine {
  readonly person: { readonly id: string; readonly name: string };
  readonly live: number;
  readonly replay: number;
  readonly heard: number;
  /** Lessons of which they heard enough. */
  readonly attended: number;
}

export interface AttendanceSheet {
  readonly title: string;
  /** The course's id, null for a public event. */
  readonly course: string | null;
  readonly lessons: readonly AttendedLesson[];
  readonly people: readonly AttendanceLine[];
  readonly total: number;
  readonly pages: number;
}

/** Of a course or a lesson. */
export interface SheetOf {
  readonly kind: "courses" | "lessons";
  readonly id: string;
}

export class AttendanceApi {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** `query` is "" or begins with "?". */
  sheet = ({ kind, id }: SheetOf, query: string) =>
    this.#api.call<AttendanceSheet>("GET", `/api/${kind}/${id}/attendance${query}`);
}

/** Where the spreadsheet is. */
export function spreadsheetUrl({ kind, id }: SheetOf, language: Language): string {
  return `/api/${kind}/${id}/attendance.xlsx?lang=${language}`;
}
