/** The timetable: what is when, where and by whom; those who teach plan and change it here. */
import { useSignal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { Button, Dialog, Empty, Problem, Segments, Select, Skeleton } from "../components/basics";
import { NeedsSignIn } from "../components/needs-sign-in";
import { Page } from "../components/shell";
import { CalendarLinks } from "../components/timetable/calendar";
import { ChangeForm } from "../components/timetable/change-form";
import { Days } from "../components/timetable/days";
import { Places } from "../components/timetable/places";
import { PlanForm } from "../components/timetable/plan-form";
import { Rules } from "../components/timetable/rules";
import { t } from "../i18n";
import { isoDay } from "../i18n/dates";
import { s, useTimetableTexts } from "../i18n/timetable";
import type { Classroom, PlannedLesson, Timetable } from "../protocol/timetable";
import type { Course } from "../protocol/types";
import { api, person, serverNow, timeZone } from "../state/app";
import { useLoad } from "../state/load";
import { timetable } from "../state/timetable";
import {
  asked,
  daysOf,
  firstDay,
  queryOf,
  turned,
  VIEWS,
  type View,
  type Wish,
  wishOf,
} from "../state/timetable-view";
import "../styles/timetable.css";

interface Turning {
  wish: Wish;
  today: string;
  ask: (wish: Wish) => void;
}

function Bar({ wish, today, ask, courses }: Turning & { courses: readonly Course[] }) {
  return (
    <div class="timetable-bar">
      <Segments
        label={s().view}
        value={wish.view}
        choices={VIEWS.map((value) => ({ value, label: s().views[value] }))}
        testid="view"
        onChange={(value) => {
          const view = value as View;
          const day = view === "day" && wish.from < today ? today : wish.from;
          ask({ ...wish, view, from: firstDay(view, day) });
        }}
      />
      <div class="row">
        <Button icon="back" label={s().earlier} onClick={() => ask(turned(wish, -1))} />
        <Button onClick={() => ask({ ...wish, from: firstDay(wish.view, today) })}>
          {s().today}
        </Button>
        <Button
          icon="chevron"
          label={s().later}
          testid="later"
          onClick={() => ask(turned(wish, 1))}
        />
      </div>
      <Select
        label={s().course}
        value={wish.course}
        choices={[
          { value: "", label: s().allCourses },
          ...courses.map(({ id, title }) => ({ value: id, label: title })),
        ]}
        testid="by-course"
        onChange={(course) => ask({ ...wish, course })}
      />
    </div>
  );
}

function Calendar(props: { courses: readonly Course[]; classrooms: readonly Classroom[] }) {
  const { state, reload } = useLoad(() => timetable.calendarLinks());
  return (
    <CalendarLinks
      links={state.value.value ?? []}
      courses={props.courses}
      classrooms={props.classrooms}
      make={async (of) => {
        const made = await timetable.makeCalendarLink(of);
        await reload();
        return made;
      }}
      revoke={async (id) => {
        await timetable.revokeCalendarLink(id);
        await reload();
      }}
    />
  );
}

function EditDialog(props: {
  lesson: PlannedLesson | null;
  shown: Timetable;
  onClose: () => void;
  onSaved: () => void;
}) {
  const staff = person.value?.staff === true;
  const people = useLoad(async () => (staff ? await api.people() : []));
  const { lesson } = props;
  return (
    <Dialog
      title={lesson ? s().editTitle(lesson.title) : s().edit}
      open={lesson !== null}
      onClose={props.onClose}
    >
      {lesson && (
        <ChangeForm
          key={lesson.id}
          lesson={lesson}
          classrooms={props.shown.classrooms}
          people={people.state.value.value ?? []}
          send={(change, how) => timetable.change(lesson.id, change, how)}
          onSaved={props.onSaved}
        />
      )}
      <Button onClick={props.onClose}>{t().close}</Button>
    </Dialog>
  );
}

function Shown(props: Turning & { shown: Timetable; reload: () => void; courses: Course[] }) {
  const { wish, today, ask, shown, reload } = props;
  const staff = person.value?.staff === true;
  const taught = props.courses.filter((course) => staff || course.my_role === "teacher");
  const editing = useSignal<PlannedLesson | null>(null);
  const planning = useSignal(false);
  const days = daysOf(wish, shown.lessons, timeZone.value);
  return (
    <>
      {taught.length > 0 && (
        <div>
          <Button
            icon="plus"
            look="primary"
            testid="plan"
            onClick={() => {
              planning.value = true;
            }}
          >
            {s().plan}
          </Button>
        </div>
      )}
      {days.length === 0 ? (
        <Empty icon="clock" title={s().nothing}>
          {s().nothingHint}
        </Empty>
      ) : (
        <Days
          days={days}
          view={wish.view}
          classrooms={shown.classrooms}
          holidays={shown.holidays}
          today={today}
          onEdit={(lesson) => {
            editing.value = lesson;
          }}
          onWorkday={staff ? (day) => void timetable.deleteHoliday(day).then(reload) : undefined}
        />
      )}
      {taught.some(({ id }) => id === wish.course) && (
        <Rules key={wish.course} course={wish.course} />
      )}
      {person.value?.guest === false && (
        <Calendar courses={props.courses} classrooms={shown.classrooms} />
      )}
      {staff && (
        <Places
          classrooms={shown.classrooms}
          addClassroom={async (name, place) => {
            await timetable.addClassroom({ name, place });
            reload();
          }}
          deleteClassroom={async (id) => {
            await timetable.deleteClassroom(id);
            reload();
          }}
          addHoliday={async (holiday) => {
            await timetable.addHoliday(holiday);
            reload();
          }}
        />
      )}
      <EditDialog
        lesson={editing.value}
        shown={shown}
        onClose={() => {
          editing.value = null;
        }}
        onSaved={() => {
          editing.value = null;
          reload();
        }}
      />
      <Dialog
        title={s().planTitle}
        open={planning.value}
        onClose={() => {
          planning.value = false;
        }}
      >
        <PlanForm
          courses={taught}
          course={taught.some(({ id }) => id === wish.course) ? wish.course : ""}
          classrooms={shown.classrooms}
          send={timetable.plan}
          onSaved={(day) => {
            planning.value = false;
            ask({ ...wish, from: firstDay(wish.view, day) });
            reload();
          }}
        />
        <Button
          onClick={() => {
            planning.value = false;
          }}
        >
          {t().close}
        </Button>
      </Dialog>
    </>
  );
}

function TimetableView() {
  const { query, route } = useLocation();
  const today = isoDay(serverNow(), timeZone.value);
  const wish = wishOf(query, today);
  const courses = useLoad(() => api.courses());
  const { state, reload } = useLoad(() => timetable.days(asked(wish)), asked(wish));
  const { value, error } = state.value;
  const ask = (next: Wish) => route(`/timetable${queryOf(next)}`, true);
  const known = courses.state.value.value ?? [];
  return (
    <>
      <Bar wish={wish} today={today} ask={ask} courses={known} />
      {!value && error && <Problem error={error} retry={() => void reload()} />}
      {!value && !error && <Skeleton />}
      {value && (
        <Shown
          wish={wish}
          today={today}
          ask={ask}
          shown={value}
          reload={() => void reload()}
          courses={known}
        />
      )}
    </>
  );
}

export default function TimetablePage() {
  const ready = useTimetableTexts();
  if (!person.value) return <NeedsSignIn title={t().timetable} />;
  return (
    <Page title={t().timetable} here="timetable">
      {ready ? <TimetableView /> : <Skeleton />}
    </Page>
  );
}
