/** Whether a course's lessons begin and end by the timetable. */
import { useSignal } from "@preact/signals";
import { s } from "../../i18n/timetable";
import type { TimetableRules } from "../../protocol/timetable";
import { useAction } from "../../state/action";
import { useLoad } from "../../state/load";
import { timetable } from "../../state/timetable";
import { Button, Check, Field, Problem, Skeleton } from "../basics";

const MAX_MARGIN = 120;

export function RulesForm(props: {
  rules: TimetableRules;
  save: (rules: TimetableRules) => Promise<unknown>;
}) {
  const automatic = useSignal(props.rules.automatic);
  const margin = useSignal(String(props.rules.margin_minutes));
  const saved = useSignal(false);
  const { busy, error, run } = useAction();
  return (
    <form
      class="form"
      onInput={() => {
        saved.value = false;
      }}
      onSubmit={(event) => {
        event.preventDefault();
        void run(async () => {
          await props.save({ automatic: automatic.value, margin_minutes: Number(margin.value) });
          saved.value = true;
        });
      }}
    >
      <Check
        label={s().automaticCheck}
        checked={automatic.value}
        onChange={(on) => {
          automatic.value = on;
        }}
      />
      <Field
        label={s().margin}
        hint={s().marginHint}
        type="number"
        inputMode="numeric"
        required
        min={0}
        max={MAX_MARGIN}
        value={margin.value}
        onInput={(event) => {
          margin.value = event.currentTarget.value;
        }}
      />
      {error.value && <Problem error={error.value} />}
      <div class="row">
        <Button type="submit" busy={busy.value} testid="save-timetable-rules">
          {s().save}
        </Button>
        <span role="status">{saved.value && s().saved}</span>
      </div>
    </form>
  );
}

export function Rules({ course }: { course: string }) {
  const { state, reload } = useLoad(() => timetable.rules(course), course);
  const { value, error } = state.value;
  return (
    <section class="card stack" data-testid="timetable-rules">
      <h2>{s().automatic}</h2>
      {!value && error && <Problem error={error} retry={() => void reload()} />}
      {!value && !error && <Skeleton rows={1} />}
      {value && <RulesForm rules={value} save={(rules) => timetable.setRules(course, rules)} />}
    </section>
  );
}
