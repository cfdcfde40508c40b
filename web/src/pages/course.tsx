/** One course: its lessons, and for its teachers and staff the members and the ways in. */
import { useSignal } from "@preact/signals";
import { useLocation, useRoute } from "preact-iso";
import {
  Button,
  CopyField,
  Dialog,
  Empty,
  Field,
  LinkButton,
  Notice,
  Problem,
  Segments,
  Skeleton,
} from "../components/basics";
import { Invite, joinUrl } from "../components/invite";
import { LessonCard } from "../components/lesson-card";
import { LessonDraftForm } from "../components/lesson-draft";
import { names } from "../components/names";
import { NeedsSignIn } from "../components/needs-sign-in";
import { Page } from "../components/shell";
import { UserText } from "../components/user-text";
import { t } from "../i18n";
import type { CourseDetail, Lesson, LessonState, Member, NewPerson, Role } from "../protocol/types";
import { useAction } from "../state/action";
import { api, person } from "../state/app";
import { useLoad } from "../state/load";

const ORDER: Record<LessonState, number> = { live: 0, practice: 1, scheduled: 2, ended: 3 };

/** Put what is on first, then what comes (soonest first), then what is over (latest first). */
export function sortLessons(lessons: readonly Lesson[]): Lesson[] {
  const time = (lesson: Lesson) => Date.parse(lesson.started_at ?? lesson.starts_at ?? "") || 0;
  return [...lessons].sort((a, b) => {
    const byState = ORDER[a.state] - ORDER[b.state];
    if (byState !== 0) return byState;
    return a.state === "ended" ? time(b) - time(a) : time(a) - time(b);
  });
}

function AddMember({ course, onDone }: { course: string; onDone: (made: NewPerson) => void }) {
  const is = useSignal<"new" | "login">("new");
  const text = useSignal("");
  const role = useSignal<Role>("student");
  const { busy, error, run } = useAction();
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        const typed = text.value.trim();
        const who = is.value === "new" ? { name: typed } : { login: typed };
        void run(async () => onDone(await api.addMember(course, { ...who, role: role.value })));
      }}
    >
      <Segments
        label={t().memberIs}
        value={is.value}
        choices={[
          { value: "new", label: t().memberNew },
          { value: "login", label: t().memberExisting },
        ]}
        onChange={(value) => {
          is.value = value as "new" | "login";
        }}
      />
      <Field
        label={is.value === "new" ? t().personName : t().login}
        required
        maxLength={80}
        autocomplete="off"
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
      <Segments
        label={t().memberRole}
        value={role.value}
        choices={(["student", "teacher"] as const).map((value) => ({
          value,
          label: t().roleNames[value],
        }))}
        onChange={(value) => {
          role.value = value as Role;
        }}
      />
      {error.value && <Problem error={error.value} />}
      <Button type="submit" look="primary" busy={busy.value}>
        {t().add}
      </Button>
    </form>
  );
}

function Members(props: { course: CourseDetail; members: Member[]; reload: () => void }) {
  const adding = useSignal(false);
  const made = useSignal<NewPerson | null>(null);
  const { busy, error, run } = useAction();
  const { course, members, reload } = props;
  const staff = person.value?.staff === true;
  const remove = (member: Member) => () => {
    if (!window.confirm(t().removeConfirm(member.name))) return;
    void run(async () => {
      await api.removeMember(course.id, member.id);
      reload();
    });
  };
  return (
    <section class="card stack">
      <div class="section-head">
        <h2>{t().membersTitle}</h2>
        {staff && (
          <Button
            icon="plus"
            testid="add-member"
            onClick={() => {
              adding.value = true;
            }}
          >
            {t().addMember}
          </Button>
        )}
      </div>
      {made.value?.link && (
        <Notice tone="success" title={t().linkFor(made.value.person.name)}>
          <CopyField label={t().makeLink} value={made.value.link} testid="new-link" />
          <p>{t().linkOnce}</p>
        </Notice>
      )}
      {error.value && <Problem error={error.value} />}
      <ul class="members">
        {members.map((member) => (
          <li key={member.id}>
            <span>{member.name}</span>
            <span class="soft">{t().roleNames[member.role]}</span>
            {staff && (
              <Button look="quiet" busy={busy.value} onClick={remove(member)}>
                {t().remove}
                <span class="visually-hidden">: {member.name}</span>
              </Button>
            )}
          </li>
        ))}
      </ul>
      <Dialog
        title={t().addMember}
        open={adding.value}
        onClose={() => {
          adding.value = false;
        }}
      >
        <AddMember
          course={course.id}
          onDone={(person) => {
            adding.value = false;
            made.value = person;
            reload();
          }}
        />
        <Button
          onClick={() => {
            adding.value = false;
          }}
        >
          {t().cancel}
        </Button>
      </Dialog>
    </section>
  );
}

