/** What a lesson pack holds, as the server writes it (recordings/pack.py), and what is found in it; pure. */
import type { Chapter } from "../protocol/recording";
import type { Language } from "../protocol/types";
import { fold } from "../state/questions-view";

export interface PackAnswer {
  readonly text: string;
  readonly teacher: boolean;
}

export interface PackQuestion {
  readonly number: number;
  readonly text: string;
  /** Ms in the pack at which it was asked; null if that is not in it. */
  readonly at: number | null;
  /** Ms at which its answer begins; null if it was not answered aloud. */
  readonly answer: number | null;
  readonly answers: readonly PackAnswer[];
}

export interface PackSlide {
  /** Ms in the pack from which it is shown. */
  readonly at: number;
  readonly number: number;
}

/** All times are ms from the pack's beginning. */
export interface PackFacts {
  readonly lesson: string;
  readonly title: string;
  readonly course: string | null;
  /** The day of the lesson, such as 2026-11-25. */
  readonly date: string;
  readonly language: Language;
  readonly length: number;
  readonly slides: readonly PackSlide[];
  /** The words of slides, by number. */
  readonly texts: Readonly<Record<string, string>>;
  readonly chapters: readonly Chapter[];
  readonly gaps: readonly { readonly at: number; readonly to: number }[];
  readonly questions: readonly PackQuestion[];
}

/** Give the last of things in the order of time that has begun. */
export function current<T extends { readonly at: number }>(
  all: readonly T[],
  position: number,
): T | null {
  return all.filter((one) => one.at <= position).pop() ?? null;
}

/** Give where to go for a question; null if nowhere in the pack. */
export function placeOf(question: PackQuestion): number | null {
  return question.answer ?? question.at;
}

export interface PackFound {
  readonly at: number | null;
  readonly title: string;
  readonly kind: "question" | "slide";
  readonly number: number;
}

/** Find questions, answers and slides by their words. */
export function find(facts: PackFacts, words: string): PackFound[] {
  const wanted = fold(words.trim());
  if (!wanted) return [];
  const has = (text: string) => fold(text).includes(wanted);
  const questions = facts.questions
    .filter((one) => has(one.text) || one.answers.some((answer) => has(answer.text)))
    .map((one): PackFound => {
      return { at: placeOf(one), title: one.text, kind: "question", number: one.number };
    });
  const slides = facts.slides
    .filter((one) => has(facts.texts[one.number] ?? ""))
    .map((one): PackFound => {
      const title = around(facts.texts[one.number] ?? "", wanted);
      return { at: one.at, title, kind: "slide", number: one.number };
    });
  const place = (one: PackFound) => one.at ?? facts.length;
  return [...questions, ...slides].sort((a, b) => place(a) - place(b));
}

/** Characters of a slide's text that are shown of a result. */
const SHOWN = 120;

/** Give the line of a text that has the words, not too long. */
function around(text: string, wanted: string): string {
  const line = text.split("\n").find((one) => fold(one).includes(wanted)) ?? text;
  return line.length > SHOWN ? `${line.slice(0, SHOWN - 1)}…` : line;
}
