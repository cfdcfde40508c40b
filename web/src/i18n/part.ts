/** Texts of one part of the pages: downloaded with it, in the page's language. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Language } from "../protocol/types";
import { language, type Part, parts } from ".";

/** Where the texts of each language are. */
export type Loaders<M> = Readonly<Record<Language, () => Promise<{ default: M }>>>;

export interface Texts<M> {
  /** Give the texts; only where `useTexts` has said that they are there. */
  texts(): M;
  /** Load the texts in the page's language, and again when it changes; false until there are any. */
  useTexts(): boolean;
  /** Fetch the texts of a language, and return what puts them in place. */
  load: Part;
}

/** Keep the texts of one part; `name` is for whoever reads them too early. */
export function textsOf<M>(name: string, loaders: Loaders<M>): Texts<M> {
  const messages = signal<M | null>(null);
  const load: Part = (next) =>
    loaders[next]().then(
      (loaded) => () => {
        messages.value = loaded.default;
        parts.add(load);
      },
      // The network is away: what is shown stays in its language.
      () => () => {},
    );
  const texts = () => {
    const current = messages.value;
    if (!current) throw new Error(`the texts of ${name} are not loaded yet`);
    return current;
  };
  const useTexts = () => {
    const wanted = language.value;
    useEffect(() => {
      let late = false;
      load(wanted).then((put) => {
        if (!late) put();
      });
      return () => {
        late = true;
      };
    }, [wanted]);
    return messages.value !== null;
  };
  return { texts, useTexts, load };
}
