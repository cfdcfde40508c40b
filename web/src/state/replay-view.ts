/** What a replay's page decides without asking anybody; pure. */
import type { Cue } from "../protocol/captions";
import type { Question } from "../protocol/questions";
import type { Chapter } from "../protocol/recording";
import { parseTime } from "../protocol/replay-clock";
import { fold, matches } from "./questions-view";

export const SPEEDS = ["0.5", "0.75", "1", "1.25", "1.5", "1.75", "2"] as const;
const FAST = ["2.5", "3"] as const;

export function speeds(fast: boolean): readonly string[] {
  return fast ? [...SPEEDS, ...FAST] : SPEEDS;
}

/** Give the next speed in a direction; the last one stays. */
export function changedSpeed(speed: string, up: boolean, fast: boolean): string {
  const all = speeds(fast);
  const here = Math.max(0, all.indexOf(speed));
  return all[Math.min(all.length - 1, Math.max(0, here + (up ? 1 : -1)))] ?? speed;
}

/** Ms before the end at which a replay that was watched begins anew. */
const NEARLY_OVER = 30_000;

/** Say where to begin: at `?t=`, else where one was, else at the beginning. */
export function startAt(parameter: string | null, kept: number, length: number): number {
  const wanted = parseTime(parameter);
  if (wanted !== null) return Math.min(wanted, length);
  return kept < length - NEARLY_OVER ? kept : 0;
}

/** Ms within which "previous" goes to the chapter before instead of this one's beginning. */
const JUST_BEGUN = 3_000;

/** Give the beginning of the next or previous chapter; null if there is none. */
export function otherChapter(
  chapters: readonly Chapter[],
  position: number,
  next: boolean,
): number | null {
  const starts = chapters.map((chapter) => chapter.at).sort((a, b) => a - b);
  if (next) return starts.find((at) => at > position) ?? null;
  return starts.filter((at) => at < position - JUST_BEGUN).pop() ?? null;
}

export interface Found {
  readonly at: number;
  readonly title: string;
  readonly kind: "question" | "slide" | "caption";
  readonly number: number | null;
}

/** How many captions a search shows; whoever gets more needs another word. */
const MOST_CAPTIONS = 100;

/** Find questions, chapters and captions by their words; each result knows its second. */
export function find(
  words: string,
  lesson: string,
  questions: Iterable<Question>,
  chapters: readonly Chapter[],
  cues: readonly Cue[] = [],
): Found[] {
  if (!words.trim()) return [];
  const found: Found[] = [];
  for (const question of questions) {
    if (!matches(question, words)) continue;
    const at = answerAt(question, lesson) ?? askedAt(question, lesson);
    if (at === null) continue;
    found.push({ at, title: question.text, kind: "question", number: question.number });
  }
  const folded = fold(words.trim());
  for (const { at, title, kind, number } of chapters) {
    if (kind !== "slide" || !fold(title).includes(folded)) continue;
    found.push({ at, title, kind, number: number ?? null });
  }
  const spoken = cues.filter((cue) => fold(cue.text).includes(folded)).slice(0, MOST_CAPTIONS);
  for (const { at, text } of spoken) {
    found.push({ at, title: text.replace(/\n/g, " "), kind: "caption", number: null });
  }
  return found.sort((a, b) => a.at - b.at);
}

/** Where a question was answered in this lesson, in ms; null if it was not. */
export function answerAt(question: Question, lesson: string): number | null {
  const { answer } = question;
  return answer && answer.lesson === lesson ? answer.from : null;
}

/** Where a question was asked in this lesson, in ms; null if it was elsewhere. */
export function askedAt(question: Question, lesson: string): number | null {
  return question.lesson === lesson ? question.at : null;
}

/** Ms by which the clock goes on between two looks while it plays, at any speed; more is a jump. */
const GOES_ON = 2_000;

/** The intervals that were really played since they were last told. */
export class Played {
  #intervals: [number, number][] = [];
  #last: number | null = null;

  /** Note where the clock stands in ms. */
  at(position: number, playing: boolean): void {
    const before = this.#last;
    this.#last = playing ? position : null;
    if (before === null || position <= before || position - before > GOES_ON) return;
    const open = this.#intervals[this.#intervals.length - 1];
    if (open && open[1] === Math.round(before)) open[1] = Math.round(position);
    else this.#intervals.push([Math.round(before), Math.round(position)]);
  }

  /** Give what was played, and forget it. */
  take(): [number, number][] {
    return this.#intervals.splice(0).filter(([from, to]) => to > from);
  }

  putBack(intervals: readonly [number, number][]): void {
    this.#intervals.unshift(...intervals);
  }
}
