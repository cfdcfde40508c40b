/** Asking: one box, two taps; what has been asked already is shown while one types. */
import { type Signal, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import { durationText } from "../../i18n/dates";
import { q } from "../../i18n/questions";
import type { Entry } from "../../protocol/outbox";
import type { Question } from "../../protocol/questions";
import { useAction } from "../../state/action";
import { announce } from "../../state/announcer";
import { person, remembered } from "../../state/app";
import { isWritten, type QuestionRoom } from "../../state/questions";
import { voteOf } from "../../state/questions-view";
import { Button, Notice, Problem, Segments } from "../basics";
import { UserText } from "../user-text";
import { Num, ProgressTag } from "./card";
import { commandProblem } from "./problems";
import { fits, lengthOf, TextBox } from "./text-box";

/** Ms of silence at the keyboard before we ask what is similar. */
const TYPING_PAUSE = 500;
/** Characters below which nothing similar can be told. */
const TELLING = 8;

const hidesName = remembered<boolean>("anonymous", false);

function Similar({ room, text, taken }: { room: QuestionRoom; text: string; taken: () => void }) {
  const found = useSignal<readonly Question[]>([]);
  useEffect(() => {
    if (lengthOf(text) < TELLING) {
      found.value = [];
      return;
    }
    let late = false;
    const timer = setTimeout(async () => {
      const similar = await room.similar(text);
      if (!late) found.value = similar;
    }, TYPING_PAUSE);
    return () => {
      late = true;
      clearTimeout(timer);
    };
  }, [text]);
  const { asked, known } = room.questions.value;
  const others = found.value.filter((each) => !asked.has(each.number));
  if (others.length === 0) return null;
  return (
    <section class="similar" aria-label={q().alreadyAsked} data-testid="similar">
      <h3>{q().alreadyAsked}</h3>
      <ul>
        {others.map((each) => (
          <SimilarOne
            key={each.number}
            room={room}
            question={{ ...each, ...known.get(each.number), answer: each.answer }}
            taken={taken}
          />
        ))}
      </ul>
    </section>
  );
}

function SimilarOne(props: { room: QuestionRoom; question: Question; taken: () => void }) {
  const { room, question } = props;
  const { on, votes } = voteOf(question, room.questions.value.voted, room.entries.value);
  const { answer, state } = question;
  return (
    <li>
      <p>
        <Num number={question.number} /> <UserText>{question.text}</UserText>{" "}
        <span class="soft">
          {state === "answered" && answer?.title && answer.from !== null
            ? q().answeredIn(answer.title, durationText(answer.from / 1_000))
            : q().votes(votes)}
        </span>
      </p>
      {!on && (
        <Button
          icon="vote"
          testid="same-question"
          onClick={() => {
            void room.vote(question.number, true);
            props.taken();
          }}
        >
          {q().sameQuestion}
        </Button>
      )}
    </li>
  );
}

export function AskBox(props: {
  room: QuestionRoom;
  draft: Signal<string>;
  boxRef: RefObject<HTMLTextAreaElement | null>;
}) {
  const { room, draft: text } = props;
  const { anonymous, review, paused } = room.questions.value.settings;
  const hidden = anonymous && hidesName.value;
  const writing = text.value !== "";
  const send = async () => {
    if (!fits(text.value) || paused) return;
    const words = text.value.trim();
    text.value = "";
    await room.ask(words, hidden);
    if (!room.online.value) announce(q().saidKept);
  };
  return (
    <TextBox
      label={q().ask}
      text={text.value}
      placeholder={q().askPlaceholder}
      rows={writing ? 3 : 1}
      testid="ask-text"
      boxRef={props.boxRef}
      onText={(words) => {
        text.value = words;
      }}
      onSend={() => void send()}
    >
      {paused && (
        <Notice tone="info" testid="paused">
          {q().paused}
        </Notice>
      )}
      {writing && (
        <>
          <Similar
            room={room}
            text={text.value}
            taken={() => {
              text.value = "";
            }}
          />
          {anonymous && (
            <Segments
              label={q().whoAsks}
              testid="who-asks"
              value={hidden ? "anonymous" : "named"}
              choices={[
                { value: "named", label: q().asNamed(person.value?.name ?? q().you) },
                { value: "anonymous", label: q().asAnonymous },
              ]}
              onChange={(who) => {
                hidesName.value = who === "anonymous";
              }}
            />
          )}
          <p class="hint">
            {hidden ? q().whoSeesAnonymous : q().whoSeesNamed} {review && q().reviewed}
          </p>
          <div>
            <Button
              look="primary"
              type="submit"
              disabled={paused || !fits(text.value)}
              testid="ask-send"
            >
              {q().send}
            </Button>
          </div>
        </>
      )}
    </TextBox>
  );
}

/** What was written and is not at the server yet, or was refused. */
export function Waiting(props: {
  room: QuestionRoom;
  course: string | null;
  /** Put a text back where questions are typed. */
  again?: (entry: Entry) => void;
}) {
  const { room } = props;
  const mine = room.entries.value.filter(isWritten);
  if (mine.length === 0) return null;
  return (
    <ul class="waiting" data-testid="outbox">
      {mine.map((entry) => (
        <WaitingOne key={entry.id} {...props} entry={entry} />
      ))}
    </ul>
  );
}

function WaitingOne(props: {
  room: QuestionRoom;
  course: string | null;
  entry: Entry;
  again?: (entry: Entry) => void;
}) {
  const { room, entry, course, again } = props;
  const action = useAction();
  const refused = entry.state === "refused";
  const late = refused && entry.error?.code === "lesson-ended";
  const progress = refused ? "refused" : entry.state === "sent" ? "sent" : "waiting";
  return (
    <li>
      <ProgressTag progress={progress} />
      <p class="question-text">
        <UserText>{String(entry.args.text)}</UserText>
      </p>
      {entry.error && entry.state !== "sent" && <p class="hint">{commandProblem(entry.error)}</p>}
      {action.error.value && <Problem error={action.error.value} />}
      {refused && (
        <div class="row">
          {late && course && entry.name === "question_ask" && (
            <Button
              look="primary"
              busy={action.busy.value}
              onClick={() =>
                void action.run(async () => {
                  await room.toBook(entry, course);
                  announce(q().inBook);
                })
              }
            >
              {q().toBook}
            </Button>
          )}
          {entry.name.startsWith("question_") && !late && again && (
            <Button icon="undo" testid="again" onClick={() => again(entry)}>
              {q().again}
            </Button>
          )}
          <Button look="quiet" onClick={() => room.forget(entry)}>
            {q().forget}
          </Button>
        </div>
      )}
    </li>
  );
}
