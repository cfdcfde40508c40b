/** The teacher's desk: questions, hands and voice notes in one list, five keys, ten seconds to take anything back. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { t } from "../../i18n";
import { d, useDeskTexts } from "../../i18n/desk";
import { h, useHandTexts } from "../../i18n/hands";
import { q, useQuestionTexts } from "../../i18n/questions";
import { isOfNotes } from "../../protocol/notes";
import type { LessonSocket } from "../../protocol/socket";
import type { Lesson } from "../../protocol/types";
import { announce } from "../../state/announcer";
import type { BoxStep, Desk } from "../../state/desk";
import { inOrder } from "../../state/hands-reducer";
import { QUEUES, type Queue } from "../../state/questions-view";
import {
  type Item,
  itemsComing,
  itemsOn,
  knownItems,
  placeOfItem,
  queueItems,
} from "../../state/queue";
import type { Step } from "../../state/steps";
import { Button, Dialog, Notice, Segments, Skeleton } from "../basics";
import { HandRefusal } from "../hands/turn";
import { Waiting } from "../questions/ask";
import { EmptyList, FreshPill, useSteadyItems } from "../questions/list";
import { MergeDialog } from "../questions/merge";
import { commandProblem, Refusal } from "../questions/problems";
import "../../styles/questions.css";
import "../../styles/hands.css";
import { headId } from "./entry";
import { useQueueKeys } from "./keys";
import { Coming, On } from "./now";
import { QuestionEntry } from "./question-entry";
import { useDesk } from "./room";
import { DeskSettings } from "./settings";
import { HandEntry, NoteEntry } from "./speech-entries";
import { DeskUndo } from "./undo";

/** The box or dialog that a step opens. */
type Opened = { readonly step: BoxStep; readonly number: number } | null;

/** The last step with a voice note that was refused. */
function NoteRefusal({ desk }: { desk: Desk }) {
  const { name, error } = desk.room.refusal.value ?? {};
  if (!name || !error || !isOfNotes(name)) return null;
  const own = (d().refusals as Record<string, string>)[error.code];
  return (
    <Notice tone="warning" title={q().problemTitle} alert testid="note-refusal">
      {own ?? commandProblem(error)}
    </Notice>
  );
}

/** Say the name of who has just raised a hand. */
function useSaid(desk: Desk): void {
  const said = useRef(0);
  useSignalEffect(() => {
    const { hands } = desk.waiting.value;
    const newest = inOrder(hands).reduce((a, b) => Math.max(a, b.number), 0);
    const hand = hands.known.get(newest);
    if (hand && newest > said.current) announce(h().saidRaised(hand.person.name));
    said.current = Math.max(said.current, newest);
  });
}

/** What is for all hands together. */
function HandTools({ desk, count }: { desk: Desk; count: number }) {
  const asking = useSignal(false);
  const close = () => {
    asking.value = false;
  };
  if (count === 0 && !asking.value) return null;
  return (
    <div class="row">
      <Button icon="chevron" testid="turn-next" onClick={() => desk.nextHand()}>
        {h().next}: {h().count(count)}
      </Button>
      <Button
        testid="hands-lower"
        onClick={() => {
          asking.value = true;
        }}
      >
        {h().lowerAll}
      </Button>
      <Dialog title={d().lowerAllTitle(count)} open={asking.value} onClose={close}>
        <p>{d().lowerAllHint}</p>
        <div class="row">
          <Button
            look="primary"
            testid="hands-lower-confirm"
            onClick={() => {
              close();
              desk.lowerAll();
            }}
          >
            {h().lowerAll}
          </Button>
          <Button onClick={close}>{t().cancel}</Button>
        </div>
      </Dialog>
    </div>
  );
}

function Paused({ desk }: { desk: Desk }) {
  return (
    <>
      {desk.room.questions.value.settings.paused && (
        <Notice tone="warning">{q().pausedTeacher}</Notice>
      )}
      {desk.hands.hands.value.settings.paused && <Notice tone="warning">{h().paused}</Notice>}
    </>
  );
}

function Row(props: {
  desk: Desk;
  lesson: Lesson;
  item: Item;
  queue: Queue;
  selected: boolean;
  opened: Opened;
  select: () => void;
  take: (item: Item, step: Step) => void;
  close: () => void;
}) {
  const { desk, item, queue, opened } = props;
  const entry = { ...props, ready: queue === "new" || queue === "next" };
  switch (item.kind) {
    case "hand":
      return <HandEntry {...entry} hand={item.hand} />;
    case "note":
      return <NoteEntry {...entry} note={item.note} />;
    case "question": {
      const { number } = item.question;
      const writing = opened?.step === "text" && opened.number === number;
      const rest = { room: desk.room, teachers: props.lesson.teachers, writing };
      return <QuestionEntry {...entry} {...rest} question={item.question} />;
    }
  }
}

