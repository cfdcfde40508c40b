/** Classrooms and holidays, which staff keep. */
import { useSignal } from "@preact/signals";
import { s } from "../../i18n/timetable";
import type { Classroom, Holiday } from "../../protocol/timetable";
import { useAction } from "../../state/action";
import { Button, Field } from "../basics";
import { UserText } from "../user-text";
import { PlanProblem } from "./outcome";

function AddClassroom({ add }: { add: (name: string, place: string) => Promise<void> }) {
  const name = useSignal("");
  const place = useSignal("");
  const { busy, error, run } = useAction();
  return (
    <form
      class="form"
      aria-label={s().addClassroom}
      onSubmit={(event) => {
        event.preventDefault();
        void run(async () => {
          await add(name.value.trim(), place.value.trim());
          name.value = "";
          place.value = "";
        });
      }}
    >
      <Field
        label={s().classroomName}
        required
        maxLength={80}
        autocomplete="off"
        value={name.value}
        data-testid="classroom-name"
        onInput={(event) => {
          name.value = event.currentTarget.value;
        }}
      />
      <Field
        label={s().place}
        maxLength={160}
        autocomplete="off"
        value={place.value}
        onInput={(event) => {
          place.value = event.currentTarget.value;
        }}
      />
      {error.value && <PlanProblem error={error.value} />}
      <div>
        <Button type="submit" icon="plus" busy={busy.value} testid="classroom-add">
          {s().addClassroom}
        </Button>
      </div>
    </form>
  );
}

function AddHoliday({ add }: { add: (holiday: Holiday) => Promise<void> }) {
  const day = useSignal("");
  const name = useSignal("");
  const { busy, error, run } = useAction();
  return (
    <form
      class="form"
      aria-label={s().addHoliday}
      onSubmit={(event) => {
        event.preventDefault();
        void run(async () => {
          await add({ day: day.value, name: name.value.trim() });
          name.value = "";
        });
      }}
    >
      <Field
        label={s().holidayDay}
        type="date"
        required
        value={day.value}
        data-testid="holiday-day"
        onInput={(event) => {
          day.value = event.currentTarget.value;
        }}
      />
      <Field
        label={s().holidayName}
        required
        maxLength={160}
        autocomplete="off"
        value={name.value}
        data-testid="holiday-name"
        onInput={(event) => {
          name.value = event.currentTarget.value;
        }}
      />
      {error.value && <PlanProblem error={error.value} />}
      <div>
        <Button type="submit" icon="plus" busy={busy.value} testid="holiday-add">
          {s().addHoliday}
        </Button>
      </div>
    </form>
  );
}

export function Places(props: {
  classrooms: readonly Classroom[];
  addClassroom: (name: string, place: string) => Promise<void>;
  deleteClassroom: (id: string) => Promise<void>;
  addHoliday: (holiday: Holiday) => Promise<void>;
}) {
  const { busy, run } = useAction();
  return (
    <section class="card stack">
      <h2>{s().places}</h2>
      {props.classrooms.length === 0 && <p class="soft">{s().noClassrooms}</p>}
      <ul class="members">
        {props.classrooms.map(({ id, name, place }) => (
          <li key={id}>
            <UserText>{name}</UserText>
            <span class="soft">{place}</span>
            <Button
              look="quiet"
              busy={busy.value}
              onClick={() => {
                if (!window.confirm(s().removeConfirm(name))) return;
                void run(() => props.deleteClassroom(id));
              }}
            >
              {s().remove}
              <span class="visually-hidden">: {name}</span>
            </Button>
          </li>
        ))}
      </ul>
      <div class="two">
        <AddClassroom add={props.addClassroom} />
        <AddHoliday add={props.addHoliday} />
      </div>
    </section>
  );
}
