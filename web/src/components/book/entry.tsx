/** A question in the book: read, vote, help; for teachers answer, and say who answers until when. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { t } from "../../i18n";
import { b } from "../../i18n/book";
import { durationText } from "../../i18n/dates";
import { d } from "../../i18n/desk";
import { q } from "../../i18n/questions";
import type { Question, WrittenAnswer } from "../../protocol/questions";
import { timeParameter } from "../../protocol/replay-clock";
import type { CourseDetail } from "../../protocol/types";
import { type Action, useAction } from "../../state/action";
import type { Book } from "../../state/book";
import type { Viewer } from "../../state/questions-reducer";
import { inTab, progressOf } from "../../state/questions-view";
import { QUESTION_STEPS } from "../../state/steps";
import { Button, LinkButton } from "../basics";
import { CareFacts, CareForm, labelsOf } from "../desk/care";
import { Icon } from "../icon";
import { Card } from "../questions/card";
import { fits, TextBox, useDraft } from "../questions/text-box";
import { BookProblem } from "./problem";

export interface BookEntryProps {
  book: Book;
  course: CourseDetail;
  viewer: Viewer;
  question: Question;
}

type Open = "answer" | "care" | "edit" | null;

/** The step of a page with this book; what goes wrong is shown under the question. */
type Act = (name: string, args: Record<string, unknown>) => void;

function Vote({ book, question, act, own }: BookEntryProps & { act: Act; own: boolean }) {
  const on = book.voted.value.has(question.number);
  if (own || question.state === "merged") {
    return (
      <p class="vote vote-own" title={q().votes(question.votes)}>
        <Icon name="vote" />
        <span class="visually-hidden">{q().votes(question.votes)}</span>
        <span aria-hidden="true">{question.votes}</span>
      </p>
    );
  }
  const label = on ? q().unvote(question.number) : q().vote(question.number);
  return (
    <button
      type="button"
      class="vote"
      aria-pressed={on}
      title={label}
      data-testid="vote"
      onClick={() => act("question_vote", { question: question.number, on: !on })}
    >
      <Icon name="vote" />
      <span class="visually-hidden">
        {label} ({q().votes(question.votes)})
      </span>
      <span aria-hidden="true">{question.votes}</span>
    </button>
  );
}

/** A box whose text stays until the server has it. */
function Write(props: {
  book: Book;
  question: Question;
  command: "question_answer" | "answer_give" | "question_edit";
  label: string;
  close: () => void;
}) {
  const { book, question, command } = props;
  const { number } = question;
  const text = useDraft(`book.${command}.${number}.${question.asked_at}`);
  const { busy, error, run } = useAction();
  const start = command === "question_edit" && text.value === "" ? question.text : text.value;
  const send = () => {
    if (!fits(start)) return;
    void run(async () => {
      await book.act(command, { question: number, text: start.trim() });
      text.value = "";
      props.close();
    });
  };
  return (
    <TextBox
      label={props.label}
      text={start}
      rows={3}
      testid="answer-text"
      onText={(words) => {
        text.value = words;
      }}
      onSend={send}
    >
      {error.value && <BookProblem error={error.value} />}
      <div class="row">
        <Button
          look="primary"
          type="submit"
          busy={busy.value}
          disabled={!fits(start)}
          testid="answer-send"
        >
          {command === "question_edit" ? q().save : q().sendAnswer}
        </Button>
        <Button onClick={props.close}>{t().cancel}</Button>
      </div>
    </TextBox>
  );
}

/** "Answered live in “Bytes” at 18:05", and the way there. */
function WhereAnswered({ question, course }: { question: Question; course: CourseDetail }) {
  const { answer } = question;
  if (answer?.how !== "live" || answer.from === null || !answer.lesson) return null;
  const lesson = course.lessons.find((each) => each.id === answer.lesson);
  const at = `/lessons/${answer.lesson}/replay?t=${timeParameter(answer.from)}`;
  return (
    <div class="hand-row">
      <p class="soft">{b().answeredLive(answer.title ?? "", durationText(answer.from / 1_000))}</p>
      {lesson?.rights.includes("replay") && (
        <LinkButton look="quiet" icon="play" href={at}>
          {b().watchAnswer}
        </LinkButton>
      )}
    </div>
  );
}

/** Steps with a question that need no lesson; the box for an answer has a button of its own. */
const IN_BOOK = {
  approve: "question_approve",
  later: "question_later",
  dismiss: "question_dismiss",
  reopen: "question_reopen",
} as const;

function stepName(step: keyof typeof IN_BOOK): string {
  const { approve, later, hideQuestion, reopen } = q();
  return { approve, later, dismiss: hideQuestion, reopen }[step];
}

interface ActionsProps extends BookEntryProps {
  act: Act;
  open: Open;
  toggle: (what: Exclude<Open, null>) => () => void;
}

