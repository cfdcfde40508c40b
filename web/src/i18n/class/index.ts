/** The texts of the class: downloaded with their part of the page, in its language. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Language } from "../../protocol/types";
import { language } from "..";
import type { ClassMessages } from "./en";

export type { ClassMessages };

const LOADERS: Record<Language, () => Promise<{ default: ClassMessages }>> = {
  tg: () => import("./tg"),
  ru: () => import("./ru"),
  en: () => import("./en"),
};

const messages = signal<ClassMessages | null>(null);

/** Give the texts; only where `useClassTexts` has said that they are there. */
export function c(): ClassMessages {
  const current = messages.value;
  if (!current) throw new Error("the texts of the class are not loaded yet");
  return current;
}

/** Put ready texts in place without a download; for tests. */
export function setClassMessages(loaded: ClassMessages): void {
  messages.value = loaded;
}

/** Load the texts in the page's language, and again when it changes; false until there are any. */
export function useClassTexts(): boolean {
  const wanted = language.value;
  useEffect(() => {
    let late = false;
    LOADERS[wanted]().then(
      (loaded) => {
        if (!late) messages.value = loaded.default;
      },
      // The network is away: what is shown stays in its language.
      () => {},
    );
    return () => {
      late = true;
    };
  }, [wanted]);
  return messages.value !== null;
}
