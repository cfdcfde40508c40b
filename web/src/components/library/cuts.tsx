/** What of a recording students are shown: from where to where, and without whose turns. */
import { type Signal, useSignal } from "@preact/signals";
import { durationText } from "../../i18n/dates";
import { b } from "../../i18n/library";
import type { KeptFacts, RecordingRow, Turn } from "../../protocol/recording";
import { parseTime } from "../../protocol/replay-clock";
import { useAction } from "../../state/action";
import { library } from "../../state/library";
import { type Span, shownSpan, trimmedTo, trimProblem } from "../../state/library-view";
import { useLoad } from "../../state/load";
import { Button, Check, Field, Problem, Skeleton } from "../basics";
import { PreviewPlayer, usePreview } from "./preview";

const clock = (ms: number) => durationText(ms / 1_000);

/** Read a typed time; what nobody has touched is the exact position it stands for. */
function typed(text: string, before: number): number | null {
  return text === clock(before) ? before : parseTime(text.trim());
}

function Time(props: {
  label: string;
  text: Signal<string>;
  position: number;
  error?: string | null;
  testid: string;
}) {
  return (
    <div class="cut-time">
      <Field
        label={props.label}
        required
        inputMode="numeric"
        autocomplete="off"
        maxLength={9}
        error={props.error}
        value={props.text.value}
        data-testid={props.testid}
        onInput={(event) => {
          props.text.value = event.currentTarget.value;
        }}
      />
      <Button
        testid={`${props.testid}-here`}
        onClick={() => {
          props.text.value = clock(props.position);
        }}
      >
        {b().here(clock(props.position))}
        <span class="visually-hidden">: {props.label}</span>
      </Button>
    </div>
  );
}

function Turns(props: {
  turns: readonly Turn[];
  muted: Signal<readonly number[]>;
  listen: (at: number) => void;
}) {
  const { muted } = props;
  if (props.turns.length === 0) return <p class="soft">{b().noTurns}</p>;
  return (
    <ul class="turns" data-testid="turns">
      {props.turns.map(({ hand, person, from, to }) => (
        <li key={hand}>
          <Check
            label={b().hideTurn(person.name, clock(from), clock(to))}
            checked={muted.value.includes(hand)}
            onChange={(on) => {
              const others = muted.value.filter((each) => each !== hand);
              muted.value = on ? [...others, hand] : others;
            }}
          />
          <Button
            look="quiet"
            icon="sound"
            label={b().listen(person.name)}
            onClick={() => props.listen(from)}
          />
        </li>
      ))}
    </ul>
  );
}

export interface CutsFormProps {
  facts: KeptFacts;
  /** Where the preview stands, in ms. */
  position: number;
  seek: (position: number) => void;
  save: (change: { trims: readonly Span[]; muted: readonly number[] }) => Promise<void>;
}

export function CutsForm({ facts, position, seek, save }: CutsFormProps) {
  const [first, last] = shownSpan(facts);
  const from = useSignal(clock(first));
  const to = useSignal(clock(last));
  const muted = useSignal<readonly number[]>(
    facts.turns.filter((turn) => turn.muted).map((turn) => turn.hand),
  );
  const { busy, error, run } = useAction();
  const wished = [typed(from.value, first), typed(to.value, last)] as const;
  const problem = trimProblem(...wished, facts.length);
  const decide = (trims: readonly Span[], turns: readonly number[]) =>
    void run(() => save({ trims, muted: turns }));
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (problem || wished[0] === null || wished[1] === null) return;
        decide(trimmedTo([wished[0], wished[1]], facts), muted.value);
      }}
    >
      <Time label={b().begins} text={from} position={position} testid="cut-from" />
      <Time
        label={b().ends}
        text={to}
        position={position}
        error={problem && b().cutProblems[problem](clock(facts.length))}
        testid="cut-to"
      />
      <fieldset class="cut-turns">
        <legend>{b().turns}</legend>
        <Turns turns={facts.turns} muted={muted} listen={seek} />
      </fieldset>
      <p class="hint">{b().cutHint}</p>
      {error.value && <Problem error={error.value} />}
      <div class="row">
        <Button
          type="submit"
          look="primary"
          busy={busy.value}
          disabled={problem !== null}
          testid="cut-save"
        >
          {b().save}
        </Button>
        {(facts.trims.length > 0 || facts.turns.some((turn) => turn.muted)) && (
          <Button icon="undo" busy={busy.value} testid="cut-undo" onClick={() => decide([], [])}>
            {b().showAll}
          </Button>
        )}
      </div>
    </form>
  );
}

function Inside(props: {
  row: RecordingRow;
  facts: KeptFacts;
  onDone: (row: RecordingRow) => void;
}) {
  const { row, facts } = props;
  const preview = usePreview(row.lesson);
  return (
    <>
      <PreviewPlayer preview={preview} length={facts.length} />
      <CutsForm
        facts={facts}
        position={preview.state.value.position}
        seek={(position) => preview.seek(position)}
        save={async (change) => {
          const kept = await library.changeRecording(row.lesson, change);
          const muted = kept.turns.filter((turn) => turn.muted).length;
          props.onDone({ ...row, trimmed: kept.trims.length > 0, muted });
        }}
      />
    </>
  );
}

export function Cuts(props: { row: RecordingRow; onDone: (row: RecordingRow) => void }) {
  const { state, reload } = useLoad(() => library.recording(props.row.lesson), props.row.lesson);
  const { value, error } = state.value;
  if (!value && error) return <Problem error={error} retry={() => void reload()} />;
  if (!value) return <Skeleton rows={2} />;
  return <Inside row={props.row} facts={value} onDone={props.onDone} />;
}