function Inside({ desk, lesson }: { desk: Desk; lesson: Lesson }) {
  const queue = useSignal<Queue>("new");
  const chosen = useSignal<string | null>(null);
  const place = useRef(0);
  const opened = useSignal<Opened>(null);
  const waiting = desk.waiting.value;
  const known = knownItems(waiting);
  const list = queueItems(waiting, queue.value, desk.now());
  // What the teacher has dealt with leaves the queue at once.
  const stays = (item: Item) => placeOfItem(item) === queue.value;
  const steady = useSteadyItems(queue.value, list, (each) => each.key, known, { stays });
  const { items } = steady;
  const on = itemsOn(waiting);
  const coming = itemsComing(waiting);
  const current = items.find((each) => each.key === chosen.value) ?? null;
  const close = () => {
    opened.value = null;
  };
  const take = (item: Item, step: Step) => {
    if (step !== "text" && step !== "merge") desk.take(item, step);
    else if (item.kind === "question") opened.value = { step, number: item.question.number };
  };
  const select = (item: Item) => {
    chosen.value = item.key;
    place.current = items.findIndex((each) => each.key === item.key);
    document.getElementById(headId(item))?.focus();
  };
  const show = (next: Queue) => {
    queue.value = next;
    place.current = 0;
  };
  const turn = (by: 1 | -1) => {
    const at = QUEUES.indexOf(queue.value) + by;
    show(QUEUES[(at + QUEUES.length) % QUEUES.length] ?? "new");
  };
  const up = inOrder(waiting.hands).length;
  const next = () => {
    if (up > 0) desk.nextHand();
  };
  useSaid(desk);
  useQueueKeys({
    ...{ on, coming, items, current, place: place.current },
    ...{ select, take, next, turn, undo: () => desk.undo() },
  });
  const all = [...known.values()];
  const count = (of: Queue) => all.filter((each) => placeOfItem(each) === of).length;
  const merging = opened.value?.step === "merge" ? known.get(`q${opened.value.number}`) : null;
  const writing = opened.value?.step === "text" ? opened.value.number : null;
  return (
    <>
      <Paused desk={desk} />
      {on.map((item) => (
        <On key={item.key} desk={desk} item={item} take={take} writing={writing} close={close} />
      ))}
      <Coming items={coming} take={take} />
      <Waiting room={desk.room} course={null} />
      <Refusal room={desk.room} />
      <HandRefusal room={desk.hands} />
      <NoteRefusal desk={desk} />
      <DeskUndo desk={desk} />
      <Segments
        label={q().queuesLabel}
        testid="queues"
        value={queue.value}
        choices={QUEUES.map((value) => ({ value, label: `${q().queues[value]} ${count(value)}` }))}
        onChange={(value) => show(value as Queue)}
      />
      <div class="steady">
        {items.length === 0 ? (
          <EmptyList title={d().emptyTitle[queue.value]} hint={d().emptyHint[queue.value]} />
        ) : (
          <ul class="queue" data-testid="queue">
            {items.map((item, index) => (
              <Row
                key={item.key}
                desk={desk}
                lesson={lesson}
                item={item}
                queue={queue.value}
                selected={item.key === chosen.value}
                opened={opened.value}
                select={() => {
                  place.current = index;
                  chosen.value = chosen.value === item.key ? null : item.key;
                }}
                take={take}
                close={close}
              />
            ))}
          </ul>
        )}
        <FreshPill steady={steady} words={d().fresh} />
      </div>
      <HandTools desk={desk} count={up} />
      <MergeDialog
        room={desk.room}
        question={merging?.kind === "question" ? merging.question : null}
        close={close}
      />
      <DeskSettings desk={desk} lesson={lesson} />
    </>
  );
}

export default function DeskConsole(props: { lesson: Lesson; socket: LessonSocket }) {
  const desk = useDesk(props.lesson, props.socket);
  const texts = [useQuestionTexts(), useHandTexts(), useDeskTexts()];
  if (!texts.every(Boolean) || !desk.room.ready.value) return <Skeleton rows={2} />;
  return (
    <section class="card stack console" aria-label={d().title} data-testid="console">
      <h2>{d().title}</h2>
      <Inside desk={desk} lesson={props.lesson} />
    </section>
  );
}
