/** A question in the teacher's list. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { d } from "../../i18n/desk";
import { q } from "../../i18n/questions";
import type { Question } from "../../protocol/questions";
import type { PersonRef } from "../../protocol/types";
import { serverNow } from "../../state/app";
import type { QuestionRoom } from "../../state/questions";
import { Button } from "../basics";
import { Icon } from "../icon";
import { Answers, askerText, Num, StateTag } from "../questions/card";
import { AnswerBox } from "../questions/row";
import { UserText } from "../user-text";
import { CareFacts, CareForm, labelsOf } from "./care";
import { Entry, type EntryProps } from "./entry";
import { Waited } from "./waited";

/** Ms for which a question is before the teacher's eyes until it counts as seen. */
const SEEN_AFTER = 1_000;

export function ScreenButton({ room, question }: { room: QuestionRoom; question: Question }) {
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

function Words({ room, question }: { room: QuestionRoom; question: Question }) {
  const shown = room.questions.value.onScreen === question.number;
  const asked = Date.parse(question.asked_at);
  const waiting = question.state === "open" || question.state === "in-review";
  const origin = question.lesson === null ? d().fromBook : q().fromLesson;
  return (
    <>
      <span class="question-head">
        <Num number={question.number} />
        {question.state !== "open" && <StateTag question={question} />}
        {question.starred && <Icon name="star" />}
        {question.lesson !== room.lesson && <span class="tag tag-seen">{origin}</span>}
        <CareFacts question={question} />
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
        {waiting && question.lesson === room.lesson && <Waited since={() => serverNow() - asked} />}
        {question.answers.length > 0 && <span>{q().answers(question.answers.length)}</span>}
      </span>
    </>
  );
}

export function QuestionEntry(
  props: EntryProps & {
    room: QuestionRoom;
    question: Question;
    teachers: readonly PersonRef[];
    /** Whether the box for a written answer is open. */
    writing: boolean;
    close: () => void;
  },
) {
  const { room, question, selected } = props;
  const element = useSeen(room, question);
  const caring = useSignal(false);
  const { number } = question;
  return (
    <Entry
      {...props}
      testid="queue-item"
      data={{ "data-number": number }}
      element={element}
      mark={
        <span class="queue-votes">
          <Icon name="vote" />
          <span class="visually-hidden">{q().votes(question.votes)}</span>
          <span aria-hidden="true">{question.votes}</span>
        </span>
      }
      words={<Words room={room} question={question} />}
      actions={
        <>
          <StarButton room={room} question={question} />
          <ScreenButton room={room} question={question} />
          <Button
            icon="person"
            pressed={caring.value}
            testid="care-open"
            onClick={() => {
              caring.value = !caring.value;
            }}
          >
            {d().care}
          </Button>
        </>
      }
      below={
        <>
          {selected && caring.value && (
            <CareForm
              question={question}
              teachers={props.teachers}
              labels={labelsOf(room.questions.value.known.values())}
              act={(name, args) => void room.act(name, args)}
              close={() => {
                caring.value = false;
              }}
            />
          )}
          {selected && <TheirAnswers room={room} question={question} />}
          {props.writing && (
            <AnswerBox
              room={room}
              question={number}
              command="question_answer"
              label={q().textAnswer(number)}
              close={props.close}
            />
          )}
        </>
      }
    />
  );
}
