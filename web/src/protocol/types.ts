/** The values that travel between the pages and the server. */
import type { OfferedReplay } from "./recording";
import type { ScreenStill, Slide } from "./slides";

export type Language = "tg" | "ru" | "en";
export const LANGUAGES: readonly Language[] = ["tg", "ru", "en"];

export type Source = "camera" | "screen" | "voice" | "guest-camera" | "guest-voice";
export type Slot = "screen" | "camera" | "guest" | "voice" | "guest-voice";
export const VIDEO_SLOTS = ["screen", "camera", "guest"] as const;
export const AUDIO_SLOTS = ["voice", "guest-voice"] as const;

export type LessonState = "scheduled" | "practice" | "live" | "ended";
export type LessonRight =
  | "see"
  | "watch"
  | "replay"
  | "speak"
  | "publish"
  | "teach"
  | "moderate"
  | "manage";
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
  /** In lists, where a replay is open to the viewer. */
  replay?: OfferedReplay;
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
  /** By what this page can tell networks apart. */
  network: string;
}

/** How much of a lesson somebody wants to receive (signaling/PROTOCOL.md). */
export const MODES = ["auto", "everything", "low", "slides", "sound"] as const;
export type Mode = (typeof MODES)[number];

export interface ModeCosts {
  /** Bits a second. */
  readonly bits: Readonly<Record<Mode, number>>;
  /** What a megabyte costs, if staff have said so. */
  readonly price: { readonly megabyte: number; readonly currency: string } | null;
  /** That of the grant: choices are kept by it. */
  readonly network: string;
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

/** Whether a lesson is being recorded; teachers know. */
export interface Recorded {
  state: "on" | "stopped";
  why?: "disk" | "server";
  /** Bytes on the disk. */
  free?: number | null;
  /** What was not recorded last though it should have been; times in ms. */
  gap?: { track: string; at: number; for: number; why: string };
}

export interface Presence {
  students: number;
  teachers: number;
}

export interface LessonSnapshot {
  seq: number;
  /** Ms on the lesson's clock. */
  position: number;
  lesson: Lesson;
  sources: Partial<Record<Source, SourceState>>;
  slots: Partial<Record<Slot, Source | null>>;
  present: Presence;
  slide?: Slide | null;
  still?: ScreenStill | null;
  recording?: Recorded | null;
  events: LessonEvent[];
}