function TeacherActions({ question, act, open, toggle }: ActionsProps) {
  const { number, state, starred } = question;
  const steps = QUESTION_STEPS[state];
  return (
    <>
      {steps.includes("text") && (
        <Button
          look={state === "answered" ? "plain" : "primary"}
          icon="edit"
          pressed={open === "answer"}
          testid="book-answer"
          onClick={toggle("answer")}
        >
          {q().inText}
        </Button>
      )}
      <Button icon="person" pressed={open === "care"} testid="care-open" onClick={toggle("care")}>
        {d().care}
      </Button>
      <Button
        icon="star"
        pressed={starred === true}
        testid="star"
        onClick={() => act("question_star", { question: number, on: starred !== true })}
      >
        {starred ? q().unstar : q().star}
      </Button>
      {(Object.keys(IN_BOOK) as (keyof typeof IN_BOOK)[])
        .filter((step) => steps.includes(step))
        .map((step) => (
          <Button
            key={step}
            look="quiet"
            testid={`step-${step}`}
            onClick={() => act(IN_BOOK[step], { question: number })}
          >
            {stepName(step)}
          </Button>
        ))}
    </>
  );
}

function StudentActions({ question, act, open, toggle, own }: ActionsProps & { own: boolean }) {
  const { number, state, seen } = question;
  const waits = state === "open" || state === "in-review";
  if (!own) {
    if (!inTab(question, "open", new Set())) return null;
    return (
      <Button
        look="quiet"
        icon="edit"
        pressed={open === "answer"}
        testid="book-help"
        onClick={toggle("answer")}
      >
        {q().answerAction}
      </Button>
    );
  }
  return (
    <>
      {waits && !seen && (
        <Button look="quiet" testid="edit" pressed={open === "edit"} onClick={toggle("edit")}>
          {q().edit}
        </Button>
      )}
      {(waits || state === "later") && (
        <Button
          look="quiet"
          testid="withdraw"
          onClick={() => act("question_withdraw", { question: number })}
        >
          {q().withdraw}
        </Button>
      )}
    </>
  );
}

function answerActions(props: BookEntryProps & { act: Act }, answer: WrittenAnswer) {
  const { viewer, question, act } = props;
  const which = { question: question.number, answer: answer.answer };
  const removable = viewer.teacher || answer.author?.id === viewer.person;
  return (
    <div class="row">
      {viewer.teacher && !answer.teacher && (
        <Button
          look="quiet"
          icon="star"
          pressed={answer.good}
          testid="mark-good"
          onClick={() => act("answer_mark", { ...which, good: !answer.good })}
        >
          {answer.good ? q().unmarkGood : q().markGood}
        </Button>
      )}
      {removable && (
        <Button look="quiet" onClick={() => act("answer_remove", { ...which, on: true })}>
          {q().removeAnswer}
        </Button>
      )}
    </div>
  );
}

function Boxes(props: BookEntryProps & { open: Open; act: Act; close: () => void }) {
  const { book, course, question, viewer, open, close } = props;
  const { number } = question;
  switch (open) {
    case "care":
      return (
        <CareForm
          question={question}
          teachers={course.teachers}
          labels={labelsOf(book.questions.value)}
          act={props.act}
          close={close}
        />
      );
    case "edit":
      return (
        <Write {...{ book, question, close }} command="question_edit" label={q().number(number)} />
      );
    case "answer":
      return (
        <Write
          {...{ book, question, close }}
          command={viewer.teacher ? "question_answer" : "answer_give"}
          label={viewer.teacher ? q().textAnswer(number) : q().answerLabel(number)}
        />
      );
    case null:
      return null;
  }
}

function WhereAsked({ question, course }: { question: Question; course: CourseDetail }) {
  if (question.lesson === null) return <p class="question-facts soft">{b().between}</p>;
  const lesson = course.lessons.find((each) => each.id === question.lesson);
  if (!lesson) return null;
  return (
    <div class="hand-row">
      <p class="question-facts soft">{b().askedIn(lesson.title)}</p>
      {question.at !== null && lesson.rights.includes("replay") && (
        <LinkButton
          look="quiet"
          icon="play"
          href={`/lessons/${lesson.id}/replay?t=${timeParameter(question.at)}`}
        >
          {b().watchPlace(durationText(question.at / 1_000))}
        </LinkButton>
      )}
    </div>
  );
}

export function BookEntry(props: BookEntryProps) {
  const { book, course, viewer, question } = props;
  const open = useSignal<Open>(null);
  const action: Action = useAction();
  const own = book.asked.value.has(question.number);
  // One after the other: a form may ask for two steps at once.
  const line = useRef(Promise.resolve());
  const act: Act = (name, args) => {
    const step = async () => void (await book.act(name, args));
    line.current = line.current.then(() => action.run(step));
  };
  const close = () => {
    open.value = null;
  };
  const toggle = (what: Exclude<Open, null>) => () => {
    open.value = open.value === what ? null : what;
  };
  const actions = { ...props, act, open: open.value, toggle, own };
  return (
    <li class="question" data-testid="book-question" data-number={question.number}>
      <Card
        question={question}
        viewer={viewer}
        own={own}
        lesson={question.lesson}
        progress={own ? progressOf(question) : null}
        side={<Vote {...props} act={act} own={own} />}
        answerActions={(answer) => answerActions({ ...props, act }, answer)}
      >
        <WhereAsked question={question} course={course} />
        {viewer.teacher && (question.owner || question.due) && (
          <p class="question-head">
            <CareFacts question={question} label={false} />
          </p>
        )}
        <WhereAnswered question={question} course={course} />
        <div class="question-actions">
          {viewer.teacher ? <TeacherActions {...actions} /> : <StudentActions {...actions} />}
        </div>
        {action.error.value && <BookProblem error={action.error.value} />}
        <Boxes {...props} open={open.value} act={act} close={close} />
      </Card>
    </li>
  );
}
