/** Words that people wrote: marked with their language, which need not be the page's. */
import { type ScriptGuess, scriptLanguage } from "../i18n/script";

export function UserText({ children }: { children: string }) {
  const guess: ScriptGuess = scriptLanguage(children);
  return <span lang={guess ?? undefined}>{children}</span>;
}
