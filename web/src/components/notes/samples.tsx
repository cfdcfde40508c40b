/** Voice notes in every state, for the page that shows every component. */
import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { useNoteTexts, v } from "../../i18n/notes";
import { NOTE_SEND, type NoteState, type VoiceNote } from "../../protocol/notes";
import type { Entry } from "../../protocol/outbox";
import type { Recorder, RecorderProblem, Recording } from "../../state/recorder";
import "../../styles/hands.css";
import { NotePlaying, NoteRow, WayRow } from "./list";
import { RecorderCard } from "./recorder";

const SECONDS = 1_000;
const STATES: readonly NoteState[] = ["ready", "playing", "played", "dismissed"];
const PROBLEMS: readonly RecorderProblem[] = ["short", "denied"];
const MADE: Recording = { sound: new Blob(), url: "", length: 12 * SECONDS, at: null };

function note(state: NoteState, number: number): VoiceNote {
  const person = { id: "z", name: "Зарина Раҳимова" };
  const aired = { from: null, to: null };
  return { number, id: `${number}`, person, state, at: 0, length: 17 * SECONDS, ...aired };
}

function entry(state: Entry["state"], code: string | null): Entry {
  return {
    id: `${state}-${code}`,
    lesson: "sample",
    name: NOTE_SEND,
    args: { sound: new ArrayBuffer(0), length: 24 * SECONDS, at: null },
    person: "me",
    order: 1,
    made: 0,
    kept: true,
    state,
    seq: null,
    result: null,
    error: code === null ? null : { code, detail: "" },
  };
}

/** Make what the card reads of a recorder; nothing in it does anything. */
function recorder(parts: {
  opening?: boolean;
  recording?: boolean;
  made?: Recording;
  problem?: RecorderProblem;
}): Recorder {
  const nothing = () => {};
  const known = {
    opening: signal(parts.opening === true),
    recording: signal(parts.recording === true),
    made: signal(parts.made ?? null),
    problem: signal(parts.problem ?? null),
    level: signal(-30),
    elapsed: signal(7 * SECONDS),
    start: nothing,
    stop: nothing,
    discard: nothing,
  };
  return known as unknown as Recorder;
}

function Card({ of, type = "audio/webm" }: { of: Recorder; type?: string | null }) {
  const nothing = () => {};
  return (
    <RecorderCard recorder={of} type={type} position={() => null} send={nothing} close={nothing} />
  );
}

function Rows() {
  const nothing = () => {};
  const refused = Object.keys(v().refusals).filter((code) => code !== "unknown");
  const ways: readonly [Entry, number, boolean][] = [
    [entry("waiting", null), 0, false],
    [entry("waiting", "too-many-notes"), 0, true],
    [entry("sending", null), 0.42, true],
    [entry("sent", null), 1, true],
    ...refused.map((code): [Entry, number, boolean] => [entry("refused", code), 0, true]),
  ];
  return (
    <ul class="notes">
      {ways.map(([each, share, online]) => (
        <WayRow key={each.id} entry={each} share={share} online={online} forget={nothing} />
      ))}
      {STATES.map((state, index) => (
        <NoteRow key={state} note={note(state, index + 1)} withdraw={nothing} />
      ))}
    </ul>
  );
}

export default function NoteSamples() {
  const cards = useMemo(
    () => [
      recorder({}),
      recorder({ opening: true }),
      recorder({ recording: true }),
      recorder({ made: MADE }),
      ...PROBLEMS.map((problem) => recorder({ problem })),
    ],
    [],
  );
  if (!useNoteTexts()) return null;
  return (
    <div class="hands">
      <NotePlaying note={note("playing", 1)} own={false} />
      <NotePlaying note={note("playing", 1)} own={true} />
      <Card of={recorder({})} type={null} />
      {cards.map((each, index) => (
        // The place is all that a sample has.
        <Card key={`${index + 1}`} of={each} />
      ))}
      <Rows />
    </div>
  );
}
