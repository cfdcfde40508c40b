/** The teacher's one list: questions, hands and voice notes, merged by one fair rule; pure. */
import type { Hand } from "../protocol/hands";
import type { VoiceNote } from "../protocol/notes";
import type { Question } from "../protocol/questions";
import { type Hands, inOrder } from "./hands-reducer";
import type { Notes } from "./notes-reducer";
import type { Questions } from "./questions-reducer";
import { points, type Queue, queued, queueOf } from "./questions-view";

/** Whatever of a student waits for the teacher; `key` names it in the whole list. */
export type Item =
  | { readonly kind: "question"; readonly key: string; readonly question: Question }
  | { readonly kind: "hand"; readonly key: string; readonly hand: Hand }
  | { readonly kind: "note"; readonly key: string; readonly note: VoiceNote };

/** All that waits, as it is known. */
export interface Waiting {
  readonly questions: Questions;
  readonly hands: Hands;
  readonly notes: Notes;
}

/** Now, in ms: since the epoch, and on the lesson's clock. */
export interface Now {
  readonly time: number;
  readonly position: number;
}

/**
 * Ms of a raised hand, or of a voice note, that weigh as much as a vote. Nobody can vote for them, so
 * their waiting counts without end; somebody who speaks for the first time (the server puts
 * their hand 120 s earlier) is lifted by one vote.
 */
const WAIT_OF_A_VOTE = 120_000;

export const ofQuestion = (question: Question): Item => ({
  kind: "question",
  key: `q${question.number}`,
  question,
});
export const ofHand = (hand: Hand): Item => ({ kind: "hand", key: `h${hand.number}`, hand });
export const ofNote = (note: VoiceNote): Item => ({ kind: "note", key: `n${note.number}`, note });

/** Where the teacher finds something; what is on, or on its way there, stands above all queues. */
export function placeOfItem(item: Item): Queue | null {
  switch (item.kind) {
    case "question":
      return queueOf(item.question);
    case "hand":
      return item.hand.state === "raised" ? "new" : null;
    case "note":
      return placeOfNote(item.note);
  }
}

function placeOfNote({ state }: VoiceNote): Queue | null {
  if (state === "ready") return "new";
  if (state === "played") return "answered";
  return state === "dismissed" ? "hidden" : null;
}

/** How much something wants the teacher now, in votes. */
export function worthOf(item: Item, now: Now): number {
  switch (item.kind) {
    case "question":
      return points(item.question, now.time);
    case "hand":
      return (now.position - item.hand.order) / WAIT_OF_A_VOTE;
    case "note":
      return (now.position - item.note.at) / WAIT_OF_A_VOTE;
  }
}

/** When something came from a student, in ms since the epoch. */
function cameAt(item: Item, now: Now): number {
  if (item.kind === "question") return Date.parse(item.question.asked_at);
  const at = item.kind === "hand" ? item.hand.at : item.note.at;
  return now.time - (now.position - at);
}

/**
 * Give one of the teacher's queues.
 *
 * Within a kind its own order stays as the server gives it: questions by points, hands by place,
 * voice notes as they came. Between the kinds that one is next whose first weighs most; of equals a
 * hand comes before a note and a note before a question, for somebody holds the hand up. What is done
 * stands with the newest first.
 */
export function queueItems(waiting: Waiting, queue: Queue, now: Now): Item[] {
  const { questions, hands, notes } = waiting;
  const done = queue === "answered" || queue === "hidden";
  const oldest = [...notes.known.values()].sort((a, b) => a.number - b.number).map(ofNote);
  const here = (items: Item[]) => items.filter((each) => placeOfItem(each) === queue);
  const kinds = [
    here(inOrder(hands).map(ofHand)),
    here(done ? oldest.reverse() : oldest),
    queued(questions, queue, "top", now.time).map(ofQuestion),
  ];
  return merge(kinds, (item) => (done ? cameAt(item, now) : worthOf(item, now)));
}

/** Merge lists that keep their own order; the one whose first weighs most gives the next. */
export function merge<T>(lists: readonly (readonly T[])[], weigh: (item: T) => number): T[] {
  const rest = lists.map((list) => list.map((item) => ({ item, weight: weigh(item) })));
  const merged: T[] = [];
  for (;;) {
    const [first, ...others] = rest.filter((list) => list.length > 0);
    if (!first) return merged;
    const weightOf = (list: typeof first) => list[0]?.weight ?? Number.NEGATIVE_INFINITY;
    const heaviest = others.reduce((a, b) => (weightOf(b) > weightOf(a) ? b : a), first);
    const next = heaviest.shift();
    if (next) merged.push(next.item);
  }
}

/** Give everything that is known, by its key. */
export function knownItems({ questions, hands, notes }: Waiting): ReadonlyMap<string, Item> {
  const all = [
    ...[...questions.known.values()].map(ofQuestion),
    ...[...hands.known.values()].map(ofHand),
    ...[...notes.known.values()].map(ofNote),
  ];
  return new Map(all.map((each) => [each.key, each]));
}

/** What is on now, the loudest first: who speaks, what is played, what is answered. */
export function itemsOn(waiting: Waiting): Item[] {
  const all = [...knownItems(waiting).values()];
  return [
    ...all.filter((each) => each.kind === "hand" && each.hand.state === "on-air"),
    ...all.filter((each) => each.kind === "note" && each.note.state === "playing"),
    ...all.filter((each) => each.kind === "question" && each.question.state === "answering"),
  ];
}

/** Hands that are on their way to the air, in their order. */
export function itemsComing({ hands }: Waiting): Item[] {
  return inOrder(hands)
    .filter((each) => each.state === "invited" || each.state === "testing")
    .map(ofHand);
}
