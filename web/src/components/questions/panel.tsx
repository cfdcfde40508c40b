/** The questions beside the lesson, for students: ask, vote, follow, help each other. */
import { type Signal, useSignal, useSignalEffect } from "@preact/signals";
import type { RefObject } from "preact";
import { useRef } from "preact/hooks";
import { q, useQuestionTexts } from "../../i18n/questions";
import type { Entry } from "../../protocol/outbox";
import type { Question } from "../../protocol/questions";
import type { LessonSocket } from "../../protocol/socket";
import type { Lesson } from "../../protocol/types";
import { useAction } from "../../state/action";
import { announce } from "../../state/announcer";
import { remembered, serverNow } from "../../state/app";
import type { QuestionRoom } from "../../state/questions";
import { answering, inTab, listed, type Sort, TABS, type Tab } from "../../state/questions-view";
import { useShortcuts } from "../../state/shortcuts";
import { Button, Notice, Problem, Segments, Select, Skeleton } from "../basics";
import { QuickCheck } from "../class/quick";
import { Icon } from "../icon";
import "../../styles/questions.css";
import { UserText } from "../user-text";
import { AskBox, Waiting } from "./ask";
import { Num } from "./card";
import { EmptyList, FreshPill, useSteady } from "./list";
import { Refusal } from "./problems";
import { useRoom } from "./room";
import { Row } from "./row";
import { useDraft } from "./text-box";
import { UndoBar } from "./undo";

const chosenSort = remembered<string>("question-sort", "top");

/** What is being answered now, above everything else. */
function Now({ room }: { room: QuestionRoom }) {
  const now = answering(room.questions.value);
  if (!now) return null;
  return (
    <section class="now" aria-label={q().states.answering} data-testid="answering-now">
      <h3>
        <Icon name="microphone" /> {q().states.answering}
      </h3>
      <p>
        <Num number={now.number} /> <UserText>{now.text}</UserText>
      </p>
    </section>
  );
}

function More({ room }: { room: QuestionRoom }) {
  const action = useAction();
  if (!room.questions.value.more) return null;
  return (
    <div class="centre-row">
      {action.error.value && <Problem error={action.error.value} />}
      <Button busy={action.busy.value} onClick={() => void action.run(() => room.loadMore())}>
        {q().more}
      </Button>
    </div>
  );
}

function Lists({ room, open }: { room: QuestionRoom; open: boolean }) {
  const tab = useSignal<Tab>("open");
  const searching = useSignal(false);
  const search = useSignal("");
  const sort = chosenSort.value as Sort;
  const questions = room.questions.value;
  const words = searching.value ? search.value.trim() : "";
  const now = listed(questions, { tab: tab.value, sort, search: words }, serverNow());
  const steady = useSteady(`${tab.value} ${sort} ${words}`, now, questions.known, questions.asked);
  const all = [...questions.known.values()];
  const count = (of: Tab) => all.filter((each) => inTab(each, of, questions.asked)).length;
  const nothing = words ? "search" : tab.value;
  return (
    <>
      <div class="question-tools">
        <Segments
          label={q().tabsLabel}
          testid="question-tabs"
          value={tab.value}
          choices={TABS.map((value) => ({ value, label: `${q().tabs[value]} ${count(value)}` }))}
          onChange={(value) => {
            tab.value = value as Tab;
          }}
        />
        <div class="question-order">
          <Select
            label={q().sort}
            testid="question-sort"
            value={sort}
            choices={(["top", "new"] as const).map((value) => ({ value, label: q().sorts[value] }))}
            onChange={(value) => {
              chosenSort.value = value;
            }}
          />
          <Button
            icon="search"
            label={searching.value ? q().searchHide : q().search}
            pressed={searching.value}
            testid="search-open"
            onClick={() => {
              searching.value = !searching.value;
            }}
          />
        </div>
        {searching.value && (
          <input
            type="search"
            class="search"
            aria-label={q().search}
            placeholder={q().search}
            value={search.value}
            data-testid="search"
            onInput={(event) => {
              search.value = event.currentTarget.value;
            }}
          />
        )}
      </div>
      <div class="steady">
        {steady.items.length === 0 ? (
          <EmptyList title={q().empty[nothing]} hint={q().emptyHint[nothing]} />
        ) : (
          <ul class="question-list" data-testid="question-list">
            {steady.items.map((each) => (
              <Row key={each.number} room={room} question={each} open={open} />
            ))}
          </ul>
        )}
        <FreshPill steady={steady} />
      </div>
      <More room={room} />
    </>
  );
}

/** Say aloud what concerns everybody, and what concerns oneself. */
export function useSaid(room: QuestionRoom): void {
  useSignalEffect(() => {
    const event = room.heard.value;
    const part = event?.payload.question as Partial<Question> | undefined;
    if (!event || part?.number === undefined) return;
    const mine = room.questions.peek().asked.has(part.number);
    if (event.kind === "question.answering") announce(q().saidAnswering(part.number));
    else if (!mine) return;
    else if (event.kind === "question.answered") announce(q().saidAnswered(part.number));
    else if (event.kind === "question.asked") announce(q().saidSent(part.number));
  });
}

function Inside(props: {
  room: QuestionRoom;
  lesson: Lesson;
  box: RefObject<HTMLTextAreaElement | null>;
}) {
  const { room, lesson } = props;
  const draft: Signal<string> = useDraft(room.lesson);
  const open = lesson.state === "live" || lesson.state === "practice";
  useSaid(room);
  useShortcuts({ KeyQ: () => props.box.current?.focus() });
  const again = (entry: Entry) => {
    draft.value = [draft.value, String(entry.args.text)].filter(Boolean).join("\n");
    room.forget(entry);
    props.box.current?.focus();
  };
  return (
    <>
      <Now room={room} />
      {open ? (
        <AskBox room={room} draft={draft} boxRef={props.box} />
      ) : (
        <Notice tone="info">{q().over}</Notice>
      )}
      {!room.online.value && open && (
        <p class="hint" data-testid="questions-offline">
          <Icon name="offline" /> {q().offline}
        </p>
      )}
      <Waiting room={room} course={lesson.course?.id ?? null} again={again} />
      <Refusal room={room} />
      <UndoBar room={room} />
      <Lists room={room} open={open} />
    </>
  );
}

export default function QuestionsPanel({
  lesson,
  socket,
}: {
  lesson: Lesson;
  socket: LessonSocket;
}) {
  const room = useRoom(lesson, socket, lesson.rights.includes("moderate"));
  const box = useRef<HTMLTextAreaElement>(null);
  if (!useQuestionTexts() || !room.ready.value) {
    return (
      <aside class="questions">
        <Skeleton rows={2} />
      </aside>
    );
  }
  return (
    <aside class="questions" aria-label={q().title} data-testid="questions">
      <QuickCheck lesson={lesson} socket={socket} room={room} />
      <h2>{q().title}</h2>
      <Inside room={room} lesson={lesson} box={box} />
    </aside>
  );
}
