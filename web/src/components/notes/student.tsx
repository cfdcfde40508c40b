/** A student's voice notes: recorded here, sent when there is a line, heard when the teacher plays them. */
import { type Signal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { useNoteTexts, v } from "../../i18n/notes";
import { isOfNotes, type VoiceNote } from "../../protocol/notes";
import type { LessonSocket } from "../../protocol/socket";
import { announce } from "../../state/announcer";
import { expose } from "../../state/debug";
import { NoteRoom } from "../../state/notes";
import { playing } from "../../state/notes-reducer";
import type { QuestionRoom } from "../../state/questions";
import { ownRecordingType, Recorder } from "../../state/recorder";
import { Button, Notice } from "../basics";
import { NotePlaying, NoteRow, noteProblem, WayRow } from "./list";
import { RecorderCard } from "./recorder";
import "../../styles/hands.css";

/** One room for each socket, as for questions and hands. */
const rooms = new WeakMap<LessonSocket, NoteRoom>();

function noteRoomOf(line: QuestionRoom, socket: LessonSocket): NoteRoom {
  const known = rooms.get(socket);
  if (known) return known;
  const room = new NoteRoom(line, socket);
  rooms.set(socket, room);
  room.open();
  return room;
}

function useNotes(line: QuestionRoom, socket: LessonSocket): NoteRoom {
  const room = useMemo(() => noteRoomOf(line, socket), [socket]);
  useEffect(
    () =>
      expose({
        notes: () => [...room.notes.value.known.values()],
        sending: () => room.entries.value,
      }),
    [room],
  );
  return room;
}

function ownNotes(room: NoteRoom): readonly VoiceNote[] {
  const { person } = room.line.viewer;
  return [...room.notes.value.known.values()].filter((each) => each.person.id === person);
}

function Mine({ room }: { room: NoteRoom }) {
  const notes = ownNotes(room);
  const here = new Set(notes.map((each) => each.id));
  const entries = room.entries.value.filter((each) => !here.has(each.id));
  if (notes.length + entries.length === 0) return null;
  return (
    <ul class="notes" aria-label={v().mine} data-testid="notes">
      {notes.map((note) => (
        <NoteRow key={note.id} note={note} withdraw={() => room.withdraw(note)} />
      ))}
      {entries.map((entry) => (
        <WayRow
          key={entry.id}
          entry={entry}
          share={room.line.shares.value.get(entry.id) ?? 0}
          online={room.line.online.value}
          forget={() => room.forget(entry)}
        />
      ))}
    </ul>
  );
}

function Refusal({ room }: { room: NoteRoom }) {
  const { name, error } = room.line.refusal.value ?? {};
  if (!name || !error || !isOfNotes(name)) return null;
  return (
    <Notice tone="warning" title={v().problemTitle} alert testid="note-refusal">
      {noteProblem(error)}
    </Notice>
  );
}

/** Say politely what happened to our notes. */
function useSaid(room: NoteRoom): void {
  const ready = ownNotes(room).filter((each) => each.state === "ready").length;
  const before = useMemo(() => ({ ready }), [room]);
  useEffect(() => {
    if (ready > before.ready) announce(v().saidReady);
    before.ready = ready;
  }, [ready]);
  useSignalEffect(() => {
    const note = playing(room.notes.value);
    if (note && note.person.id === room.line.viewer.person) announce(v().own);
  });
}

function Inside(props: { room: NoteRoom; open: Signal<boolean>; busy: boolean }) {
  const { room, open, busy } = props;
  const recorder = useMemo(() => new Recorder(), []);
  useSaid(room);
  useEffect(() => {
    const leave = () => recorder.discard();
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("pagehide", leave);
      leave();
    };
  }, [recorder]);
  useEffect(() => {
    if (busy) recorder.stop();
  }, [busy]);
  const close = () => {
    recorder.discard();
    open.value = false;
  };
  const now = playing(room.notes.value);
  return (
    <>
      <NotePlaying note={now} own={now?.person.id === room.line.viewer.person} />
      {!busy && !open.value && (
        <div class="note-open">
          <Button
            icon="microphone"
            testid="note-open"
            onClick={() => {
              open.value = true;
            }}
          >
            {v().open}
          </Button>
        </div>
      )}
      {!busy && open.value && (
        <RecorderCard
          recorder={recorder}
          type={ownRecordingType()}
          position={() => room.line.position()}
          send={(made) => {
            // Kept before it is closed: nothing said is ever lost.
            void room.send(made).then(close);
          }}
          close={close}
        />
      )}
      <Refusal room={room} />
      <Mine room={room} />
    </>
  );
}

export default function StudentNotes(props: {
  line: QuestionRoom;
  socket: LessonSocket;
  /** Whether somebody asked for the recorder: here, or where a link was too weak to speak. */
  open: Signal<boolean>;
  /** Whether the microphone is wanted for a turn. */
  busy: boolean;
}) {
  const room = useNotes(props.line, props.socket);
  if (!useNoteTexts()) return null;
  return <Inside room={room} open={props.open} busy={props.busy} />;
}
