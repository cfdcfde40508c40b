/** Planning new lessons: one, or some days of every week until a day. */
import { type Signal, useSignal } from "@preact/signals";
import { s } from "../../i18n/timetable";
import type { Classroom, How, NewPlan, Outcome } from "../../protocol/timetable";
import type { Course } from "../../protocol/types";
import { timeZone } from "../../state/app";
import { WEEKDAYS, type Weekday, weekdayOf, weeklyRule } from "../../state/timetable-view";
import { Check, Field, Segments, Select } from "../basics";
import { Planning } from "./outcome";

export const MIN_MINUTES = 5;
export const MAX_MINUTES = 720;

export function ClassroomSelect(props: {
  classrooms: readonly Classroom[];
  value: Signal<string>;
}) {
  if (props.classrooms.length === 0) return null;
  return (
    <Select
      label={s().classroom}
      value={props.value.value}
      choices={[
        { value: "", label: s().noClassroom },
        ...props.classrooms.map(({ id, name, place }) => ({
          value: id,
          label: place ? `${name} · ${place}` : name,
        })),
      ]}
      testid="plan-classroom"
      onChange={(id) => {
        props.value.value = id;
      }}
    />
  );
}

export function WhenFields(props: {
  label: string;
  starts: Signal<string>;
  minutes: Signal<string>;
}) {
  const { starts, minutes } = props;
  return (
    <div class="plan-when">
      <Field
        label={props.label}
        hint={s().startsHint(timeZone.value)}
        type="datetime-local"
        required
        value={starts.value}
        data-testid="plan-starts"
        onInput={(event) => {
          starts.value = event.currentTarget.value;
        }}
      />
      <Field
        label={s().minutes}
        type="number"
        inputMode="numeric"
        required
        min={MIN_MINUTES}
        max={MAX_MINUTES}
        step={5}
        value={minutes.value}
        data-testid="plan-minutes"
        onInput={(event) => {
          minutes.value = event.currentTarget.value;
        }}
      />
    </div>
  );
}

function Weekly(props: { days: Signal<readonly Weekday[]>; until: Signal<string>; from: string }) {
  const { days, until } = props;
  return (
    <>
      <fieldset class="plan-days">
        <legend>{s().on}</legend>
        {WEEKDAYS.map((day) => (
          <Check
            key={day}
            label={s().weekdays[day]}
            checked={days.value.includes(day)}
            onChange={(on) => {
              const others = days.value.filter((each) => each !== day);
              days.value = on ? [...others, day] : others;
            }}
          />
        ))}
      </fieldset>
      <Field
        label={s().until}
        type="date"
        required
        min={props.from}
        value={until.value}
        data-testid="plan-until"
        onInput={(event) => {
          until.value = event.currentTarget.value;
        }}
      />
    </>
  );
}

export function PlanForm(props: {
  courses: readonly Course[];
  course: string;
  classrooms: readonly Classroom[];
  send: (course: string, plan: NewPlan, how: How) => Promise<Outcome>;
  onSaved: (starts: string) => void;
}) {
  const course = useSignal(props.course || (props.courses[0]?.id ?? ""));
  const title = useSignal("");
  const starts = useSignal("");
  const minutes = useSignal("90");
  const repeat = useSignal<"once" | "weekly">("once");
  const days = useSignal<readonly Weekday[]>([]);
  const until = useSignal("");
  const classroom = useSignal("");
  const firstDay = starts.value.slice(0, 10);
  const plan = (): NewPlan => ({
    title: title.value.trim(),
    starts: starts.value,
    minutes: Number(minutes.value),
    ...(repeat.value === "weekly" ? { rrule: weeklyRule(days.value, until.value) } : {}),
    ...(classroom.value ? { classroom_id: classroom.value } : {}),
  });
  return (
    <Planning
      send={(how) => props.send(course.value, plan(), how)}
      onSaved={() => props.onSaved(firstDay)}
    >
      <Select
        label={s().course}
        value={course.value}
        choices={props.courses.map(({ id, title }) => ({ value: id, label: title }))}
        testid="plan-course"
        onChange={(id) => {
          course.value = id;
        }}
      />
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
      <WhenFields label={s().starts} starts={starts} minutes={minutes} />
      <ClassroomSelect classrooms={props.classrooms} value={classroom} />
      <Segments
        label={s().repeat}
        value={repeat.value}
        choices={[
          { value: "once", label: s().once },
          { value: "weekly", label: s().weekly },
        ]}
        testid="plan-repeat"
        onChange={(value) => {
          repeat.value = value as "once" | "weekly";
          const own = firstDay && WEEKDAYS[weekdayOf(firstDay)];
          if (own && days.value.length === 0) days.value = [own];
        }}
      />
      {repeat.value === "weekly" && <Weekly days={days} until={until} from={firstDay} />}
    </Planning>
  );
}
