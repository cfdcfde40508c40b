/** What of the questions is shown where and in which order; pure. */
import type { Entry } from "../protocol/outbox";
import type { Question, QuestionState } from "../protocol/questions";
import type { Questions } from "./questions-reducer";

export type Tab = "open" | "answered" | "mine";
export type Sort = "top" | "new";
export type Queue = "new" | "next" | "answered" | "hidden";
export const TABS: readonly Tab[] = ["open", "answered", "mine"];
export const QUEUES: readonly Queue[] = ["new", "next", "answered", "hidden"];

/** Votes that somebody's first question is worth; the order is the server's, see the protocol. */
const FIRST_LIFT = 2;
/** Minutes of waiting that are worth a vote, and how many votes at most. */
const AGE_MINUTES = 10;
const AGE_LIFT = 3;
const MINUTE = 60_000;

/** Say what a question is worth; `now` in ms since the epoch. */
export function points(question: Question, now: number): number {
  const waited = Math.max(0, now - Date.parse(question.asked_at)) / MINUTE;
  const age = Math.min(waited / AGE_MINUTES, AGE_LIFT);
  return question.votes + (question.first ? FIRST_LIFT : 0) + age;
}

/** Sort without changing what was given: the most wanted or the newest first. */
export function sorted(questions: readonly Question[], sort: Sort, now: number): Question[] {
  if (sort === "new") return [...questions].sort((a, b) => b.number - a.number);
  const worth = new Map(questions.map((each) => [each.number, points(each, now)]));
  const of = (each: Question) => worth.get(each.number) ?? 0;
  return [...questions].sort((a, b) => of(b) - of(a) || a.number - b.number);
}

const LETTERS: Record<string, string> = {
  ғ: "г",
  ӣ: "и",
  қ: "к",
  ӯ: "у",
  ҳ: "х",
  ҷ: "ч",
  ё: "е",
};

/** Fold letters as the server's search does: no case, no accents, no Tajik hooks and bars. */
export function fold(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[ғӣқӯҳҷё]/g, (letter) => LETTERS[letter] ?? letter)
    .normalize("NFKD")
    .replace(/\p{M}/gu, "");
}

function words(text: string): string[] {
  return fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Whether every word of a search is in a question, or begins one of its words, or is its number. */
export function matches(question: Question, search: string): boolean {
  const wanted = words(search);
  if (wanted.length === 1 && wanted[0] === String(question.number)) return true;
  const there = words(question.text);
  return wanted.every((word) => there.some((each) => each.startsWith(word)));
}

/** Words shorter than this say little of what a question is about. */
const TELLING = 4;
/** Letters by which two forms of a word are taken for the same. */
const STEM = 5;
/** Share of telling words that make two questions nearly the same. */
const ALIKE = 0.5;

/** Find questions that ask nearly the same, the likest first; for when the server cannot be asked. */
export function alike(text: string, questions: readonly Question[], limit: number): Question[] {
  const stems = (of: string) =>
    new Set(
      words(of)
        .filter((word) => word.length >= TELLING)
        .map((word) => word.slice(0, STEM)),
    );
  const wanted = stems(text);
  if (wanted.size === 0) return [];
  return questions
    .map((question) => {
      const there = stems(question.text);
      const shared = [...wanted].filter((stem) => there.has(stem)).length;
      return { question, likeness: shared / Math.max(1, Math.min(wanted.size, there.size)) };
    })
    .filter((each) => each.likeness >= ALIKE)
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, limit)
    .map((each) => each.question);
}

const TAB_STATES: Record<Exclude<Tab, "mine">, ReadonlySet<QuestionState>> = {
  open: new Set(["open", "later", "answering"]),
  answered: new Set(["answered"]),
};

export function inTab(question: Question, tab: Tab, asked: ReadonlySet<number>): boolean {
  if (tab === "mine") return asked.has(question.number);
  return TAB_STATES[tab].has(question.state);
}

/** Give the questions of a tab, searched and sorted. */
export function listed(
  questions: Questions,
  want: { tab: Tab; sort: Sort; search: string },
  now: number,
): Question[] {
  const found = [...questions.known.values()].filter(
    (each) =>
      inTab(each, want.tab, questions.asked) && (!want.search || matches(each, want.search)),
  );
  return sorted(found, want.sort, now);
}

/** Where the teacher finds a question; one that is being answered stands above all queues. */
export function queueOf(question: Question): Queue | null {
  switch (question.state) {
    case "in-review":
    case "open":
      return question.starred ? "next" : "new";
    case "later":
      return "next";
    case "answered":
      return "answered";
    case "answering":
      return null;
    default:
      return "hidden";
  }
}

export function queued(questions: Questions, queue: Queue, sort: Sort, now: number): Question[] {
  const found = [...questions.known.values()].filter((each) => queueOf(each) === queue);
  const order = sorted(found, queue === "new" || queue === "next" ? sort : "new", now);
  if (queue !== "next") return order;
  return [...order.filter((each) => each.starred), ...order.filter((each) => !each.starred)];
}

/** Give the question that is being answered, if one is. */
export function answering(questions: Questions): Question | null {
  return [...questions.known.values()].find((each) => each.state === "answering") ?? null;
}

export interface Held<K> {
  /** What stands in the list, in the order in which it is being read. */
  readonly shown: readonly K[];
  /** What has come since and waits behind "3 new questions". */
  readonly fresh: readonly K[];
}

/**
 * Hold a list still while it is read: what is there stays where it is, even if it belongs
 * elsewhere by now; what is new waits. Only what is gone altogether leaves, and only what the
 * reader has just asked comes in by itself, at the top.
 */
export function hold<K>(
  shown: readonly K[],
  now: readonly K[],
  known: (key: K) => boolean,
  own: ReadonlySet<K> = new Set(),
): Held<K> {
  const staying = shown.filter(known);
  const there = new Set(staying);
  if (staying.length === 0) return { shown: now, fresh: [] };
  const fresh = now.filter((key) => !there.has(key));
  return {
    shown: [...fresh.filter((key) => own.has(key)), ...staying],
    fresh: fresh.filter((key) => !own.has(key)),
  };
}

/** How far the own question has come. */
export type Progress = "waiting" | "sent" | "seen" | "answered" | "refused";

export function progressOf(question: Question): Progress {
  if (question.state === "answered") return "answered";
  return question.seen || question.state === "answering" || question.state === "later"
    ? "seen"
    : "sent";
}

/** Give our vote and the count as they will be once everything has been sent. */
export function voteOf(
  question: Question,
  voted: ReadonlySet<number>,
  entries: readonly Entry[],
): { on: boolean; votes: number } {
  const counted = voted.has(question.number);
  const waiting = entries.filter(
    (entry) =>
      entry.name === "question_vote" &&
      entry.args.question === question.number &&
      entry.state !== "refused",
  );
  const last = waiting[waiting.length - 1];
  const on = last ? last.args.on === true : counted;
  return { on, votes: Math.max(0, question.votes + Number(on) - Number(counted)) };
}
