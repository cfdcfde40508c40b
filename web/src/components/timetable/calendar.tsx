/** Links under which a phone's calendar finds the lessons: made, shown once, revoked. */
import { useSignal } from "@preact/signals";
import { s } from "../../i18n/timetable";
import type {
  CalendarLink,
  CalendarOf,
  Classroom,
  NewCalendarLink,
} from "../../protocol/timetable";
import type { Course } from "../../protocol/types";
import { useAction } from "../../state/action";
import { Button, CopyField, Problem, Select } from "../basics";
import { When } from "../time";

export function CalendarLinks(props: {
  links: readonly CalendarLink[];
  courses: readonly Course[];
  classrooms: readonly Classroom[];
  make: (of: CalendarOf) => Promise<NewCalendarLink>;
  revoke: (id: string) => Promise<void>;
}) {
  const made = useSignal<NewCalendarLink | null>(null);
  const chosen = useSignal("");
  const { busy, error, run } = useAction();
  const choices = [
    { value: "", label: s().calendarAll },
    ...props.courses.map(({ id, title }) => ({ value: `course ${id}`, label: title })),
    ...props.classrooms.map(({ id, name }) => ({
      value: `classroom ${id}`,
      label: `${s().classroom}: ${name}`,
    })),
  ];
  const title = ({ course, classroom }: CalendarLink) => {
    const value = course ? `course ${course}` : classroom ? `classroom ${classroom}` : "";
    return choices.find((each) => each.value === value)?.label ?? s().calendarAll;
  };
  const make = () => {
    const [kind, id = ""] = chosen.value.split(" ");
    return props.make(
      kind === "course" ? { course_id: id } : kind === "classroom" ? { classroom_id: id } : {},
    );
  };
  return (
    <section class="card stack" data-testid="calendar-links">
      <h2>{s().calendar}</h2>
      <p class="hint">{s().calendarHint}</p>
      {made.value && (
        <>
          <CopyField label={s().calendarLink} value={made.value.url} testid="calendar-url" />
          <p class="hint">{s().calendarOnce}</p>
        </>
      )}
      {error.value && <Problem error={error.value} />}
      <Select
        label={s().calendarOf}
        value={chosen.value}
        choices={choices}
        testid="calendar-of"
        onChange={(value) => {
          chosen.value = value;
        }}
      />
      <div>
        <Button
          icon="plus"
          busy={busy.value}
          testid="calendar-make"
          onClick={() =>
            void run(async () => {
              made.value = await make();
            })
          }
        >
          {s().calendarMake}
        </Button>
      </div>
      <ul class="members">
        {props.links.map((link) => (
          <li key={link.id}>
            <span>{title(link)}</span>
            <span class="soft">
              <When at={link.created_at} />
            </span>
            <Button
              look="quiet"
              busy={busy.value}
              testid="calendar-revoke"
              onClick={() =>
                void run(async () => {
                  await props.revoke(link.id);
                  if (made.value?.id === link.id) made.value = null;
                })
              }
            >
              {s().calendarRevoke}
              <span class="visually-hidden">: {title(link)}</span>
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
