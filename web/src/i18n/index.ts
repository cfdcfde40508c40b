/** The language of the page: one is downloaded, all pages read it through `t()`. */
import { batch, signal } from "@preact/signals";
import { LANGUAGES, type Language } from "../protocol/types";
import type { Messages } from "./en";

export type { Messages };

export const LANGUAGE_NAMES: Record<Language, { full: string; short: string }> = {
  tg: { full: "Тоҷикӣ", short: "Тоҷ" },
  ru: { full: "Русский", short: "Рус" },
  en: { full: "English", short: "Eng" },
};

const LOADERS: Record<Language, () => Promise<{ default: Messages }>> = {
  tg: () => import("./tg"),
  ru: () => import("./ru"),
  en: () => import("./en"),
};

/** A year, in seconds: how long a browser remembers the language. */
const COOKIE_AGE = 31_536_000;

export const language = signal<Language>("tg");
const messages = signal<Messages | null>(null);

/** Give the texts of the page's language. */
export function t(): Messages {
  const current = messages.value;
  if (!current) throw new Error("the language is not loaded yet");
  return current;
}

function known(value: string | undefined | null): Language | null {
  const short = value?.slice(0, 2).toLowerCase();
  return LANGUAGES.find((each) => each === short) ?? null;
}

/** Read what this browser chose before; null if nothing. */
export function rememberedLanguage(): Language | null {
  return known(/(?:^|; )darsgoh_language=(\w+)/.exec(document.cookie)?.[1]);
}

/** Choose the first language: remembered, then the browser's, then the server's. */
export function firstLanguage(fallback: Language): Language {
  const remembered = rememberedLanguage();
  if (remembered) return remembered;
  for (const each of navigator.languages) {
    const found = known(each);
    if (found) return found;
  }
  return fallback;
}

/** Download the texts of one part of the page in a language, and return what puts them in place. */
export type Part = (next: Language) => Promise<() => void>;

/** The parts that have texts: they change their language together with the page. */
export const parts = new Set<Part>();

/** Download a language and show the page in it, all of it at once. */
export async function showIn(next: Language): Promise<void> {
  const [loaded, ...others] = await Promise.all([
    LOADERS[next](),
    ...[...parts].map((part) => part(next)),
  ]);
  batch(() => {
    language.value = next;
    messages.value = loaded.default;
    for (const put of others) put();
  });
  document.documentElement.lang = next;
}

/** Show the page in a language and remember it for the next visit. */
export async function chooseLanguage(next: Language): Promise<void> {
  // biome-ignore lint/suspicious/noDocumentCookie: CookieStore is missing in Firefox 115 and Safari 15.
  document.cookie = `darsgoh_language=${next}; path=/; max-age=${COOKIE_AGE}; samesite=lax`;
  await showIn(next);
}

/** Put ready texts in place without a download; for the prerendered pages. */
export function setMessages(next: Language, loaded: Messages): void {
  language.value = next;
  messages.value = loaded;
}
