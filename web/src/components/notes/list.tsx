/** One's own voice notes, from this device to the air; and whose note is playing. */
import { t } from "../../i18n";
import { durationText } from "../../i18n/dates";
import { v } from "../../i18n/notes";
import type { NoteArgs } from "../../protocol/note-upload";
import type { VoiceNote } from "../../protocol/notes";
import type { Entry } from "../../protocol/outbox";
import type { CommandError } from "../../protocol/questions";
import { Button } from "../basics";
import { Icon } from "../icon";
import { UserText } from "../user-text";

export type Shown = keyof ReturnType<typeof v>["states"];

/** Say in the person's language why a note was refused, or has to wait. */
export function noteProblem(error: CommandError): string {
  const own = (v().refusals as Record<string, unknown>)[error.code];
  if (typeof own === "string") return own;
  const general = (t().problems as Record<string, unknown>)[error.code];
  return typeof general === "string" ? general : v().refusals.unknown(error.code);
}

function lengthText(ms: number): string {
  return durationText(Math.max(1, ms / 1_000));
}

/** A recording that the server does not have yet, or has refused. `share` is how much has arrived, 0 to 1. */
export function WayRow(props: {
  entry: Entry;
  share: number;
  online: boolean;
  forget: () => void;
}) {
  const { entry, share, online } = props;
  const shown: Shown = entry.state === "sending" ? "waiting" : entry.state;
  const sending = entry.state === "sending";
  // What the server knows of can be taken back only when it has arrived.
  const droppable = entry.state === "refused" || (entry.state === "waiting" && share === 0);
  const words = sending ? v().sending(Math.round(share * 100)) : v().states[shown];
  return (
    <li data-testid="note-row" data-state={entry.state}>
      <span class={`note-tag note-${shown}`}>{words}</span>
      <span>{v().one(lengthText((entry.args as NoteArgs).length))}</span>
      {sending && <progress max={1} value={share} aria-label={words} />}
      {entry.error && entry.state !== "sent" && <p class="hint">{noteProblem(entry.error)}</p>}
      {!entry.error && entry.state === "waiting" && !online && <p class="hint">{v().kept}</p>}
      {droppable && (
        <Button look="quiet" testid="note-forget" onClick={props.forget}>
          {v().forget}
        </Button>
      )}
    </li>
  );
}

const SHOWN: Partial<Record<VoiceNote["state"], Shown>> = {
  ready: "sent",
  playing: "playing",
  played: "played",
  dismissed: "dismissed",
};

/** A note that is with the teacher. */
export function NoteRow({ note, withdraw }: { note: VoiceNote; withdraw: () => void }) {
  const shown = SHOWN[note.state] ?? "sent";
  return (
    <li data-testid="note-row" data-state={note.state}>
      <span class={`note-tag note-${shown}`}>{v().states[shown]}</span>
      <span>{v().one(lengthText(note.length))}</span>
      {note.state !== "playing" && (
        <Button look="quiet" testid="note-withdraw" onClick={withdraw}>
          {v().withdraw}
        </Button>
      )}
    </li>
  );
}

/** Whose voice note everybody hears just now. */
export function NotePlaying({ note, own }: { note: VoiceNote | null; own: boolean }) {
  if (!note) return null;
  return (
    <p class="hand-speaker" data-testid="note-playing">
      <Icon name="sound" /> <UserText>{own ? v().own : v().others(note.person.name)}</UserText>
    </p>
  );
}
