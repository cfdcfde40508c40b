/** Who answers a question, until when, and under which label it is found again. */
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { language, t } from "../../i18n";
import { dateText, isoDay } from "../../i18n/dates";
import { d } from "../../i18n/desk";
import { q } from "../../i18n/questions";
import type { Question } from "../../protocol/questions";
import type { PersonRef } from "../../protocol/types";
import { serverNow, timeZone } from "../../state/app";
import { Button, Field, Select } from "../basics";
import { Icon } from "../icon";
import { UserText } from "../user-text";

/** What the server takes. */
const MAX_LABEL = 40;

/** Carry out a command about a question. */
export type Act = (name: string, args: Record<string, unknown>) => void;

/** Labels in use, the most used first. */
export function labelsOf(questions: Iterable<Question>): string[] {
  const counts = new Map<string, number>();
  for (const { label } of questions) {
    if (label) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([label]) => label);
}

export function CareForm(props: {
  question: Question;
  teachers: readonly PersonRef[];
  labels: readonly string[];
  act: Act;
  close: () => void;
}) {
  const { question, act } = props;
  const { number } = question;
  const list = useId();
  const label = useSignal(question.label ?? "");
  const owner = useSignal(question.owner?.id ?? "");
  const due = useSignal(question.due ?? "");
  const save = () => {
    const named = label.value.trim() || null;
    if (named !== question.label) act("question_label", { question: number, label: named });
    const by = { owner: owner.value || null, due: due.value || null };
    if (by.owner !== (question.owner?.id ?? null) || by.due !== (question.due ?? null)) {
      act("question_assign", { question: number, ...by });
    }
    props.close();
  };
  // An owner who is no teacher any more stays to be seen until somebody else is chosen.
  const people = new Map(props.teachers.map((each) => [each.id, each]));
  if (question.owner) people.set(question.owner.id, question.owner);
  return (
    <form
      class="care"
      data-testid="care"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Field
        label={d().label}
        hint={d().labelHint}
        maxLength={MAX_LABEL}
        list={list}
        value={label.value}
        data-testid="care-label"
        onInput={(event) => {
          label.value = event.currentTarget.value;
        }}
      />
      <datalist id={list}>
        {props.labels.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      <Select
        label={d().owner}
        value={owner.value}
        testid="care-owner"
        choices={[
          { value: "", label: d().nobody },
          ...[...people.values()].map(({ id, name }) => ({ value: id, label: name })),
        ]}
        onChange={(value) => {
          owner.value = value;
        }}
      />
      <Field
        label={d().due}
        type="date"
        value={due.value}
        data-testid="care-due"
        onInput={(event) => {
          due.value = event.currentTarget.value;
        }}
      />
      <div class="row">
        <Button look="primary" type="submit" testid="care-save">
          {q().save}
        </Button>
        <Button onClick={props.close}>{t().cancel}</Button>
      </div>
    </form>
  );
}

/** "Zarina answers, until Monday", and the label; nothing where nothing is known. */
export function CareFacts(props: { question: Question; label?: boolean }) {
  const { owner, due, state } = props.question;
  const label = props.label !== false && props.question.label;
  const today = isoDay(serverNow(), timeZone.value);
  const day = due && dateText(due, serverNow(), timeZone.value, language.value);
  const late = due && due < today && state !== "answered";
  return (
    <>
      {label && (
        <span class="tag" data-testid="label">
          <UserText>{label}</UserText>
        </span>
      )}
      {owner && (
        <span class="tag" data-testid="owner">
          <Icon name="person" /> {d().answers(owner.name)}
        </span>
      )}
      {day && (
        <span class={late ? "tag tag-refused" : "tag tag-later"} data-testid="due">
          <Icon name="clock" /> {late ? d().overdue(day) : d().until(day)}
        </span>
      )}
    </>
  );
}
