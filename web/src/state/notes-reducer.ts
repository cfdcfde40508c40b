/**
 * Voice notes as one viewer sees them, built from a snapshot and the events after it.
 *
 * Pure: the student's page, the teacher's console and the replay use it alike.
 */
import type { VoiceNote } from "../protocol/notes";
import type { LessonEvent } from "../protocol/types";
import type { Viewer } from "./questions-reducer";

export interface Notes {
  readonly seq: number;
  readonly known: ReadonlyMap<number, VoiceNote>;
}

export const NO_NOTES: Notes = { seq: 0, known: new Map() };

type Part = Partial<VoiceNote> & { readonly number: number };

/** What the answer to `join` says of voice notes. */
export interface JoinedNotes {
  readonly seq: number;
  readonly notes: readonly VoiceNote[];
}

/** Take a snapshot: it replaces all that was known. */
export function joinNotes({ seq, notes }: JoinedNotes): Notes {
  return { seq, known: new Map(notes.map((each) => [each.number, each])) };
}

/** Apply one event; what is known already changes nothing. */
export function applyNotes(before: Notes, event: LessonEvent, viewer: Viewer): Notes {
  if (event.seq <= before.seq) return before;
  const part = event.payload.note;
  const known = isPart(part) ? withPart(before.known, part, viewer) : before.known;
  return { known, seq: event.seq };
}

function isPart(value: unknown): value is Part {
  return typeof value === "object" && value !== null && "number" in value;
}

/** The one rule of the protocol: merge what is new, then drop what the viewer may not know. */
function withPart(
  before: ReadonlyMap<number, VoiceNote>,
  part: Part,
  viewer: Viewer,
): ReadonlyMap<number, VoiceNote> {
  const merged = { ...before.get(part.number), ...part };
  const known = new Map(before);
  known.delete(part.number);
  // A piece of a note that we were never given says nothing that could be shown.
  if (merged.person === undefined || merged.state === undefined) return known;
  const theirs = !viewer.teacher && merged.person.id !== viewer.person;
  const gone = merged.state === "withdrawn" || (theirs && merged.state !== "playing");
  return gone ? known : known.set(part.number, merged as VoiceNote);
}

/** Give the note that is on air, if one is. */
export function playing(notes: Notes): VoiceNote | null {
  return [...notes.known.values()].find((each) => each.state === "playing") ?? null;
}
