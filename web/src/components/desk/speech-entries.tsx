/** Raised hands and voice notes in the teacher's list. */
import { d } from "../../i18n/desk";
import { h } from "../../i18n/hands";
import type { Hand } from "../../protocol/hands";
import type { VoiceNote } from "../../protocol/notes";
import type { Desk } from "../../state/desk";
import { placeOf } from "../../state/hands-reducer";
import { CameraWish } from "../hands/turn";
import { Icon } from "../icon";
import { UserText } from "../user-text";
import { Entry, type EntryProps } from "./entry";
import { Waited } from "./waited";

export function HandEntry(props: EntryProps & { desk: Desk; hand: Hand }) {
  const { desk, hand } = props;
  const place = placeOf(desk.waiting.value.hands, hand.number);
  return (
    <Entry
      {...props}
      testid="hand-item"
      data={{ "data-state": hand.state, "data-test": hand.test }}
      mark={
        <span class="queue-votes queue-hand">
          <Icon name="hand" />
          <span aria-hidden="true">{place}</span>
        </span>
      }
      words={
        <>
          <span class="question-head">{d().handUp}</span>
          <span class="question-text">
            <UserText>{hand.person.name}</UserText>
          </span>
          <span class="question-facts soft">
            {hand.first && <span>{h().first}</span>}
            {hand.camera && <CameraWish />}
            <Waited since={() => desk.now().position - hand.at} />
          </span>
        </>
      }
    />
  );
}

/** Listening before it is played to all. */
function Preview({ lesson, note }: { lesson: string; note: VoiceNote }) {
  const label = d().listenAlone;
  return (
    <div class="preview-note">
      <p class="hint">{label}</p>
      {/* biome-ignore lint/a11y/useMediaCaption: a student's words that nobody has written down. */}
      <audio
        controls
        preload="none"
        aria-label={label}
        src={`/api/lessons/${lesson}/voice-notes/${note.id}/sound`}
      />
    </div>
  );
}

/** Whole seconds of a note; the shortest says 1. */
export function secondsOf(note: VoiceNote): number {
  return Math.max(1, Math.round(note.length / 1_000));
}

export function NoteEntry(props: EntryProps & { desk: Desk; note: VoiceNote }) {
  const { desk, note, selected } = props;
  const seconds = secondsOf(note);
  const state = note.state as keyof ReturnType<typeof d>["noteStates"];
  return (
    <Entry
      {...props}
      testid="note-item"
      data={{ "data-state": note.state }}
      mark={
        <span class="queue-votes queue-note">
          <Icon name="sound" />
          <span aria-hidden="true" class="digits">
            {d().seconds(seconds)}
          </span>
        </span>
      }
      words={
        <>
          <span class="question-head">
            <span class="visually-hidden">{d().noteOf(note.person.name, seconds)}</span>
            <span aria-hidden="true">{d().note}</span>
          </span>
          <span class="question-text">
            <UserText>{note.person.name}</UserText>
          </span>
          <span class="question-facts soft">
            {note.state === "ready" ? (
              <Waited since={() => desk.now().position - note.at} />
            ) : (
              <span>{d().noteStates[state]}</span>
            )}
          </span>
        </>
      }
      below={selected && <Preview lesson={desk.room.lesson} note={note} />}
    />
  );
}
