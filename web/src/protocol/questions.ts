/** The values of questions that travel between the pages and the server (docs/questions-protocol.md). */
import type { HandsSnapshot } from "./hands";
import type { VoiceNote } from "./notes";
import type { LessonEvent, PersonRef } from "./types";

export type QuestionState =
  | "in-review"
  | "open"
  | "later"
  | "answering"
  | "answered"
  | "dismissed"
  | "withdrawn"
  | "merged";

/** When and how a question was answered; `to` is null while it is being answered. */
export interface LiveAnswer {
  readonly how: "live" | "text" | null;
  readonly lesson: string | null;
  readonly from: number | null;
  readonly to: number | null;
  /** The title of that lesson; only in lists and searches. */
  readonly title?: string | null;
}

/** A written answer, of a teacher or of a student. */
export interface WrittenAnswer {
  readonly answer: number;
  readonly author: PersonRef | null;
  readonly teacher: boolean;
  readonly text: string;
  readonly good: boolean;
  readonly edited: boolean;
  readonly given_at: string;
}

export interface Question {
  readonly number: number;
  readonly version: number;
  readonly text: string;
  readonly state: QuestionState;
  readonly anonymous: boolean;
  readonly asker: PersonRef | null;
  readonly at: number | null;
  readonly asked_at: string;
  readonly edited: boolean;
  readonly lesson: string | null;
  readonly votes: number;
  readonly first: boolean;
  readonly label: string | null;
  readonly merged_into: number | null;
  readonly answer: LiveAnswer | null;
  readonly answers: readonly WrittenAnswer[];
  /** Teachers and the asker only. */
  readonly seen?: boolean;
  /** Teachers only. */
  readonly starred?: boolean;
  readonly owner?: PersonRef | null;
  readonly due?: string | null;
}

export interface QuestionSettings {
  readonly anonymous: boolean;
  readonly review: boolean;
  readonly paused: boolean;
}

export interface QuestionsSnapshot {
  readonly settings: QuestionSettings;
  readonly on_screen: number | null;
  readonly counts: Partial<Record<QuestionState, number>>;
  readonly list: readonly Question[];
  readonly more: boolean;
}

/** What the answer to `join` says of questions. */
export interface JoinedQuestions {
  readonly seq: number;
  /** Where the lesson's clock stood just then, in ms; older servers do not tell. */
  readonly position?: number;
  /** Null when `events` holds everything since the last number the page knew. */
  readonly questions: QuestionsSnapshot | null;
  readonly my: { readonly asked: readonly number[]; readonly voted: readonly number[] };
  readonly events: readonly LessonEvent[];
  /** Older servers do not tell of hands. */
  readonly hands?: HandsSnapshot;
  /** Nor of voice notes. */
  readonly notes?: readonly VoiceNote[];
}

/** A command as it is sent; the same id with the same content happens once. */
export interface Command {
  readonly id: string;
  readonly lesson: string;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface CommandError {
  readonly code: string;
  readonly detail: string;
  readonly field?: string;
  /** Whole seconds. */
  readonly retry_after?: number;
  readonly state?: QuestionState;
}

export type Acknowledgement =
  | {
      readonly ok: true;
      readonly id: string;
      readonly seq: number | null;
      readonly result: Readonly<Record<string, unknown>>;
    }
  | { readonly ok: false; readonly error: CommandError };

/** Characters of a question or an answer. */
export const TEXT_LIMIT = 1_000;
/** Numbers in one `question_seen`. */
export const SEEN_LIMIT = 50;