function Access({
  course,
  code,
  reload,
}: {
  course: string;
  code: string | null;
  reload: () => void;
}) {
  const { busy, error, run } = useAction();
  const renew = () => {
    if (code && !window.confirm(t().newJoinCodeConfirm)) return;
    void run(async () => {
      await api.newJoinCode(course);
      reload();
    });
  };
  return (
    <section class="card stack">
      <h2>{t().joinAccess}</h2>
      {code && <Invite code={code} link={joinUrl(code)} />}
      {error.value && <Problem error={error.value} />}
      <div>
        <Button icon={code ? "reconnecting" : "plus"} busy={busy.value} onClick={renew}>
          {code ? t().newJoinCode : t().firstJoinCode}
        </Button>
      </div>
    </section>
  );
}

function Detail({ course, reload }: { course: CourseDetail; reload: () => void }) {
  const { route } = useLocation();
  const adding = useSignal(false);
  const teaches = course.my_role === "teacher" || person.value?.staff === true;
  const close = () => {
    adding.value = false;
  };
  return (
    <>
      <div class="stack">
        {course.description && (
          <p>
            <UserText>{course.description}</UserText>
          </p>
        )}
        {course.teachers.length > 0 && <p class="soft">{t().taughtBy(names(course.teachers))}</p>}
        <div>
          <LinkButton
            icon="question"
            href={`/courses/${course.id}/questions`}
            testid="question-book"
          >
            {t().questionBook}
          </LinkButton>
        </div>
      </div>
      <section class="stack">
        <div class="section-head">
          <h2>{t().lessonsTitle}</h2>
          {teaches && (
            <div class="row">
              <LinkButton href={`/recordings?course=${course.id}`} testid="to-recordings">
                {t().recordings}
              </LinkButton>
              <LinkButton href={`/courses/${course.id}/attendance`} testid="to-attendance">
                {t().attendance}
              </LinkButton>
              <Button
                icon="plus"
                look="primary"
                testid="new-lesson"
                onClick={() => {
                  adding.value = true;
                }}
              >
                {t().newLesson}
              </Button>
            </div>
          )}
        </div>
        {course.lessons.length === 0 ? (
          <Empty icon="lesson" title={t().lessonsEmpty}>
            {teaches && t().lessonsEmptyTeacher}
          </Empty>
        ) : (
          <ul class="list">
            {sortLessons(course.lessons).map((lesson) => (
              <li key={lesson.id}>
                <LessonCard lesson={lesson} showCourse={false} />
              </li>
            ))}
          </ul>
        )}
      </section>
      {teaches && (
        <div class="two">
          <Access course={course.id} code={course.join_code ?? null} reload={reload} />
          {course.members && <Members course={course} members={course.members} reload={reload} />}
        </div>
      )}
      <Dialog title={t().newLesson} open={adding.value} onClose={close}>
        <LessonDraftForm
          create={(draft) => api.createLesson(course.id, draft)}
          onDone={(lesson) => route(`/lessons/${lesson.id}/teach`)}
        />
        <Button onClick={close}>{t().cancel}</Button>
      </Dialog>
    </>
  );
}

export default function CoursePage() {
  const { params } = useRoute();
  const id = params.id ?? "";
  const { state, reload } = useLoad(() => api.course(id), id);
  if (!person.value) return <NeedsSignIn title={t().courses} />;
  const { value, error } = state.value;
  return (
    <Page title={value?.title ?? t().courses} here="courses">
      {!value && error && <Problem error={error} retry={() => void reload()} />}
      {!value && !error && <Skeleton />}
      {value && <Detail course={value} reload={() => void reload()} />}
    </Page>
  );
}
