/** The teacher's page: check the devices, practise, go live, end. */
import { useEffect, useMemo } from "preact/hooks";
import { useRoute } from "preact-iso";
import { LinkButton, Problem, Skeleton, StateBadge } from "../components/basics";
import { Icon } from "../components/icon";
import { Announcer, LanguageSwitch, useTitle } from "../components/shell";
import { Leave } from "../components/teach/steps";
import { Workplace } from "../components/teach/workplace";
import { UserText } from "../components/user-text";
import { t } from "../i18n";
import { useTeachTexts, w } from "../i18n/teach";
import { expose } from "../state/debug";
import { Studio } from "../state/studio";
import "../styles/live.css";

function Body({ studio }: { studio: Studio }) {
  const lesson = studio.lesson.value;
  if (studio.error.value) {
    return (
      <div class="page page-narrow">
        <Problem error={studio.error.value} retry={() => void studio.load()} />
        <LinkButton href={`/sign-in?next=${encodeURIComponent(location.pathname)}`}>
          {t().goSignIn}
        </LinkButton>
      </div>
    );
  }
  if (!lesson) {
    return (
      <div class="page">
        <Skeleton rows={2} />
      </div>
    );
  }
  if (lesson.state === "ended") {
    return (
      <div class="centre" data-testid="ended">
        <Icon name="success" large />
        <h2>{w().endedTeacher}</h2>
        <p class="soft">{w().endedTeacherHint}</p>
        <LinkButton
          look="primary"
          href={lesson.course ? `/courses/${lesson.course.id}` : "/courses"}
        >
          {lesson.course?.title ?? t().toCourses}
        </LinkButton>
      </div>
    );
  }
  if (!lesson.rights.includes("publish")) {
    return (
      <div class="centre" data-testid="not-teacher">
        <Icon name="warning" large />
        <h2>{w().notTeacher}</h2>
        <LinkButton look="primary" icon="play" href={`/lessons/${lesson.id}`}>
          {w().watchInstead}
        </LinkButton>
      </div>
    );
  }
  return <Workplace studio={studio} lesson={lesson} />;
}

function Teaching({ id }: { id: string }) {
  const studio = useMemo(() => new Studio(id), [id]);
  const lesson = studio.lesson.value;
  const ready = useTeachTexts();
  useTitle(lesson ? `${t().teach}: ${lesson.title}` : t().teach);
  useEffect(() => {
    studio.open();
    expose({
      publisher: () => studio.pc,
      screenPublisher: () => studio.screenPc,
      studio: () => studio,
    });
    return () => studio.close();
  }, [studio]);
  return (
    <div class="live">
      <header class="live-top">
        <LanguageSwitch />
        <div class="live-title">
          <h1>{lesson ? <UserText>{lesson.title}</UserText> : t().teach}</h1>
          {lesson?.course && (
            <p class="soft">
              <UserText>{lesson.course.title}</UserText>
            </p>
          )}
        </div>
        {lesson && <StateBadge state={lesson.state} />}
        {ready && <Leave studio={studio} />}
      </header>
      <main id="content" tabIndex={-1}>
        {ready ? <Body studio={studio} /> : <Skeleton rows={2} />}
      </main>
      <Announcer />
    </div>
  );
}

export default function TeachPage() {
  const { params } = useRoute();
  const id = params.id ?? "";
  return <Teaching key={id} id={id} />;
}
