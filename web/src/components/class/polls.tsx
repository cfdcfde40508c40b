/** The teacher's polls: make, ask, watch, close, show. */
import { type Signal, useSignal } from "@preact/signals";
import { c } from "../../i18n/class";
import type { Poll } from "../../protocol/class-feed";
import type { LessonSocket } from "../../protocol/socket";
import { order } from "../../state/class";
import { Button, Check, Field, Notice } from "../basics";
import { useDraft } from "../questions/text-box";
import { UserText } from "../user-text";
import { PollBars } from "./bars";

/** What the server takes. */
const MAX_TEXT = 300;
const MAX_OPTION = 120;
const MIN_OPTIONS = 2;
const MAX_OPTIONS = 8;

type Run = (
  name: string,
  args: Record<string, unknown>,
) => Promise<Readonly<Record<string, unknown>> | null>;

interface Form {
  readonly text: string;
  readonly options: readonly string[];
  readonly multiple: boolean;
}
const EMPTY: Form = { text: "", options: ["", ""], multiple: false };

function readForm(kept: string): Form {
  try {
    return { ...EMPTY, ...JSON.parse(kept) };
  } catch {
    return EMPTY;
  }
}

function problem(code: string): string {
  if (code === "poll-open") return c().pollOpen;
  if (code === "too-many-polls") return c().tooMany;
  return c().notSent;
}

function NewPoll(props: { draft: Signal<string>; run: Run; busy: boolean; done: () => void }) {
  const form = readForm(props.draft.value);
  const set = (parts: Partial<Form>) => {
    props.draft.value = JSON.stringify({ ...form, ...parts });
  };
  const options = form.options.map((each) => each.trim()).filter(Boolean);
  const different = new Set(options.map((each) => each.toLowerCase())).size === options.length;
  const ready = form.text.trim() !== "" && options.length >= MIN_OPTIONS && different;
  const save = async (ask: boolean) => {
    const made = await props.run("poll_make", {
      text: form.text,
      options,
      multiple: form.multiple,
    });
    if (!made) return;
    props.draft.value = "";
    props.done();
    if (ask) await props.run("poll_open", { poll: made.poll });
  };
  return (
    <form
      class="stack"
      data-testid="poll-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !props.busy) void save(true);
      }}
    >
      <Field
        label={c().pollText}
        required
        maxLength={MAX_TEXT}
        value={form.text}
        data-testid="poll-text"
        onInput={(event) => set({ text: event.currentTarget.value })}
      />
      {form.options.map((option, index) => (
        <Field
          // The place is all that an empty answer has.
          key={`${index + 1}`}
          label={c().option(index + 1)}
          required={index < MIN_OPTIONS}
          maxLength={MAX_OPTION}
          value={option}
          data-testid={`poll-option-${index}`}
          onInput={(event) => {
            const value = event.currentTarget.value;
            set({ options: form.options.map((each, place) => (place === index ? value : each)) });
          }}
        />
      ))}
      {form.options.length < MAX_OPTIONS && (
        <div>
          <Button icon="plus" look="quiet" onClick={() => set({ options: [...form.options, ""] })}>
            {c().moreOptions}
          </Button>
        </div>
      )}
      <Check
        label={c().several}
        checked={form.multiple}
        onChange={(multiple) => set({ multiple })}
      />
      <div class="row">
        <Button look="primary" type="submit" disabled={!ready} busy={props.busy} testid="poll-ask">
          {c().askNow}
        </Button>
        <Button disabled={!ready || props.busy} testid="poll-keep" onClick={() => void save(false)}>
          {c().keepDraft}
        </Button>
        <Button onClick={props.done}>{c().cancel}</Button>
      </div>
    </form>
  );
}

function One({ poll, run }: { poll: Poll; run: Run }) {
  const me = { poll: poll.number };
  return (
    <li class="poll" data-testid="poll" data-state={poll.state}>
      <h3>
        <UserText>{poll.text}</UserText> <span class="badge">{c().states[poll.state]}</span>
      </h3>
      {poll.state !== "draft" && <PollBars poll={poll} />}
      <div class="row">
        {poll.state === "draft" && (
          <>
            <Button testid="poll-open" onClick={() => void run("poll_open", me)}>
              {c().open}
            </Button>
            <Button look="quiet" onClick={() => void run("poll_remove", me)}>
              {c().remove}
            </Button>
          </>
        )}
        {poll.state === "open" && (
          <Button icon="stop" testid="poll-close" onClick={() => void run("poll_close", me)}>
            {c().close}
          </Button>
        )}
        {poll.state !== "draft" && (
          <Button
            icon={poll.shown ? "eyeOff" : "eye"}
            testid="poll-show"
            onClick={() => void run("poll_show", { ...me, on: !poll.shown })}
          >
            {poll.shown ? c().hide : c().show}
          </Button>
        )}
      </div>
    </li>
  );
}

export function Polls(props: { lesson: string; socket: LessonSocket; polls: readonly Poll[] }) {
  const { socket } = props;
  const making = useSignal(false);
  const busy = useSignal(false);
  const error = useSignal<string | null>(null);
  const draft = useDraft(`poll.${props.lesson}`);
  const run: Run = async (name, args) => {
    busy.value = true;
    error.value = null;
    const done = await order((one) => socket.command(one), props.lesson, name, args);
    busy.value = false;
    if ("result" in done) return done.result;
    error.value = problem(done.code);
    return null;
  };
  const newest = [...props.polls].reverse();
  return (
    <div class="stack" data-testid="polls">
      <h3>{c().polls}</h3>
      {error.value && (
        <Notice tone="error" alert>
          {error.value}
        </Notice>
      )}
      {making.value ? (
        <NewPoll
          draft={draft}
          run={run}
          busy={busy.value}
          done={() => {
            making.value = false;
          }}
        />
      ) : (
        <div>
          <Button
            icon="plus"
            testid="poll-new"
            onClick={() => {
              making.value = true;
            }}
          >
            {c().newPoll}
          </Button>
        </div>
      )}
      {newest.length === 0 && !making.value && <p class="soft">{c().noPolls}</p>}
      <ul class="poll-list">
        {newest.map((poll) => (
          <One key={poll.number} poll={poll} run={run} />
        ))}
      </ul>
    </div>
  );
}
