import { describe, expect, it } from "vitest";
import type { VoiceNote } from "../protocol/notes";
import type { LessonEvent } from "../protocol/types";
import { applyNotes, joinNotes, NO_NOTES, playing } from "./notes-reducer";

const TEACHER = { person: "zarina", teacher: true };
const STUDENT = { person: "anor", teacher: false };

function note(number: number, rest: Partial<VoiceNote> = {}): VoiceNote {
  const person = { id: "behruz", name: "Behruz" };
  const times = { at: 1_000, length: 4_000, from: null, to: null };
  return { number, id: `note-${number}`, person, state: "ready", ...times, ...rest };
}

function event(seq: number, kind: string, part: Partial<VoiceNote>): LessonEvent {
  return { lesson: "l", seq, position: seq * 1_000, kind, payload: { note: part } };
}

const numbers = (notes: { known: ReadonlyMap<number, VoiceNote> }) => [...notes.known.keys()];

describe("voice notes", () => {
  it("are all there for a teacher, from ready over playing to played", () => {
    const steps = [
      event(2, "note.ready", note(1)),
      event(3, "note.playing", note(1, { state: "playing", from: 3_000 })),
    ];
    const on = steps.reduce((state, each) => applyNotes(state, each, TEACHER), NO_NOTES);
    expect(playing(on)?.number).toBe(1);
    const off = applyNotes(
      on,
      event(4, "note.played", { number: 1, state: "played", to: 7_000 }),
      TEACHER,
    );
    expect(playing(off)).toBeNull();
    expect(off.known.get(1)).toMatchObject({ state: "played", from: 3_000, to: 7_000 });
  });

  it("of others are known to a student only while they are played", () => {
    const on = applyNotes(
      NO_NOTES,
      event(2, "note.playing", note(1, { state: "playing" })),
      STUDENT,
    );
    expect(numbers(on)).toEqual([1]);
    const part = { number: 1, state: "played" as const, to: 7_000 };
    expect(numbers(applyNotes(on, event(3, "note.played", part), STUDENT))).toEqual([]);
  });

  it("of one's own stay, until they are taken back", () => {
    const own = note(1, { person: { id: "anor", name: "Anor" } });
    const ready = applyNotes(NO_NOTES, event(2, "note.ready", own), STUDENT);
    expect(numbers(ready)).toEqual([1]);
    const part = { number: 1, state: "withdrawn" as const };
    expect(numbers(applyNotes(ready, event(3, "note.withdrawn", part), STUDENT))).toEqual([]);
  });

  it("are what the snapshot says, and old events change nothing", () => {
    const joined = joinNotes({ seq: 9, notes: [note(2)] });
    expect(applyNotes(joined, event(9, "note.ready", note(1)), TEACHER)).toBe(joined);
    expect(numbers(applyNotes(joined, event(10, "hand.raised", {}), TEACHER))).toEqual([2]);
    expect(numbers(applyNotes(joined, event(11, "note.played", { number: 7 }), TEACHER))).toEqual([
      2,
    ]);
  });
});
