/** The teacher's questions: one queue, five keys, ten seconds to take anything back. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { q, useQuestionTexts } from "../../i18n/questions";
import type { Question } from "../../protocol/questions";
import type { LessonSocket } from "../../protocol/socket";
import type { Lesson } from "../../protocol/types";
import { serverNow } from "../../state/app";
import type { QuestionRoom } from "../../state/questions";
import { answering, QUEUES, type Queue, queued, queueOf } from "../../state/questions-view";
import { Button, Notice, Segments, Skeleton } from "../basics";
import { Icon } from "../icon";
import { UserText } from "../user-text";
import "../../styles/questions.css";
import { Waiting } from "./ask";
import { Answers, askerText, Num, StateTag } from "./card";
import { useQueueKeys } from "./keys";
import { EmptyList, FreshPill, useSteady } from "./list";
import { MergeDialog } from "./merge";
import { Refusal } from "./problems";
import { useRoom } from "./room";
import { AnswerBox } from "./row";
import { QuestionSettingsBox } from "./settings";
import { STEPS, type Step } from "./steps";
import { UndoBar } from "./undo";

/** Ms for which a question is before the teacher's eyes until it counts as seen. */
const SEEN_AFTER = 1_000;

function stepName(step: Step): string {
  const { begin, done, inText, later, hideQuestion, approve, reopen, merge } = q();
  return { begin, done, text: inText, later, dismiss: hideQuestion, approve, reopen, merge }[step];
}

/** The box or dialog that a step opens. */
export type Opened = { step: "text" | "merge"; number: number } | null;

function Steps(props: {
  question: Question;
  main?: boolean;
  take: (question: Question, step: Step) => void;
}) {
  return (
    <>
      {STEPS[props.question.state].map((step, index) => (
        <Button
          key={step}
          look={index === 0 ? "primary" : "plain"}
          large={props.main === true && index === 0}
          testid={`step-${step}`}
          onClick={() => props.take(props.question, step)}
        >
          {stepName(step)}
        </Button>
      ))}
    </>
  );
}

function ScreenButton({ room, question }: { room: QuestionRoom; question: Question }) {
  const on = room.questions.value.onScreen === question.number;
  return (
    <Button
      icon={on ? "screenOff" : "screen"}
      pressed={on}
      testid="to-screen"
      onClick={() => void room.act("question_show", { question: on ? null : question.number })}
    >
      {on ? q().fromScreen : q().toScreen}
    </Button>
  );
}

function StarButton({ room, question }: { room: QuestionRoom; question: Question }) {
  const on = question.starred === true;
  return (
    <Button
      icon="star"
      pressed={on}
      testid="star"
      onClick={() => void room.act("question_star", { question: question.number, on: !on })}
    >
      {on ? q().unstar : q().star}
    </Button>
  );
}

/** Answers of students, which the teacher may praise or take away. */
function TheirAnswers({ room, question }: { room: QuestionRoom; question: Question }) {
  const act = (name: string, answer: number, rest: Record<string, unknown>) =>
    void room.act(name, { question: question.number, answer, ...rest });
  return (
    <Answers
      answers={question.answers}
      actions={({ answer, good, teacher }) => (
        <div class="row">
          {!teacher && (
            <Button
              look="quiet"
              icon="star"
              pressed={good}
              testid="mark-good"
              onClick={() => act("answer_mark", answer, { good: !good })}
            >
              {good ? q().unmarkGood : q().markGood}
            </Button>
          )}
          <Button look="quiet" onClick={() => act("answer_remove", answer, { on: true })}>
            {q().removeAnswer}
          </Button>
        </div>
      )}
    />
  );
}

/** Tell the server once a question has been in view for a moment. */
function useSeen(room: QuestionRoom, question: Question) {
  const element = useRef<HTMLLIElement>(null);
  const { number, seen } = question;
  useEffect(() => {
    const item = element.current;
    if (seen === true || !item) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      if (document.visibilityState === "visible") room.see(number);
    };
    const observer = new IntersectionObserver(([entry]) => {
      clearTimeout(timer);
      if (entry?.isIntersecting) timer = setTimeout(look, SEEN_AFTER);
    });
    observer.observe(item);
    return () => {
      observer.disconnect();
      clearTimeout(timer);
    };
  }, [room, number, seen]);
  return element;
}

interface RowProps {
  room: QuestionRoom;
  question: Question;
  selected: boolean;
  opened: Opened;
  select: () => void;
  take: (question: Question, step: Step) => void;
  close: () => void;
  children?: ComponentChildren;
}

export const headId = (number: number) => `question-${number}`;

