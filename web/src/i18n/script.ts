/** Guessing the language of a text from its letters, so that screen readers choose the right voice; pure. */
import type { Language } from "../protocol/types";

export type ScriptGuess = Language | null;

/** Letters that only Tajik has, and letters that Tajik does without. */
const TAJIK = /[ғӣқӯҳҷ]/i;
const RUSSIAN = /[щыэ]|ь/i;
const CYRILLIC = /[а-яё]/i;
const LATIN = /[a-z]/i;

/** Give the language a text looks like; null when its letters do not tell. */
export function scriptLanguage(text: string): ScriptGuess {
  if (TAJIK.test(text)) return "tg";
  if (RUSSIAN.test(text)) return "ru";
  if (LATIN.test(text) && !CYRILLIC.test(text)) return "en";
  return null;
}
