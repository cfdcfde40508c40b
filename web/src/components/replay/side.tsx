/** Beside a replay: the questions as they were at this second, the chapters, the search. */
import { type Signal, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { durationText } from "../../i18n/dates";
import { q, useQuestionTexts } from "../../i18n/questions";
import { r } from "../../i18n/replay";
import type { Question } from "../../protocol/questions";
import { stillUrl } from "../../protocol/recording";
import type { Lesson } from "../../protocol/types";
import { newId } from "../../protocol/uuid";
import { useAction } from "../../state/action";
import { api, person, serverNow } from "../../state/app";
import { answering, sorted } from "../../state/questions-view";
import type { Replay } from "../../state/replay";
import { answerAt, askedAt, find } from "../../state/replay-view";
import "../../styles/questions.css";
import { Button, Empty, Notice, Problem, Segments } from "../basics";
import { Icon } from "../icon";
import { Card } from "../questions/card";
import { fits, TextBox, useDraft } from "../questions/text-box";
import { UserText } from "../user-text";

/** Pixels; the narrowest pictures there are. */
const PLACE_WIDTH = 320;

const clock = (ms: number) => durationText(ms / 1_000);

function Votes({ votes }: { votes: number }) {
  return (
    <p class="vote vote-own" title={q().votes(votes)}>
      <Icon name="vote" />
      <span class="visually-hidden">{q().votes(votes)}</span>
      <span aria-hidden="true">{votes}</span>
    </p>
  );
}

function One({ replay, question }: { replay: Replay; question: Question }) {
  const viewer = { person: person.value?.id ?? null, teacher: false };
  const at = answerAt(question, replay.lessonId);
  const askedHere = askedAt(question, replay.lessonId);
  return (
    <li class="question" data-testid="question" data-number={question.number}>
      <Card
        question={question}
        viewer={viewer}
        own={replay.questions.value.asked.has(question.number)}
        lesson={replay.lessonId}
        side={<Votes votes={question.votes} />}
      >
        <div class="question-actions">
          {at !== null ? (
            <Button look="quiet" icon="play" testid="to-answer" onClick={() => replay.seek(at)}>
              {r().toAnswer(clock(at))}
            </Button>
          ) : (
            askedHere !== null && (
              <Button look="quiet" onClick={() => replay.seek(askedHere)}>
                {r().toQuestion(clock(askedHere))}
              </Button>
            )
          )}
        </div>
      </Card>
    </li>
  );
}

function Questions({ replay, lesson }: { replay: Replay; lesson: Lesson }) {
  const questions = replay.questions.value;
  const now = answering(questions);
  const rest = [...questions.known.values()].filter((each) => each !== now);
  const list = [...(now ? [now] : []), ...sorted(rest, "new", serverNow())];
  return (
    <>
      {lesson.course && person.value && lesson.state === "ended" && (
        <AskHere replay={replay} lesson={lesson} course={lesson.course.id} />
      )}
      {list.length === 0 ? (
        <Empty icon="question" title={r().noQuestions}>
          {r().noQuestionsHint}
        </Empty>
      ) : (
        <ul class="question-list" data-testid="question-list">
          {list.map((each) => (
            <One key={each.number} replay={replay} question={each} />
          ))}
        </ul>
      )}
    </>
  );
}

function AskHere({ replay, lesson, course }: { replay: Replay; lesson: Lesson; course: string }) {
  const text = useDraft(`replay.${lesson.id}`);
  const sent = useSignal(false);
  const action = useAction();
  const command = useRef<{ id: string; text: string; about: string; at: number } | null>(null);
  const send = () => {
    if (!fits(text.value)) return;
    const at = Math.round(replay.state.value.position);
    const args = { text: text.value.trim(), about: lesson.id, at };
    // Sent again after a lost answer it is the same question, as long as its words are.
    if (command.current?.text !== args.text) command.current = { id: newId(), ...args };
    const { id, ...asked } = command.current;
    void action.run(async () => {
      await api.bookCommand(course, { id, name: "question_ask", args: asked });
      command.current = null;
      text.value = "";
      sent.value = true;
    });
  };
  return (
    <TextBox
      label={r().askHere}
      text={text.value}
      rows={text.value ? 3 : 1}
      testid="ask-here"
      onText={(words) => {
        text.value = words;
        sent.value = false;
      }}
      onSend={send}
    >
      {sent.value && (
        <Notice tone="success" alert testid="asked-here">
          {r().asked}
        </Notice>
      )}
      {action.error.value && <Problem error={action.error.value} />}
      {text.value && (
        <>
          <p class="hint">{r().askHint}</p>
          <div>
            <Button
              look="primary"
              type="submit"
              busy={action.busy.value}
              disabled={!fits(text.value)}
              testid="ask-here-send"
            >
              {r().send}
            </Button>
          </div>
        </>
      )}
    </TextBox>
  );
}

/** A picture of a screen says itself what it is. */
function WithoutWords({ lesson, number }: { lesson: string; number: number }) {
  return (
    <img
      class="place-picture"
      src={stillUrl(lesson, number, PLACE_WIDTH)}
      alt={r().picture(number)}
      loading="lazy"
    />
  );
}

function Places(props: {
  replay: Replay;
  items: readonly { at: number; title: string; number?: number | null }[];
  label: string;
  testid: string;
}) {
  const { position } = props.replay.state.value;
  const here = props.items.filter((item) => item.at <= position).pop();
  return (
    <ul class="places" aria-label={props.label} data-testid={props.testid}>
      {props.items.map((item) => (
        <li key={`${item.at} ${item.title}`}>
          <button
            type="button"
            class="place"
            aria-current={item === here ? "true" : undefined}
            onClick={() => props.replay.seek(item.at)}
          >
            <span class="digits">{clock(item.at)}</span>
            {item.title || !item.number ? (
              <span>
                {item.number ? `#${item.number} ` : ""}
                <UserText>{item.title}</UserText>
              </span>
            ) : (
              <WithoutWords lesson={props.replay.lessonId} number={item.number} />
            )}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Chapters({ replay }: { replay: Replay }) {
  const { chapters } = replay;
  if (chapters.length === 0) {
    return (
      <Empty icon="lesson" title={r().noChapters}>
        {r().noChaptersHint}
      </Empty>
    );
  }
  return <Places replay={replay} items={chapters} label={r().chapters} testid="chapters" />;
}

function Results({ replay, words }: { replay: Replay; words: string }) {
  const { captions } = replay;
  useEffect(() => void captions.need(), [captions, captions.chosen.value?.language]);
  const questions = replay.all().known.values();
  const found = find(words, replay.lessonId, questions, replay.chapters, captions.cues);
  return (
    <>
      <h3>{r().found}</h3>
      {found.length === 0 ? (
        <p class="soft" role="status">
          {r().nothingFound}
        </p>
      ) : (
        <Places replay={replay} items={found} label={r().found} testid="results" />
      )}
    </>
  );
}

type Tab = "questions" | "chapters";

export default function ReplaySide(props: {
  replay: Replay;
  lesson: Lesson;
  search: Signal<string>;
  searchRef: RefObject<HTMLInputElement | null>;
}) {
  const { replay, lesson, search } = props;
  const tab = useSignal<Tab>("questions");
  if (!useQuestionTexts()) return null;
  return (
    <aside class="questions" aria-label={r().parts} data-testid="replay-side">
      <input
        ref={props.searchRef}
        type="search"
        class="search"
        aria-label={r().search}
        placeholder={r().search}
        value={search.value}
        data-testid="replay-search"
        onInput={(event) => {
          search.value = event.currentTarget.value;
        }}
      />
      {search.value.trim() ? (
        <Results replay={replay} words={search.value} />
      ) : (
        <>
          <Segments
            label={r().parts}
            testid="replay-tabs"
            value={tab.value}
            choices={(["questions", "chapters"] as const).map((value) => ({
              value,
              label: r()[value],
            }))}
            onChange={(value) => {
              tab.value = value as Tab;
            }}
          />
          {tab.value === "questions" ? (
            <Questions replay={replay} lesson={lesson} />
          ) : (
            <Chapters replay={replay} />
          )}
        </>
      )}
    </aside>
  );
}
