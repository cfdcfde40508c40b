/** The values of recordings that travel between the pages and the server (recordings/FORMAT.md). */
import type { CaptionsFacts, CaptionsRow } from "./captions";
import type { Language } from "./types";

export type Track = "camera" | "screen" | "guest-camera" | "voice";
export const PICTURES = ["screen", "camera", "guest-camera"] as const;
export type Picture = (typeof PICTURES)[number];

/** Where something lies in a run's file: offset and length in bytes. */
export type ByteRange = readonly [offset: number, length: number];

/** A file of one track; all times of a recording are ms on the lesson's clock. */
export interface RunEntry {
  readonly type: "run";
  readonly run: string;
  readonly track: Track;
  readonly codec: string;
  readonly width?: number;
  readonly height?: number;
  readonly init: ByteRange;
}

/** Parts of a run that follow each other without a hole, in time and in bytes: one value for each. */
export interface PartsEntry {
  readonly type: "parts";
  readonly run: string;
  /** Where the first begins. */
  readonly at: number;
  readonly offset: number;
  readonly lengths: readonly number[];
  readonly sizes: readonly number[];
  /** Which of them a decoder can begin with; every part of a voice is so. */
  readonly keys?: readonly number[];
}

export interface GapEntry {
  readonly type: "gap";
  readonly track?: Track;
  readonly at: number;
  readonly for: number;
  readonly why: "source" | "server" | "disk";
}

export interface EndEntry {
  readonly type: "end";
  readonly at: number;
}

/** The picture that is seen from `at` on: an uploaded page, or what a screen showed. */
export interface StillEntry {
  readonly type: "still";
  readonly number: number;
  readonly at: number;
  /** Pixels; a file for each. */
  readonly widths: readonly number[];
}

/** One line of a recording's index; kinds that a page does not know are passed over. */
export type IndexEntry = RunEntry | PartsEntry | GapEntry | EndEntry | StillEntry;

export interface IndexPage {
  readonly next: number;
  readonly entries: readonly IndexEntry[];
  /** Whether the rest is to be asked for at once. */
  readonly more: boolean;
  readonly ended: boolean;
}

export interface Chapter {
  readonly at: number;
  readonly to: number;
  readonly title: string;
  readonly kind: "question" | "slide";
  readonly number?: number;
}

/** How far a person has come, over all their devices. */
export interface Progress {
  readonly position: number;
  /** Ms they have seen in all. */
  readonly seen: number;
  readonly watched: boolean;
}

export interface RecordingFacts {
  readonly lesson: string;
  readonly state: "recording" | "ready" | "none";
  /** What the viewer may have lies between `from` and `length`. */
  readonly from: number;
  readonly length: number;
  readonly bytes: number;
  readonly published: boolean;
  readonly expires_at: string | null;
  readonly tracks: readonly {
    readonly track: Track;
    readonly codec: string;
    readonly width?: number;
    readonly height?: number;
    readonly bytes: number;
  }[];
  /** Tracks of which something can not be played before it is encoded, which is under way. */
  readonly preparing: readonly Track[];
  readonly gaps: readonly { readonly at: number; readonly for: number }[];
  readonly chapters: readonly Chapter[];
  readonly captions: readonly CaptionsFacts[];
  readonly progress: Progress | null;
}

/** When a student was on air. */
export interface Turn {
  /** The hand's number. */
  readonly hand: number;
  readonly person: { readonly id: string; readonly name: string };
  readonly from: number;
  readonly to: number;
  readonly muted: boolean;
}

/** What those are told who look after a recording; their `from` and `length` are those of the whole. */
export interface KeptFacts extends RecordingFacts {
  /** Whether a machine can write captions here, and in which languages. */
  readonly drafts: { readonly installed: boolean; readonly languages: readonly Language[] };
  /** Where the lesson went live: what was before is for teachers. */
  readonly live_from: number | null;
  /** The intervals that are shown; none for everything. */
  readonly trims: readonly (readonly [from: number, to: number])[];
  readonly turns: readonly Turn[];
  readonly captions: readonly CaptionsRow[];
}

/** The replay of a lesson in a list. */
export interface OfferedReplay {
  readonly from: number;
  readonly length: number;
  readonly progress: Progress | null;
}

/** What is decided about a recording. */
export interface RecordingChange {
  readonly published?: boolean;
  readonly expires_at?: string | null;
  readonly trims?: readonly (readonly [from: number, to: number])[];
  readonly muted?: readonly number[];
}

/** One recording as those who look after it see it in their list. */
export interface RecordingRow {
  readonly lesson: string;
  readonly title: string;
  readonly course: { readonly id: string; readonly title: string } | null;
  readonly state: "recording" | "ready" | "none" | "deleted";
  readonly started_at: string | null;
  /** Ms. */
  readonly length: number;
  readonly bytes: number;
  readonly published: boolean;
  readonly trimmed: boolean;
  /** How many turns are left out. */
  readonly muted: number;
  readonly expires_at: string | null;
  /** Until when a deleted one can be brought back. */
  readonly removed_at: string | null;
}

export interface RecordingList {
  readonly recordings: readonly RecordingRow[];
  readonly total: number;
  readonly pages: number;
}

/** What a course decides about its recordings; without `keep_days` they are kept for ever. */
export interface CourseRules {
  readonly publish: boolean;
  readonly pack: boolean;
  readonly keep_days: number | null;
}

/** Where a run's file is. */
export function runUrl(lesson: string, run: string): string {
  return `/recordings/${lesson}/${run}.mp4`;
}

/** Where the picture of a slide is. */
export function stillUrl(lesson: string, number: number, width: number): string {
  return `/recordings/${lesson}/stills/${number}-${width}.webp`;
}

/** Ms that one thumbnail stands for. */
export const THUMB_PERIOD = 10_000;

/** Where the small picture of a position is, if there is one. */
export function thumbUrl(lesson: string, position: number): string {
  return `/recordings/${lesson}/thumbs/${Math.floor(position / THUMB_PERIOD)}.webp`;
}

/** The media type of a run, as Media Source wants it. */
export function mimeOf(run: Pick<RunEntry, "track" | "codec">): string {
  return `${run.track === "voice" ? "audio" : "video"}/mp4; codecs="${run.codec}"`;
}
