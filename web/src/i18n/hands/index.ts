/** The texts of hands and turns: downloaded with their part of the page, in its language. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Language } from "../../protocol/types";
import { language } from "..";
import type { HandMessages } from "./en";

export type { HandMessages };

const LOADERS: Record<Language, () => Promise<{ default: HandMessages }>> = {
  tg: () => import("./tg"),
  ru: () => import("./ru"),
  en: () => import("./en"),
};

const messages = signal<HandMessages | null>(null);

/** Give the texts; only where `useHandTexts` has said that they are there. */
export function h(): HandMessages {
  const current = messages.value;
  if (!current) throw new Error("the texts of hands are not loaded yet");
  return current;
}

/** Put ready texts in place without a download; for tests. */
export function setHandMessages(loaded: HandMessages): void {
  messages.value = loaded;
}

/** Load the texts in the page's language, and again when it changes; false until there are any. */
export function useHandTexts(): boolean {
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
