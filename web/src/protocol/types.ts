/** The values that travel between the pages and the server. */

export type Language = "tg" | "ru" | "en";
export const LANGUAGES: readonly Language[] = ["tg", "ru", "en"];

export type Source = "camera" | "screen" | "voice" | "guest-camera" | "guest-voice";
export type Slot = "screen" | "camera" | "guest" | "voice" | "guest-voice";
export const VIDEO_SLOTS = ["screen", "camera", "guest"] as const;
export const AUDIO_SLOTS = ["voice", "guest-voice"] as const;

export type LessonState = "scheduled" | "practice" | "live" | "ended";
export type LessonRight = "see" | "watch" | "speak" | "publish" | "teach" | "moderate" | "manage";
export type GrantRight = "publish" | "watch" | "speak";
export type Role = "teacher" | "student";

export interface Person {
  id: string;
  name: string;
  staff: boolean;
  guest: boolean;
  language: Language | null;
}

export interface ServerFacts {
  version: string;
  demo: boolean;
  languages: Language[];
  default_language: Language;
  time_zone: string;
}

export interface Session {
  person: Person | null;
  server: ServerFacts;
}

export interface PersonRef {
  id: string;
  name: string;
}

export interface Member extends PersonRef {
  role: Role;
}

export interface Lesson {
  id: string;
  course: { id: string; title: string } | null;
  title: string;
  public: boolean;
  join_code?: string | null;
  state: LessonState;
  starts_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  teachers: PersonRef[];
  rights: LessonRight[];
}

export interface Course {
  id: string;
  title: string;
  description: string | null;
  join_code?: string | null;
  my_role: Role | null;
  teachers: PersonRef[];
  student_count: number;
  lessons_count: number;
  next_lesson?: Lesson | null;
  live_lesson?: Lesson | null;
}

export interface CourseDetail extends Course {
  lessons: Lesson[];
  members?: Member[];
}

export interface LessonLists {
  live: Lesson[];
  next: Lesson[];
  past: Lesson[];
}

export interface Grant {
  token: string;
  expires_at: string;
  whip: string;
  whip_screen: string;
  whip_guest: string;
  whep: string;
}

export interface PersonRow extends PersonRef {
  login?: string | null;
  staff: boolean;
  guest?: boolean;
  language?: Language | null;
}

export interface NewPerson {
  person: PersonRow;
  link?: string;
}

export interface Demo {
  lesson: { id: string; title: string };
  links: { role: Role | "staff"; url: string }[];
}

export interface Joined extends Session {
  lesson?: { id: string };
  course?: { id: string };
}

export interface SourceState {
  state: "active" | "stalled";
  participant: string;
}

export interface LessonEvent {
  lesson: string;
  seq: number;
  /** The number before it that this page was told; some events are for others. */
  after?: number;
  position: number;
  kind: string;
  payload: Record<string, unknown>;
}

export interface Presence {
  students: number;
  teachers: number;
}

export interface LessonSnapshot {
  seq: number;
  lesson: Lesson;
  sources: Partial<Record<Source, SourceState>>;
  slots: Partial<Record<Slot, Source | null>>;
  present: Presence;
  events: LessonEvent[];
}
