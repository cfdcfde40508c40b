/** One question: its number, words, state and answers; what can be done with it comes as children. */
import type { ComponentChildren } from "preact";
import { language, t } from "../../i18n";
import { whenText } from "../../i18n/dates";
import { q } from "../../i18n/questions";
import type { Question, QuestionState, WrittenAnswer } from "../../protocol/questions";
import { serverNow, timeZone } from "../../state/app";
import type { Viewer } from "../../state/questions-reducer";
import type { Progress } from "../../state/questions-view";
import { Icon, type IconName } from "../icon";
import { UserText } from "../user-text";

const STATE_ICONS: Record<QuestionState, IconName> = {
  "in-review": "eye",
  open: "question",
  later: "clock",
  answering: "microphone",
  answered: "success",
  dismissed: "eyeOff",
  withdrawn: "undo",
  merged: "merge",
};

const PROGRESS_ICONS: Record<Progress, IconName> = {
  waiting: "clock",
  sent: "success",
  seen: "eye",
  answered: "success",
  refused: "warning",
};

export function StateTag({ question }: { question: Question }) {
  const { state, answer } = question;
  const how = state === "answered" && answer?.how;
  return (
    <span class={`tag tag-${state}`} data-testid="question-state" data-state={state}>
      <Icon name={STATE_ICONS[state]} />
      {how ? q().answeredHow[how] : q().states[state]}
    </span>
  );
}

export function ProgressTag({ progress }: { progress: Progress }) {
  return (
    <span class={`tag tag-${progress}`} data-testid="progress" data-progress={progress}>
      <Icon name={PROGRESS_ICONS[progress]} />
      {q().mine[progress]}
    </span>
  );
}

/** The number that is said aloud. */
export function Num({ number }: { number: number }) {
  return (
    <span class="question-number">
      <span class="visually-hidden">{q().number(number)}</span>
      <span aria-hidden="true">#{number}</span>
    </span>
  );
}

export function askerText(question: Question, viewer: Viewer, own: boolean): string {
  const { asker, anonymous } = question;
  if (own) return anonymous ? `${q().you} · ${q().anonymous}` : q().you;
  if (asker === null) return anonymous ? q().anonymous : q().gone;
  return anonymous && viewer.teacher ? q().someone(asker.name) : asker.name;
}

function Facts({ question, viewer, own, lesson }: CardProps) {
  const when = whenText(
    Date.parse(question.asked_at),
    serverNow(),
    timeZone.value,
    language.value,
    t(),
  );
  return (
    <p class="question-facts soft">
      <span>{askerText(question, viewer, own)}</span>
      <time dateTime={question.asked_at}>{when}</time>
      {question.edited && <span>{q().edited}</span>}
      {viewer.teacher && question.first && <span>{q().firstQuestion}</span>}
      {question.lesson !== lesson && <span>{q().fromLesson}</span>}
    </p>
  );
}

export function Answers(props: {
  answers: readonly WrittenAnswer[];
  /** Buttons for one answer. */
  actions?: (answer: WrittenAnswer) => ComponentChildren;
}) {
  if (props.answers.length === 0) return null;
  return (
    <ul class="answers">
      {props.answers.map((answer) => (
        <li key={answer.answer} class={answer.good || answer.teacher ? "answer-good" : ""}>
          <p class="question-facts">
            <strong>{answer.author?.name ?? q().gone}</strong>
            {answer.teacher && <span class="tag tag-seen">{q().teacher}</span>}
            {answer.good && (
              <span class="tag tag-answered">
                <Icon name="star" /> {q().goodAnswer}
              </span>
            )}
            {answer.edited && <span class="soft">{q().edited}</span>}
          </p>
          <p class="question-text">
            <UserText>{answer.text}</UserText>
          </p>
          {props.actions?.(answer)}
        </li>
      ))}
    </ul>
  );
}

export interface CardProps {
  question: Question;
  viewer: Viewer;
  /** Whether the viewer asked it. */
  own: boolean;
  /** The lesson in which it is shown; where it was asked outside one, null. */
  lesson: string | null;
  /** How far the own question has come. */
  progress?: Progress | null;
  /** Left of the words: votes. */
  side?: ComponentChildren;
  children?: ComponentChildren;
  answerActions?: (answer: WrittenAnswer) => ComponentChildren;
}

/** The inside of a card; the list decides what element it is. */
export function Card(props: CardProps) {
  const { question, own } = props;
  const plain = question.state === "open";
  return (
    <>
      <div class="question-side">{props.side}</div>
      <div class="question-main">
        <p class="question-head">
          <Num number={question.number} />
          {own && props.progress && plain ? (
            <ProgressTag progress={props.progress} />
          ) : (
            !plain && <StateTag question={question} />
          )}
          {question.label && (
            <span class="tag">
              <UserText>{question.label}</UserText>
            </span>
          )}
        </p>
        <p class="question-text" data-testid="question-text">
          <UserText>{question.text}</UserText>
        </p>
        {question.state === "merged" && question.merged_into !== null && (
          <p class="soft">{q().mergedInto(question.merged_into)}</p>
        )}
        <Facts {...props} />
        <Answers
          answers={question.answers}
          {...(props.answerActions ? { actions: props.answerActions } : {})}
        />
        {props.children}
      </div>
    </>
  );
}
