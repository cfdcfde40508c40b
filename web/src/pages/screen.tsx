/** The second screen, to be read from three metres: the question or poll that is on, or else the slide. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { useRoute } from "preact-iso";
import { Problem, Skeleton } from "../components/basics";
import { PollBars } from "../components/class/bars";
import { Icon } from "../components/icon";
import { spokenCode } from "../components/invite";
import { Announcer, LanguageSwitch, useTitle } from "../components/shell";
import { SlidePicture } from "../components/slides/picture";
import { UserText } from "../components/user-text";
import { t } from "../i18n";
import { useClassTexts } from "../i18n/class";
import { h, useHandTexts } from "../i18n/hands";
import { q, useQuestionTexts } from "../i18n/questions";
import { useSlideTexts } from "../i18n/slides";
import type { ApiError } from "../protocol/api";
import type { Poll } from "../protocol/class-feed";
import type { Question } from "../protocol/questions";
import type { Slide } from "../protocol/slides";
import { LessonSocket } from "../protocol/socket";
import type { Lesson } from "../protocol/types";
import { api, asApiError } from "../state/app";
import { pollToShow } from "../state/class";
import { applyHands, type Hands, joinHands, NO_HANDS, onAir } from "../state/hands-reducer";
import { apply, join, NOTHING, type Questions, type Viewer } from "../state/questions-reducer";
import { answering, inTab } from "../state/questions-view";
import "../styles/questions.css";
import "../styles/slides.css";
import "../styles/class.css";
import "../styles/screen.css";

/** What is on the screen is for everybody: it is built as a student's page is. */
const VIEWER: Viewer = { person: null, teacher: false };

/** Characters up to which a question is set in the largest letters, and in large ones. */
const SHORT = 80;
const MIDDLE = 220;

function sizeOf(text: string): string {
  if (text.length <= SHORT) return "screen-short";
  return text.length <= MIDDLE ? "screen-middle" : "screen-long";
}

/** What the screen knows of its lesson. */
interface Known {
  lesson: Lesson | null;
  slide: Slide | null;
  error: ApiError | null;
  questions: Questions;
  hands: Hands;
  polls: readonly Poll[];
}

function useLesson(id: string): Known {
  const lesson = useSignal<Lesson | null>(null);
  const slide = useSignal<Slide | null>(null);
  const error = useSignal<ApiError | null>(null);
  const questions = useSignal<Questions>(NOTHING);
  const hands = useSignal<Hands>(NO_HANDS);
  const polls = useSignal<readonly Poll[]>([]);
  const socket = useMemo(
    () =>
      new LessonSocket(id, {
        view: (view) => {
          lesson.value = view.lesson;
          slide.value = view.slide;
        },
        state: () => {},
      }),
    [id],
  );
  useEffect(() => {
    const quiet = { mine: () => {}, online: () => {} };
    const stops = [
      socket.feed.listen({
        ...quiet,
        joined: (answer) => {
          questions.value = join(questions.value, answer, VIEWER);
        },
        event: (event) => {
          questions.value = apply(questions.value, event, VIEWER);
        },
      }),
      socket.hands.listen({
        ...quiet,
        joined: ({ seq, events, hands: list }) => {
          if (list) hands.value = joinHands(hands.value, { seq, events, hands: list }, null);
        },
        event: (event) => {
          hands.value = applyHands(hands.value, event, null);
        },
      }),
      socket.class.listen((view) => {
        polls.value = view.polls;
      }),
    ];
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
      for (const stop of stops) stop();
      socket.close();
    };
  }, [socket]);
  return {
    lesson: lesson.value,
    slide: slide.value,
    error: error.value,
    questions: questions.value,
    hands: hands.value,
    polls: polls.value,
  };
}

/** A poll: its answers to choose from, and its bars once the teacher shows them. */
function ShownPoll({ poll }: { poll: Poll }) {
  return (
    <article class={`screen-question ${sizeOf(poll.text)} screen-poll`} data-testid="screen-poll">
      <h2>
        <UserText>{poll.text}</UserText>
      </h2>
      {poll.shown && poll.counts ? (
        <PollBars poll={poll} />
      ) : (
        <ol class="screen-options">
          {poll.options.map((option) => (
            <li key={option}>
              <UserText>{option}</UserText>
            </li>
          ))}
        </ol>
      )}
    </article>
  );
}

/** The result of a poll, until the teacher goes on to another slide. */
function useResult(poll: Poll | null, slide: Slide | null): Poll | null {
  const since = useRef({ poll: 0, slide: 0 });
  const on = slide?.number ?? 0;
  if (poll === null) return null;
  if (poll.number !== since.current.poll) since.current = { poll: poll.number, slide: on };
  return on === 0 || on === since.current.slide ? poll : null;
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

/** Whoever is heard besides the teacher, below whatever else is on. */
function Speaker({ hands }: { hands: Hands }) {
  const speaker = onAir(hands);
  if (!speaker) return null;
  return (
    <p class="screen-speaker" data-testid="screen-speaker">
      <Icon name="microphone" /> <UserText>{h().speaks(speaker.person.name)}</UserText>
    </p>
  );
}

function Body({ lesson, slide, questions, polls }: Known & { lesson: Lesson }) {
  const readable = useSlideTexts();
  const poll = pollToShow(polls);
  const result = useResult(poll?.state === "closed" ? poll : null, slide);
  const chosen = questions.onScreen === null ? null : questions.known.get(questions.onScreen);
  const now = answering(questions);
  if (chosen) return <Shown question={chosen} live={chosen.state === "answering"} />;
  if (poll?.state === "open") return <ShownPoll poll={poll} />;
  if (now) return <Shown question={now} live />;
  if (result) return <ShownPoll poll={result} />;
  if (slide && readable) {
    return (
      <div class="screen-slide">
        <SlidePicture lesson={lesson.id} slide={slide} sizes="100vw" />
      </div>
    );
  }
  const open = [...questions.known.values()].filter((each) => inTab(each, "open", new Set()));
  return <Idle lesson={lesson} open={open.length} />;
}

function Screen({ id }: { id: string }) {
  const known = useLesson(id);
  const { lesson, error } = known;
  const ready = [useQuestionTexts(), useHandTexts(), useClassTexts()].every(Boolean);
  useTitle(ready ? q().screenTitle : "");
  return (
    <div class="screen">
      <header class="screen-top">
        <LanguageSwitch />
        <h1>{lesson ? <UserText>{lesson.title}</UserText> : t().appName}</h1>
      </header>
      <main id="content" class="screen-main" tabIndex={-1}>
        {error && <Problem error={error} />}
        {!error && (!ready || !lesson) && <Skeleton rows={2} />}
        {ready && lesson && (
          <>
            <Body {...known} lesson={lesson} />
            <Speaker hands={known.hands} />
          </>
        )}
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
