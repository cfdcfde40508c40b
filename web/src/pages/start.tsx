/** The first page: what is on now, what comes, and the way in. */
import { useEffect } from "preact/hooks";
import {
  Button,
  Empty,
  LinkButton,
  Notice,
  Problem,
  problemText,
  Skeleton,
  StateBadge,
} from "../components/basics";
import { Icon } from "../components/icon";
import { JoinForm } from "../components/join-form";
import { LessonCard } from "../components/lesson-card";
import { useLater } from "../components/questions/later";
import { Page } from "../components/shell";
import { t } from "../i18n";
import type { Demo, Lesson } from "../protocol/types";
import { api, loadSession, person, session, sessionError } from "../state/app";
import { useLoad } from "../state/load";

/** Lessons begin without a push to this page: look again this often, in ms. */
const REFRESH = 20_000;

export function DemoHero({ demo }: { demo: Demo }) {
  return (
    <section class="hero" data-testid="demo">
      <div class="stack">
        <div>
          <StateBadge state="live" />
        </div>
        <h2>{t().demoTitle}</h2>
        <p>{t().demoLead}</p>
      </div>
      <ul class="roles">
        {demo.links.map((link) => (
          <li key={link.role} class="tile-link">
            <a href={pathOf(link.url)} target="_top" data-testid={`demo-${link.role}`}>
              <strong>{t().demoAs[link.role]}</strong>
              <span>{t().demoAsHint[link.role]}</span>
            </a>
          </li>
        ))}
      </ul>
      {person.value && (
        <div>
          <LinkButton look="primary" icon="play" large href={`/lessons/${demo.lesson.id}`}>
            {t().demoWatch}
          </LinkButton>
        </div>
      )}
    </section>
  );
}

/** Stay at the address this page was opened by: the server may know itself by another name. */
function pathOf(url: string): string {
  try {
    const parsed = new URL(url, location.href);
    return `${parsed.pathname}${parsed.search}${parsed.hash}`;
  } catch {
    return url;
  }
}

function Lessons(props: {
  title: string;
  lessons: Lesson[];
  emptyTitle: string;
  emptyHint: string;
}) {
  return (
    <section class="stack">
      <h2>{props.title}</h2>
      {props.lessons.length === 0 ? (
        <Empty icon="lesson" title={props.emptyTitle}>
          {props.emptyHint}
        </Empty>
      ) : (
        <ul class="list">
          {props.lessons.map((lesson) => (
            <li key={lesson.id}>
              <LessonCard lesson={lesson} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function MyLessons() {
  const { state, reload } = useLoad(() => api.lessons());
  useEffect(() => {
    const timer = setInterval(() => void reload(), REFRESH);
    return () => clearInterval(timer);
  }, [reload]);
  const { value, error } = state.value;
  if (!value && error) return <Problem error={error} retry={() => void reload()} />;
  if (!value) return <Skeleton />;
  return (
    <div class="stack-wide">
      <Lessons
        title={t().liveNow}
        lessons={value.live}
        emptyTitle={t().nothingLive}
        emptyHint={t().nothingLiveHint}
      />
      <Lessons
        title={t().next}
        lessons={value.next}
        emptyTitle={t().nothingNext}
        emptyHint={t().nothingNextHint}
      />
      <div class="row">
        <LinkButton href="/courses" icon="lesson">
          {t().myCourses}
        </LinkButton>
        <Kept />
      </div>
    </div>
  );
}

/** The way to what opens without a network. */
function Kept() {
  const Link = useLater(() => import("../components/offline/link"));
  return Link ? <Link /> : null;
}

function WayIn() {
  return (
    <div class="two">
      <section class="card stack">
        <h2>{t().joinTitle}</h2>
        <JoinForm />
      </section>
      <section class="card stack">
        <h2>{t().signIn}</h2>
        <p class="soft">{t().noPassword}</p>
        <div>
          <LinkButton href="/sign-in">{t().signIn}</LinkButton>
        </div>
      </section>
    </div>
  );
}

export default function Start() {
  const demo = useLoad(() => api.demo());
  const who = person.value;
  const shown = demo.state.value.value;
  if (!session.value && sessionError.value) {
    return (
      <Page title={t().startTitle}>
        <Notice tone="error" title={t().problemTitle}>
          <p>{problemText(sessionError.value)}</p>
          <Button icon="reconnecting" onClick={() => void loadSession()}>
            {t().retry}
          </Button>
        </Notice>
        <Kept />
      </Page>
    );
  }
  return (
    <Page title={who ? t().hello(who.name) : t().startTitle} lead={!who && t().startLead}>
      {shown && <DemoHero demo={shown} />}
      {who ? <MyLessons /> : <WayIn />}
      {who && (
        <section class="card stack">
          <h2>
            <Icon name="link" /> {t().goJoin}
          </h2>
          <JoinForm />
        </section>
      )}
    </Page>
  );
}
