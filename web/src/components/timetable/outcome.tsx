/** What a plan comes to, before it is saved: the lessons, what is left out, what clashes. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { language } from "../../i18n";
import { dateText } from "../../i18n/dates";
import { s } from "../../i18n/timetable";
import type { ApiError } from "../../protocol/api";
import type { Clash, How, Outcome } from "../../protocol/timetable";
import { useAction } from "../../state/action";
import { serverNow, timeZone } from "../../state/app";
import { hoursText } from "../../state/timetable-view";
import { Button, Notice, Problem } from "../basics";
import { whenWords } from "../time";

/** Clashes shown at once; with more of them the hour is wrong, not the day. */
const SHOWN = 8;

const dayWords = (day: string) => dateText(day, serverNow(), timeZone.value, language.value);

function ClashLine({ clash }: { clash: Clash }) {
  const what = clash.teacher === null ? s().classroomBusy : s().teacherBusy(clash.teacher);
  return (
    <li>
      {whenWords(clash.starts_at)}: {what} ({clash.title ?? s().unknownLesson},{" "}
      {hoursText(clash.from, clash.to, timeZone.value)})
    </li>
  );
}

export function OutcomeView({ outcome }: { outcome: Outcome }) {
  const { lessons, skipped, clashes, clash_count } = outcome;
  const first = lessons[0];
  const last = lessons[lessons.length - 1];
  return (
    <div class="stack" data-testid="outcome">
      <p>
        <strong>{s().lessonsPlanned(lessons.length)}</strong>
        {first && `: ${whenWords(first.starts_at)}`}
        {last && last !== first && ` – ${whenWords(last.starts_at)}`}
      </p>
      {skipped.length > 0 && (
        <Notice tone="info">
          {s().skipped(skipped.map(({ day, name }) => `${dayWords(day)} (${name})`).join(", "))}
        </Notice>
      )}
      {clash_count === 0 ? (
        <Notice tone="success">{s().noClashes}</Notice>
      ) : (
        <Notice tone="warning" title={s().clashes(clash_count)}>
          <ul>
            {clashes.slice(0, SHOWN).map((clash) => (
              <ClashLine key={`${clash.starts_at}${clash.teacher}${clash.from}`} clash={clash} />
            ))}
          </ul>
        </Notice>
      )}
    </div>
  );
}

/** Say an error of planning in the person's language. */
export function PlanProblem({ error }: { error: ApiError }) {
  const known = (s().problems as Readonly<Record<string, string>>)[error.code];
  return known ? (
    <Notice tone="error" alert testid="problem">
      {known}
    </Notice>
  ) : (
    <Problem error={error} />
  );
}

/**
 * A form that first shows what would come of it and then saves.
 *
 * Whatever is changed in it takes what is shown back, so that nothing else is saved than was seen.
 */
export function Planning(props: {
  children: ComponentChildren;
  send: (how: How) => Promise<Outcome>;
  onSaved: () => void;
}) {
  const outcome = useSignal<Outcome | null>(null);
  const { busy, error, run } = useAction();
  const clashes = (outcome.value?.clash_count ?? 0) > 0;
  const look = () =>
    void run(async () => {
      outcome.value = await props.send({ dry: true, anyway: false });
    });
  const save = () =>
    void run(async () => {
      try {
        await props.send({ dry: false, anyway: clashes });
      } catch (problem) {
        // Somebody planned meanwhile: show how it stands now.
        outcome.value = await props.send({ dry: true, anyway: false });
        throw problem;
      }
      props.onSaved();
    });
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (outcome.value) save();
        else look();
      }}
      onInput={() => {
        outcome.value = null;
      }}
    >
      {props.children}
      <div role="status">{outcome.value && <OutcomeView outcome={outcome.value} />}</div>
      {error.value && <PlanProblem error={error.value} />}
      {outcome.value ? (
        <Button
          type="submit"
          look={clashes ? "danger" : "primary"}
          busy={busy.value}
          testid="plan-save"
        >
          {clashes ? s().saveAnyway : s().save}
        </Button>
      ) : (
        <Button type="submit" look="primary" busy={busy.value} testid="plan-look">
          {s().look}
        </Button>
      )}
    </form>
  );
}
