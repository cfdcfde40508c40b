/** The second screen: the question that is on, in letters to be read from three metres. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { useRoute } from "preact-iso";
import { Problem, Skeleton } from "../components/basics";
import { spokenCode } from "../components/invite";
import { Announcer, LanguageSwitch, useTitle } from "../components/shell";
import { UserText } from "../components/user-text";
import { t } from "../i18n";
import { q, useQuestionTexts } from "../i18n/questions";
import type { ApiError } from "../protocol/api";
import type { Question } from "../protocol/questions";
import { LessonSocket } from "../protocol/socket";
import type { Lesson } from "../protocol/types";
import { api, asApiError } from "../state/app";
import { apply, join, NOTHING, type Questions, type Viewer } from "../state/questions-reducer";
import { answering, inTab } from "../state/questions-view";
import "../styles/questions.css";

/** What is on the screen is for everybody: it is built as a student's page is. */
const VIEWER: Viewer = { person: null, teacher: false };

/** Characters up to which a question is set in the largest letters, and in large ones. */
const SHORT = 80;
const MIDDLE = 220;

function sizeOf(text: string): string {
  if (text.length <= SHORT) return "screen-short";
  return text.length <= MIDDLE ? "screen-middle" : "screen-long";
}

function useLesson(id: string) {
  const lesson = useSignal<Lesson | null>(null);
  const error = useSignal<ApiError | null>(null);
  const questions = useSignal<Questions>(NOTHING);
  const socket = useMemo(
    () =>
      new LessonSocket(id, {
        view: (view) => {
          lesson.value = view.lesson;
        },
        state: () => {},
      }),
    [id],
  );
  useEffect(() => {
    const stop = socket.feed.listen({
      joined: (answer) => {
        questions.value = join(questions.value, answer, VIEWER);
      },
      event: (event) => {
        questions.value = apply(questions.value, event, VIEWER);
      },
      mine: () => {},
      online: () => {},
    });
    const open = async () => {
      try {
        lesson.value = await api.lesson(id);
        socket.open();
      } catch (problem) {
        error.value = asApiError(problem);
      }
    };
    void open();
    return () => {
      stop();
      socket.close();
    };
  }, [socket]);
  return { lesson, error, questions };
}

function Shown({ question, live }: { question: Question; live: boolean }) {
  const { number, text, anonymous, asker } = question;
  return (
    <article class={`screen-question ${sizeOf(text)}`} data-testid="screen-question">
      <p class="screen-number">
        <span class="visually-hidden">{q().number(number)}</span>
        <span aria-hidden="true">#{number}</span>
        {live && <span class="screen-live">{q().screenAnswering}</span>}
      </p>
      <h2>
        <UserText>{text}</UserText>
      </h2>
      <p class="screen-facts">
        <span>{anonymous || !asker ? q().anonymous : asker.name}</span>
        <span>{q().votes(question.votes)}</span>
      </p>
    </article>
  );
}

function Idle({ lesson, open }: { lesson: Lesson; open: number }) {
  return (
    <div class="screen-idle" data-testid="screen-idle">
      <h2>{q().screenIdle}</h2>
      <p>{q().screenIdleHint}</p>
      {lesson.join_code && <p class="screen-code">{spokenCode(lesson.join_code)}</p>}
      {open > 0 && <p>{q().screenOpen(open)}</p>}
    </div>
  );
}

function Body({ lesson, questions }: { lesson: Lesson; questions: Questions }) {
  const now = answering(questions);
  const shown = questions.onScreen === null ? now : questions.known.get(questions.onScreen);
  if (shown) return <Shown question={shown} live={shown.state === "answering"} />;
  const open = [...questions.known.values()].filter((each) => inTab(each, "open", new Set()));
  return <Idle lesson={lesson} open={open.length} />;
}

function Screen({ id }: { id: string }) {
  const { lesson, error, questions } = useLesson(id);
  const ready = useQuestionTexts();
  useTitle(ready ? q().screenTitle : "");
  return (
    <div class="screen">
      <header class="screen-top">
        <LanguageSwitch />
        <h1>{lesson.value ? <UserText>{lesson.value.title}</UserText> : t().appName}</h1>
      </header>
      <main id="content" class="screen-main" tabIndex={-1}>
        {error.value && <Problem error={error.value} />}
        {!error.value && (!ready || !lesson.value) && <Skeleton rows={2} />}
        {ready && lesson.value && <Body lesson={lesson.value} questions={questions.value} />}
      </main>
      <Announcer />
    </div>
  );
}

export default function ScreenPage() {
  const { params } = useRoute();
  const id = params.id ?? "";
  return <Screen key={id} id={id} />;
}
