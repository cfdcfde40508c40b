/** What a course decides about all its recordings. */
import { useSignal } from "@preact/signals";
import { b } from "../../i18n/library";
import type { CourseRules } from "../../protocol/recording";
import { useAction } from "../../state/action";
import { library } from "../../state/library";
import { useLoad } from "../../state/load";
import { Button, Check, Field, Problem } from "../basics";

/** Days; the server accepts no more (ten years). */
const MAX_DAYS = 3650;

export function RulesForm(props: {
  rules: CourseRules;
  save: (rules: CourseRules) => Promise<CourseRules>;
}) {
  const { rules, save } = props;
  const publish = useSignal(rules.publish);
  const pack = useSignal(rules.pack);
  const days = useSignal(rules.keep_days === null ? "" : String(rules.keep_days));
  const saved = useSignal(false);
  const { busy, error, run } = useAction();
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        saved.value = false;
        const keep_days = days.value ? Number(days.value) : null;
        void run(async () => {
          await save({ publish: publish.value, pack: pack.value, keep_days });
          saved.value = true;
        });
      }}
    >
      <Check
        label={b().rulePublish}
        checked={publish.value}
        onChange={(checked) => {
          publish.value = checked;
          saved.value = false;
        }}
      />
      <Check
        label={b().rulePack}
        checked={pack.value}
        onChange={(checked) => {
          pack.value = checked;
          saved.value = false;
        }}
      />
      <Field
        label={b().keepDays}
        hint={b().keepHint}
        type="number"
        inputMode="numeric"
        min={1}
        max={MAX_DAYS}
        step={1}
        value={days.value}
        onInput={(event) => {
          days.value = event.currentTarget.value;
          saved.value = false;
        }}
      />
      {error.value && <Problem error={error.value} />}
      <div class="row">
        <Button type="submit" busy={busy.value} testid="save-rules">
          {b().save}
        </Button>
        <span role="status">{saved.value && b().saved}</span>
      </div>
    </form>
  );
}

export function Rules({ course }: { course: string }) {
  const { state } = useLoad(() => library.courseRules(course), course);
  const { value, error } = state.value;
  if (error) return <Problem error={error} />;
  if (!value) return null;
  return (
    <section class="card stack" data-testid="rules">
      <h2>{b().rules}</h2>
      <RulesForm
        key={course}
        rules={value}
        save={(rules) => library.setCourseRules(course, rules)}
      />
    </section>
  );
}
