/** One recording in the library, with what can be decided about it. */
import { useSignal } from "@preact/signals";
import { language, t } from "../../i18n";
import { dateText, durationText, isoDay, numberText } from "../../i18n/dates";
import { b } from "../../i18n/library";
import type { RecordingRow } from "../../protocol/recording";
import { useAction } from "../../state/action";
import { serverNow, timeZone } from "../../state/app";
import { library } from "../../state/library";
import { endOfDay, type Standing, sizeOf, standing } from "../../state/library-view";
import { Button, Dialog, Field, Problem } from "../basics";
import { Icon, type IconName } from "../icon";
import Downloads from "../making/downloads";
import { When } from "../time";
import { UserText } from "../user-text";
import { CaptionsList } from "./captions";
import { Cuts } from "./cuts";

const BADGES: Record<Standing, string> = {
  recording: "live",
  none: "ended",
  deleted: "practice",
  expired: "practice",
  published: "scheduled",
  hidden: "ended",
};

function sizeText(bytes: number): string {
  const { value, unit, digits } = sizeOf(bytes);
  return `${numberText(value, language.value, digits)} ${b()[unit]}`;
}

function dayWords(at: string): string {
  const day = isoDay(Date.parse(at), timeZone.value);
  return dateText(day, serverNow(), timeZone.value, language.value);
}

function Expiry(props: { row: RecordingRow; onDone: (at: string | null) => void }) {
  const { row } = props;
  const day = useSignal(row.expires_at ? isoDay(Date.parse(row.expires_at), timeZone.value) : "");
  const { busy, error, run } = useAction();
  const decide = (expires_at: string | null) =>
    void run(async () => {
      props.onDone((await library.changeRecording(row.lesson, { expires_at })).expires_at);
    });
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        decide(endOfDay(day.value, timeZone.value));
      }}
    >
      <Field
        label={b().expiry}
        hint={b().expiryHint}
        type="date"
        required
        min={isoDay(serverNow(), timeZone.value)}
        value={day.value}
        onInput={(event) => {
          day.value = event.currentTarget.value;
        }}
      />
      {error.value && <Problem error={error.value} />}
      <div class="row">
        <Button type="submit" look="primary" busy={busy.value}>
          {b().save}
        </Button>
        {row.expires_at && (
          <Button busy={busy.value} onClick={() => decide(null)}>
            {b().forever}
          </Button>
        )}
      </div>
    </form>
  );
}

function Facts({ row }: { row: RecordingRow }) {
  return (
    <p class="card-below soft">
      {row.started_at && (
        <span>
          <Icon name="clock" /> <When at={row.started_at} />
        </span>
      )}
      <span class="digits">{durationText(row.length / 1000)}</span>
      <span class="digits">{sizeText(row.bytes)}</span>
      {row.trimmed && (
        <span>
          <Icon name="edit" /> {b().trimmed}
        </span>
      )}
      {row.muted > 0 && (
        <span>
          <Icon name="soundOff" /> {b().mutedTurns(row.muted)}
        </span>
      )}
      {row.expires_at && row.state !== "deleted" && (
        <span>{b().until(dayWords(row.expires_at))}</span>
      )}
      {row.state === "deleted" && (
        <span>{row.removed_at ? b().removed(dayWords(row.removed_at)) : b().removedNow}</span>
      )}
    </p>
  );
}

type Room = "expiry" | "cuts" | "captions" | "downloads";

const ROOMS: readonly (readonly [Room, IconName])[] = [
  ["expiry", "clock"],
  ["cuts", "edit"],
  ["captions", "lesson"],
  ["downloads", "download"],
];

function Rooms(props: { row: RecordingRow; change: (next: RecordingRow) => void }) {
  const { row } = props;
  const open = useSignal<Room | null>(null);
  const close = () => {
    open.value = null;
  };
  const done = (next: RecordingRow) => {
    props.change(next);
    close();
  };
  return (
    <>
      {ROOMS.map(([room, icon]) => (
        <Button
          key={room}
          icon={icon}
          testid={room}
          onClick={() => {
            open.value = room;
          }}
        >
          {b().rooms[room]}
          <span class="visually-hidden">: {row.title}</span>
        </Button>
      ))}
      <Dialog
        title={open.value ? b().roomTitles[open.value](row.title) : ""}
        open={open.value !== null}
        onClose={close}
      >
        {open.value === "expiry" && (
          <Expiry row={row} onDone={(expires_at) => done({ ...row, expires_at })} />
        )}
        {open.value === "cuts" && <Cuts row={row} onDone={done} />}
        {open.value === "captions" && <CaptionsList lesson={row.lesson} />}
        {open.value === "downloads" && <Downloads lesson={row.lesson} />}
        <Button testid="close" onClick={close}>
          {open.value === "captions" || open.value === "downloads" ? b().close : t().cancel}
        </Button>
      </Dialog>
    </>
  );
}

function Decisions(props: { row: RecordingRow; change: (next: RecordingRow) => void }) {
  const { row, change } = props;
  const { busy, error, run } = useAction();
  const deleted = row.state === "deleted";
  const said = <span class="visually-hidden">: {row.title}</span>;
  const publish = () =>
    void run(async () => {
      const wish = { published: !row.published };
      change({ ...row, published: (await library.changeRecording(row.lesson, wish)).published });
    });
  const remove = () =>
    void run(async () => {
      await (deleted ? library.restoreRecording(row.lesson) : library.deleteRecording(row.lesson));
      change({ ...row, state: deleted ? "ready" : "deleted", removed_at: null });
    });
  return (
    <div class="card-actions">
      {row.state === "ready" && (
        <>
          <Button
            icon={row.published ? "eyeOff" : "eye"}
            busy={busy.value}
            onClick={publish}
            testid="publish"
          >
            {row.published ? b().unpublish : b().publish}
            {said}
          </Button>
          <Rooms row={row} change={change} />
        </>
      )}
      {row.state !== "recording" && (
        <Button
          key="remove"
          icon={deleted ? "undo" : "error"}
          look="quiet"
          busy={busy.value}
          onClick={remove}
          testid={deleted ? "restore" : "delete"}
        >
          {deleted ? b().restore : b().remove}
          {said}
        </Button>
      )}
      {error.value && <Problem error={error.value} />}
    </div>
  );
}

/** What is decided shows at once; the row stays where it is, so that it can be taken back. */
export function LibraryRow({ row: first }: { row: RecordingRow }) {
  const row = useSignal(first);
  const now = row.value;
  const stands = standing(now, serverNow());
  return (
    <article class="card lesson-card library-card" data-testid="recording">
      <div class="card-main">
        <p class="card-above">
          <span class={`badge badge-${BADGES[stands]}`} data-testid="standing" role="status">
            {b().standing[stands]}
          </span>
          {now.course && <UserText>{now.course.title}</UserText>}
        </p>
        <h2 class="card-title">
          {now.state === "deleted" ? (
            <UserText>{now.title}</UserText>
          ) : (
            <a href={`/lessons/${now.lesson}/replay`} data-testid="watch">
              <UserText>{now.title}</UserText>
            </a>
          )}
        </h2>
        <Facts row={now} />
      </div>
      <Decisions
        row={now}
        change={(next) => {
          row.value = next;
        }}
      />
    </article>
  );
}
