/** Attendance for those who teach: who heard how much of a course, or of one of its lessons. */
import { useLocation, useRoute } from "preact-iso";
import { AttendanceTable } from "../components/attendance/table";
import { Empty, LinkButton, Problem, Select, Skeleton } from "../components/basics";
import { NeedsSignIn } from "../components/needs-sign-in";
import { Pager } from "../components/pager";
import { Page } from "../components/shell";
import { whenWords } from "../components/time";
import { language, t } from "../i18n";
import { at, useAttendanceTexts } from "../i18n/attendance";
import { type AttendanceSheet, type SheetOf, spreadsheetUrl } from "../protocol/attendance";
import type { Lesson } from "../protocol/types";
import { api, person } from "../state/app";
import { attendance, queryOf, SORTS, type Sort, type Wish, wishOf } from "../state/attendance";
import { useLoad } from "../state/load";
import "../styles/attendance.css";

/** The course's lessons that took place, the newest first. */
function LessonChoice({ course, of }: { course: string; of: SheetOf }) {
  const { route } = useLocation();
  const { state } = useLoad(() => api.course(course), course);
  const began = (lesson: Lesson) => Date.parse(lesson.started_at ?? "");
  const lessons = (state.value.value?.lessons ?? [])
    .filter((lesson) => lesson.started_at !== null)
    .sort((one, other) => began(other) - began(one));
  const choices = lessons.map((lesson) => ({
    value: lesson.id,
    label: `${lesson.title} · ${whenWords(lesson.started_at ?? "")}`,
  }));
  return (
    <Select
      label={at().lesson}
      value={of.kind === "lessons" ? of.id : ""}
      choices={[{ value: "", label: at().wholeCourse }, ...choices]}
      testid="by-lesson"
      onChange={(id) =>
        route(id ? `/lessons/${id}/attendance` : `/courses/${course}/attendance`, true)
      }
    />
  );
}

function Sheet(props: {
  sheet: AttendanceSheet;
  of: SheetOf;
  wish: Wish;
  ask: (change: Partial<Wish>) => void;
}) {
  const { sheet, of, wish, ask } = props;
  return (
    <>
      <div class="attendance-filters">
        {sheet.course && <LessonChoice course={sheet.course} of={of} />}
        <Select
          label={at().sort}
          value={wish.sort}
          choices={SORTS.filter((each) => each !== "lessons" || sheet.lessons.length > 1).map(
            (value) => ({ value, label: at().sorts[value] }),
          )}
          testid="by-sort"
          onChange={(value) => ask({ sort: value as Sort })}
        />
        <LinkButton
          icon="download"
          href={spreadsheetUrl(of, language.value)}
          outside
          testid="spreadsheet"
        >
          {at().xlsx}
        </LinkButton>
      </div>
      {sheet.total === 0 || sheet.lessons.length === 0 ? (
        <Empty icon="people" title={at().empty}>
          {sheet.lessons.length === 0 ? at().noLessons : at().emptyHint}
        </Empty>
      ) : (
        <>
          <AttendanceTable sheet={sheet} label={sheet.title} />
          <p class="soft">
            {at().people(sheet.total)}
            {sheet.lessons.length > 1 && ` · ${at().attendedHint}`}
          </p>
        </>
      )}
      <Pager page={wish.page} pages={sheet.pages} texts={at()} onPage={(page) => ask({ page })} />
    </>
  );
}

function Attendance({ of }: { of: SheetOf }) {
  const { path, query, route } = useLocation();
  const wish = wishOf(query);
  const asked = queryOf(wish);
  const { state, reload } = useLoad(
    () => attendance.sheet(of, asked),
    `${of.kind}/${of.id}${asked}`,
  );
  const { value, error } = state.value;
  // Another order begins at its first page.
  const ask = (change: Partial<Wish>) =>
    route(`${path}${queryOf({ ...wish, page: 0, ...change })}`, true);
  return (
    <Page
      title={value ? `${t().attendance}: ${value.title}` : t().attendance}
      lead={at().lead}
      here="courses"
    >
      {!value && error && <Problem error={error} retry={() => void reload()} />}
      {!value && !error && <Skeleton />}
      {value && <Sheet sheet={value} of={of} wish={wish} ask={ask} />}
    </Page>
  );
}

export default function AttendancePage() {
  const { path, params } = useRoute();
  const ready = useAttendanceTexts();
  if (!person.value) return <NeedsSignIn title={t().attendance} />;
  if (!ready) {
    return (
      <Page title={t().attendance} here="courses">
        <Skeleton />
      </Page>
    );
  }
  const kind = path.startsWith("/lessons/") ? "lessons" : "courses";
  const id = params.id ?? "";
  return <Attendance key={id} of={{ kind, id }} />;
}