function QueueRow(props: RowProps) {
  const { room, question, selected, opened } = props;
  const element = useSeen(room, question);
  const { number } = question;
  const shown = room.questions.value.onScreen === number;
  return (
    <li
      ref={element}
      class={`queue-item${selected ? " queue-selected" : ""}`}
      data-testid="queue-item"
      data-number={number}
    >
      <button
        type="button"
        id={headId(number)}
        class="queue-head"
        aria-expanded={selected}
        onClick={props.select}
      >
        <span class="queue-votes">
          <Icon name="vote" />
          <span class="visually-hidden">{q().votes(question.votes)}</span>
          <span aria-hidden="true">{question.votes}</span>
        </span>
        <span class="queue-words">
          <span class="question-head">
            <Num number={number} />
            {question.state !== "open" && <StateTag question={question} />}
            {question.starred && <Icon name="star" />}
            {shown && (
              <span class="tag tag-seen">
                <Icon name="screen" /> {q().onScreen}
              </span>
            )}
          </span>
          <span class="question-text">
            <UserText>{question.text}</UserText>
          </span>
          <span class="question-facts soft">
            <span>{askerText(question, room.viewer, false)}</span>
            {question.first && <span>{q().firstQuestion}</span>}
            {question.lesson !== room.lesson && <span>{q().fromLesson}</span>}
            {question.answers.length > 0 && <span>{q().answers(question.answers.length)}</span>}
          </span>
        </span>
      </button>
      {selected && (
        <div class="queue-actions">
          <Steps question={question} take={props.take} />
          <StarButton room={room} question={question} />
          <ScreenButton room={room} question={question} />
        </div>
      )}
      {selected && <TheirAnswers room={room} question={question} />}
      {opened?.step === "text" && opened.number === number && (
        <AnswerBox
          room={room}
          question={number}
          command="question_answer"
          label={q().textAnswer(number)}
          close={props.close}
        />
      )}
    </li>
  );
}

/** What the teacher is answering, in large letters, with what comes next. */
function OnAir(props: {
  room: QuestionRoom;
  question: Question;
  opened: Opened;
  take: (question: Question, step: Step) => void;
  close: () => void;
}) {
  const { question, room } = props;
  return (
    <section class="now now-large" aria-label={q().states.answering} data-testid="answering-now">
      <h3>
        <Icon name="microphone" /> {q().states.answering}
      </h3>
      <p class="now-text">
        <Num number={question.number} /> <UserText>{question.text}</UserText>
      </p>
      <p class="question-facts">
        <span>{askerText(question, room.viewer, false)}</span>
        <span>{q().votes(question.votes)}</span>
      </p>
      <div class="queue-actions">
        <Steps main question={question} take={props.take} />
        <ScreenButton room={room} question={question} />
      </div>
      {props.opened?.step === "text" && props.opened.number === question.number && (
        <AnswerBox
          room={room}
          question={question.number}
          command="question_answer"
          label={q().textAnswer(question.number)}
          close={props.close}
        />
      )}
    </section>
  );
}

const COMMANDS: Record<Exclude<Step, "text" | "merge">, string> = {
  approve: "question_approve",
  begin: "question_begin",
  done: "question_done",
  later: "question_later",
  dismiss: "question_dismiss",
  reopen: "question_reopen",
};

function Inside({ room }: { room: QuestionRoom }) {
  const queue = useSignal<Queue>("new");
  const selected = useSignal<number | null>(null);
  const opened = useSignal<Opened>(null);
  const questions = room.questions.value;
  const now = answering(questions);
  const list = queued(questions, queue.value, "top", serverNow());
  // What the teacher has dealt with leaves the queue at once.
  const stays = (question: Question) => queueOf(question) === queue.value;
  const steady = useSteady(queue.value, list, questions.known, { stays });
  const { items } = steady;
  const close = () => {
    opened.value = null;
  };
  const take = (question: Question, step: Step) => {
    const { number } = question;
    if (step === "text" || step === "merge") opened.value = { step, number };
    else void room.act(COMMANDS[step], { question: number });
  };
  const current = items.find((each) => each.number === selected.value) ?? null;
  const select = (number: number) => {
    selected.value = number;
    document.getElementById(headId(number))?.focus();
  };
  useQueueKeys({ room, now, items, current, select, take });
  const all = [...questions.known.values()];
  const count = (of: Queue) => all.filter((each) => queueOf(each) === of).length;
  const merging = opened.value?.step === "merge" ? questions.known.get(opened.value.number) : null;
  return (
    <>
      {questions.settings.paused && <Notice tone="warning">{q().pausedTeacher}</Notice>}
      {now && <OnAir room={room} question={now} opened={opened.value} take={take} close={close} />}
      <Waiting room={room} course={null} />
      <Refusal room={room} />
      <UndoBar room={room} />
      <Segments
        label={q().queuesLabel}
        testid="queues"
        value={queue.value}
        choices={QUEUES.map((value) => ({ value, label: `${q().queues[value]} ${count(value)}` }))}
        onChange={(value) => {
          queue.value = value as Queue;
        }}
      />
      <div class="steady">
        {items.length === 0 ? (
          <EmptyList title={q().emptyQueue[queue.value]} hint={q().emptyQueueHint[queue.value]} />
        ) : (
          <ul class="queue" data-testid="queue">
            {items.map((each) => (
              <QueueRow
                key={each.number}
                room={room}
                question={each}
                selected={each.number === selected.value}
                opened={opened.value}
                select={() => {
                  selected.value = selected.value === each.number ? null : each.number;
                }}
                take={take}
                close={close}
              />
            ))}
          </ul>
        )}
        <FreshPill steady={steady} />
      </div>
      <MergeDialog room={room} question={merging ?? null} close={close} />
      <QuestionSettingsBox room={room} />
    </>
  );
}

export default function QuestionsConsole(props: { lesson: Lesson; socket: LessonSocket }) {
  const room = useRoom(props.lesson, props.socket, true);
  if (!useQuestionTexts() || !room.ready.value) return <Skeleton rows={2} />;
  return (
    <section class="card stack console" aria-label={q().queue} data-testid="console">
      <h2>{q().queue}</h2>
      <Inside room={room} />
    </section>
  );
}
