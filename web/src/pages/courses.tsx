/** My courses; staff see all and make new ones. */
import { useSignal } from "@preact/signals";
import { useLocation } from "preact-iso";
import {
  Button,
  Dialog,
  Empty,
  Field,
  LinkButton,
  Problem,
  Skeleton,
  StateBadge,
} from "../components/basics";
import { Icon } from "../components/icon";
import { LessonDraftForm } from "../components/lesson-draft";
import { names } from "../components/names";
import { NeedsSignIn } from "../components/needs-sign-in";
import { Page } from "../components/shell";
import { When } from "../components/time";
import { UserText } from "../components/user-text";
import { t } from "../i18n";
import type { Course } from "../protocol/types";
import { useAction } from "../state/action";
import { api, person } from "../state/app";
import { useLoad } from "../state/load";

export function CourseCard({ course }: { course: Course }) {
  const lesson = course.live_lesson ?? course.next_lesson;
  return (
    <article class="card stack course-card" data-testid="course-card">
      <div class="card-main">
        {course.my_role && <p class="card-above">{t().roleNames[course.my_role]}</p>}
        <h2 class="card-title">
          <a href={`/courses/${course.id}`}>
            <UserText>{course.title}</UserText>
          </a>
        </h2>
        {course.description && (
          <p class="soft">
            <UserText>{course.description}</UserText>
          </p>
        )}
        <p class="card-below soft">
          {course.teachers.length > 0 && <span>{t().taughtBy(names(course.teachers))}</span>}
          <span>{t().studentsCount(course.student_count)}</span>
          <span>{t().lessonsCount(course.lessons_count)}</span>
        </p>
      </div>
      {lesson && (
        <p class="row">
          <StateBadge state={lesson.state} />
          <a href={`/lessons/${lesson.id}`}>
            <UserText>{lesson.title}</UserText>
          </a>
          {lesson.state !== "live" && lesson.starts_at && (
            <span class="soft">
              <Icon name="clock" /> <When at={lesson.starts_at} />
            </span>
          )}
        </p>
      )}
    </article>
  );
}

function NewCourse({ onDone }: { onDone: (course: Course) => void }) {
  const title = useSignal("");
  const description = useSignal("");
  const { busy, error, run } = useAction();
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        const draft: { title: string; description?: string } = { title: title.value.trim() };
        if (description.value.trim()) draft.description = description.value.trim();
        void run(async () => onDone(await api.createCourse(draft)));
      }}
    >
      <Field
        label={t().courseTitleField}
        required
        maxLength={200}
        value={title.value}
        onInput={(event) => {
          title.value = event.currentTarget.value;
        }}
      />
      <Field
        label={t().courseDescription}
        maxLength={2000}
        value={description.value}
        onInput={(event) => {
          description.value = event.currentTarget.value;
        }}
      />
      {error.value && <Problem error={error.value} />}
      <Button type="submit" look="primary" busy={busy.value}>
        {t().create}
      </Button>
    </form>
  );
}

function CourseList() {
  const { state, reload } = useLoad(() => api.courses());
  const { value, error } = state.value;
  if (!value && error) return <Problem error={error} retry={() => void reload()} />;
  if (!value) return <Skeleton />;
  if (value.length === 0) {
    return (
      <Empty icon="lesson" title={t().coursesEmpty}>
        <p>{person.value?.staff ? t().coursesEmptyStaff : t().coursesEmptyHint}</p>
        {!person.value?.staff && (
          <LinkButton href="/join" outside>
            {t().goJoin}
          </LinkButton>
        )}
      </Empty>
    );
  }
  const teaches = value.some((course) => course.my_role === "teacher");
  return (
    <>
      {teaches && (
        <div>
          <LinkButton href="/recordings">{t().recordings}</LinkButton>
        </div>
      )}
      <ul class="list two">
        {value.map((course) => (
          <li key={course.id}>
            <CourseCard course={course} />
          </li>
        ))}
      </ul>
    </>
  );
}

export default function Courses() {
  const { route } = useLocation();
  const dialog = useSignal<"" | "course" | "event">("");
  const close = () => {
    dialog.value = "";
  };
  if (!person.value) return <NeedsSignIn title={t().coursesTitle} />;
  const open = (what: "course" | "event") => () => {
    dialog.value = what;
  };
  return (
    <Page
      title={t().coursesTitle}
      here="courses"
      actions={
        person.value.staff && (
          <>
            <Button icon="plus" look="primary" onClick={open("course")} testid="new-course">
              {t().newCourse}
            </Button>
            <Button icon="plus" onClick={open("event")} testid="new-event">
              {t().newEvent}
            </Button>
          </>
        )
      }
    >
      <CourseList />
      <Dialog title={t().newCourse} open={dialog.value === "course"} onClose={close}>
        <NewCourse onDone={(course) => route(`/courses/${course.id}`)} />
        <Button onClick={close}>{t().cancel}</Button>
      </Dialog>
      <Dialog title={t().newEvent} open={dialog.value === "event"} onClose={close}>
        <p class="soft">{t().newEventHint}</p>
        <LessonDraftForm
          create={(draft) => api.createEvent(draft)}
          onDone={(lesson) => route(`/lessons/${lesson.id}/teach`)}
        />
        <Button onClick={close}>{t().cancel}</Button>
      </Dialog>
    </Page>
  );
}
