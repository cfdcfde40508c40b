/** The values of voice notes that travel between the pages and the server (docs/voice-notes-protocol.md). */
import type { PersonRef } from "./types";

export type NoteState =
  | "sending"
  | "refused"
  | "ready"
  | "playing"
  | "played"
  | "dismissed"
  | "withdrawn";

export interface VoiceNote {
  readonly number: number;
  readonly id: string;
  readonly person: PersonRef;
  readonly state: NoteState;
  /** Lesson position at which it was recorded, in ms. */
  readonly at: number;
  /** Of the recording, in ms. */
  readonly length: number;
  /** When it was on air, on the lesson's clock (ms); `to` is null while it is. */
  readonly from: number | null;
  readonly to: number | null;
}

/** A voice note that will be sent; `id` is the page's own. */
export interface NewNote {
  readonly id: string;
  /** Bytes. */
  readonly size: number;
  readonly at?: number;
}

/** How far a voice note has come. */
export interface NoteStatus {
  readonly id: string;
  readonly state: NoteState;
  /** Bytes, and how many of them are there. */
  readonly size: number;
  readonly offset: number;
  /** Null until it is ready. */
  readonly number: number | null;
  readonly length: number | null;
  readonly refusal: string | null;
}

/** The name of a recording on its way in the outbox; it is no command of the socket. */
export const NOTE_SEND = "note_send";

/** Whether what is in the outbox is the sound of a voice note. */
export function isSound(name: string): boolean {
  return name === NOTE_SEND;
}

/** Whether an event's kind, or a command's name, is of voice notes. */
export function isOfNotes(name: string): boolean {
  return /^note[._]/.test(name);
}
