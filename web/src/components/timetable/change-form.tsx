/** Changing or cancelling a planned lesson, those that follow, or all that were planned with it. */
import { useSignal } from "@preact/signals";
import { s } from "../../i18n/timetable";
import type {
  Classroom,
  How,
  Outcome,
  PlanChange,
  PlannedLesson,
  Scope,
} from "../../protocol/timetable";
import type { PersonRow } from "../../protocol/types";
import { useAction } from "../../state/action";
import { timeZone } from "../../state/app";
import { minutesBetween, wallText } from "../../state/timetable-view";
import { Button, Field, Segments, Select } from "../basics";
import { Planning, PlanProblem } from "./outcome";
import { ClassroomSelect, WhenFields } from "./plan-form";

const SCOPES = ["this", "following", "all"] as const;
/** In the place of a person: the teacher stays, or is those of the course again. */
const KEEP = "";
const COURSE = "course";

export interface ChangeFormProps {
  lesson: PlannedLesson;
  classrooms: readonly Classroom[];
  /** Who can substitute; none to those who may not choose. */
  people: readonly PersonRow[];
  send: (change: PlanChange, how: How) => Promise<Outcome>;
  onSaved: () => void;
}

function Cancel(props: { send: (how: How) => Promise<Outcome>; onSaved: () => void }) {
  const { busy, error, run } = useAction();
  const cancel = () =>
    void run(async () => {
      const outcome = await props.send({ dry: true, anyway: true });
      if (!window.confirm(s().cancelConfirm(outcome.lessons.length))) return;
      await props.send({ dry: false, anyway: true });
      props.onSaved();
    });
  return (
    <>
      {error.value && <PlanProblem error={error.value} />}
      <Button look="quiet" icon="error" busy={busy.value} testid="plan-cancel" onClick={cancel}>
        {s().cancelLessons}
      </Button>
    </>
  );
}

export function ChangeForm(props: ChangeFormProps) {
  const { lesson } = props;
  const scope = useSignal<Scope>("this");
  const title = useSignal(lesson.title);
  const before = lesson.starts_at ? wallText(lesson.starts_at, timeZone.value) : "";
  const length =
    lesson.starts_at && lesson.ends_at
      ? String(minutesBetween(lesson.starts_at, lesson.ends_at))
      : "90";
  const starts = useSignal(before);
  const minutes = useSignal(length);
  const classroom = useSignal(lesson.classroom ?? "");
  const teacher = useSignal(KEEP);
  const meant = () => ({ scope: scope.value, was: lesson.starts_at });
  const change = (): PlanChange => ({
    ...meant(),
    ...(title.value.trim() !== lesson.title ? { title: title.value.trim() } : {}),
    ...(starts.value !== before ? { starts: starts.value } : {}),
    ...(minutes.value !== length || !lesson.ends_at ? { minutes: Number(minutes.value) } : {}),
    ...(classroom.value !== (lesson.classroom ?? "")
      ? { classroom_id: classroom.value || null }
      : {}),
    ...(teacher.value !== KEEP
      ? { teacher_id: teacher.value === COURSE ? null : teacher.value }
      : {}),
  });
  return (
    <>
      <Planning send={(how) => props.send(change(), how)} onSaved={props.onSaved}>
        {lesson.series && (
          <Segments
            label={s().scope}
            value={scope.value}
            choices={SCOPES.map((value) => ({ value, label: s().scopes[value] }))}
            testid="plan-scope"
            onChange={(value) => {
              scope.value = value as Scope;
            }}
          />
        )}
        <Field
          label={s().title}
          required
          maxLength={160}
          autocomplete="off"
          value={title.value}
          data-testid="plan-title"
          onInput={(event) => {
            title.value = event.currentTarget.value;
          }}
        />
        <WhenFields label={s().when} starts={starts} minutes={minutes} />
        <ClassroomSelect classrooms={props.classrooms} value={classroom} />
        {props.people.length > 0 && (
          <Select
            label={s().teacher}
            value={teacher.value}
            choices={[
              { value: KEEP, label: s().keepTeacher },
              { value: COURSE, label: s().courseTeachers },
              ...props.people.map(({ id, name }) => ({ value: id, label: name })),
            ]}
            testid="plan-teacher"
            onChange={(id) => {
              teacher.value = id;
            }}
          />
        )}
      </Planning>
      <Cancel
        send={(how) => props.send({ ...meant(), cancel: true }, how)}
        onSaved={props.onSaved}
      />
    </>
  );
}
