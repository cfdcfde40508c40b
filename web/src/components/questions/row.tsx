/** A question in a student's list: vote, answer, and for one's own: edit and withdraw. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../i18n";
import { q } from "../../i18n/questions";
import type { Question } from "../../protocol/questions";
import type { QuestionRoom } from "../../state/questions";
import { inTab, progressOf, voteOf } from "../../state/questions-view";
import { Button } from "../basics";
import { Icon } from "../icon";
import { Card } from "./card";
import { fits, TextBox, useDraft } from "./text-box";

function VoteButton({ room, question }: { room: QuestionRoom; question: Question }) {
  const { on, votes } = voteOf(question, room.questions.value.voted, room.entries.value);
  const own = room.questions.value.asked.has(question.number);
  if (own || question.state === "merged") {
    return (
      <p class="vote vote-own" title={q().votes(votes)}>
        <Icon name="vote" />
        <span class="visually-hidden">{q().votes(votes)}</span>
        <span aria-hidden="true">{votes}</span>
      </p>
    );
  }
  const label = on ? q().unvote(question.number) : q().vote(question.number);
  return (
    <button
      type="button"
      class="vote"
      aria-pressed={on}
      aria-label={`${label} (${q().votes(votes)})`}
      title={label}
      data-testid="vote"
      onClick={() => void room.vote(question.number, !on)}
    >
      <Icon name="vote" />
      <span data-testid="votes">{votes}</span>
    </button>
  );
}

/** Which box is open under a question. */
type Writing = "edit" | "answer" | null;

function OwnActions(props: { room: QuestionRoom; question: Question; edit: () => void }) {
  const { room, question } = props;
  const { state, number } = question;
  const editable = !question.seen && (state === "open" || state === "in-review");
  const withdrawable = state === "open" || state === "in-review" || state === "later";
  return (
    <>
      {editable && (
        <Button look="quiet" testid="edit" onClick={props.edit}>
          {q().edit}
        </Button>
      )}
      {withdrawable && (
        <Button
          look="quiet"
          testid="withdraw"
          onClick={() => void room.act("question_withdraw", { question: number })}
        >
          {q().withdraw}
        </Button>
      )}
    </>
  );
}

function EditBox(props: { room: QuestionRoom; question: Question; close: () => void }) {
  const { room, question } = props;
  const text = useDraft(`${room.lesson}.edit.${question.number}`);
  useEffect(() => {
    if (text.peek() === "") text.value = question.text;
  }, []);
  const close = () => {
    text.value = "";
    props.close();
  };
  const save = () => {
    if (!fits(text.value)) return;
    const words = text.value.trim();
    void room.act("question_edit", { question: question.number, text: words });
    close();
  };
  return (
    <TextBox
      label={q().number(question.number)}
      text={text.value}
      rows={3}
      testid="edit-text"
      onText={(words) => {
        text.value = words;
      }}
      onSend={save}
    >
      <div class="row">
        <Button look="primary" type="submit" testid="edit-save">
          {q().save}
        </Button>
        <Button onClick={close}>{t().cancel}</Button>
      </div>
    </TextBox>
  );
}

export function AnswerBox(props: {
  room: QuestionRoom;
  question: number;
  command: "answer_give" | "question_answer";
  label: string;
  close: () => void;
}) {
  const { room, question } = props;
  const box = useRef<HTMLTextAreaElement>(null);
  const text = useDraft(`${room.lesson}.${question}`);
  useEffect(() => box.current?.focus(), []);
  const send = () => {
    if (!fits(text.value)) return;
    void room.act(props.command, { question, text: text.value.trim() });
    text.value = "";
    props.close();
  };
  return (
    <TextBox
      label={props.label}
      text={text.value}
      rows={3}
      testid="answer-text"
      boxRef={box}
      onText={(words) => {
        text.value = words;
      }}
      onSend={send}
    >
      <div>
        <Button look="primary" type="submit" disabled={!fits(text.value)} testid="answer-send">
          {q().sendAnswer}
        </Button>
      </div>
    </TextBox>
  );
}

/** One question in a student's list. */
export function Row({
  room,
  question,
  open,
}: {
  room: QuestionRoom;
  question: Question;
  open: boolean;
}) {
  const writing = useSignal<Writing>(null);
  const own = room.questions.value.asked.has(question.number);
  const close = () => {
    writing.value = null;
  };
  const toggle = (what: Writing) => () => {
    writing.value = writing.value === what ? null : what;
  };
  const answerable = open && inTab(question, "open", new Set());
  return (
    <li class="question" data-testid="question" data-number={question.number}>
      <Card
        question={question}
        viewer={room.viewer}
        own={own}
        lesson={room.lesson}
        progress={own ? progressOf(question) : null}
        side={<VoteButton room={room} question={question} />}
        answerActions={(answer) =>
          answer.author?.id === room.viewer.person && (
            <Button
              look="quiet"
              onClick={() =>
                void room.act("answer_remove", {
                  question: question.number,
                  answer: answer.answer,
                  on: true,
                })
              }
            >
              {q().removeAnswer}
            </Button>
          )
        }
      >
        {open && (own || answerable) && (
          <div class="question-actions">
            {own && <OwnActions room={room} question={question} edit={toggle("edit")} />}
            {answerable && !own && (
              <Button
                look="quiet"
                icon="edit"
                pressed={writing.value === "answer"}
                testid="answer"
                onClick={toggle("answer")}
              >
                {q().answerAction}
              </Button>
            )}
          </div>
        )}
        {writing.value === "edit" && <EditBox room={room} question={question} close={close} />}
        {writing.value === "answer" && (
          <AnswerBox
            room={room}
            question={question.number}
            command="answer_give"
            label={q().answerLabel(question.number)}
            close={close}
          />
        )}
      </Card>
    </li>
  );
}
