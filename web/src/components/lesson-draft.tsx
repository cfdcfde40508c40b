/** The form that makes a lesson or a public event. */
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import { instantOf } from "../i18n/dates";
import type { LessonDraft } from "../protocol/api";
import type { Lesson } from "../protocol/types";
import { useAction } from "../state/action";
import { timeZone } from "../state/app";
import { Button, Field, Problem } from "./basics";

/** Read the value of a datetime-local input as an instant in a zone; null if it is empty or wrong. */
export function startOf(typed: string, zone: string): string | null {
  const parts = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(typed)?.slice(1).map(Number);
  if (!parts) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = parts;
  return new Date(instantOf({ year, month, day, hour, minute }, zone)).toISOString();
}

export function LessonDraftForm(props: {
  create: (draft: LessonDraft) => Promise<Lesson>;
  onDone: (lesson: Lesson) => void;
}) {
  const title = useSignal("");
  const starts = useSignal("");
  const { busy, error, run } = useAction();
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        const draft: LessonDraft = { title: title.value.trim() };
        const at = startOf(starts.value, timeZone.value);
        if (at) draft.starts_at = at;
        void run(async () => props.onDone(await props.create(draft)));
      }}
    >
      <Field
        label={t().lessonTitleField}
        required
        maxLength={200}
        value={title.value}
        onInput={(event) => {
          title.value = event.currentTarget.value;
        }}
      />
      <Field
        label={t().startsAt}
        type="datetime-local"
        hint={t().startsAtHint(timeZone.value)}
        value={starts.value}
        onInput={(event) => {
          starts.value = event.currentTarget.value;
        }}
      />
      {error.value && <Problem error={error.value} />}
      <Button type="submit" look="primary" busy={busy.value} testid="create-lesson">
        {t().create}
      </Button>
    </form>
  );
}
