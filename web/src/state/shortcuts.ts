/** Keyboard shortcuts by the place of the key, so that a Cyrillic layout does not break them. */
import { useEffect, useRef } from "preact/hooks";
import { shortcutsOn } from "./app";

export interface KeyLike {
  code: string;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  repeat: boolean;
  target: EventTarget | null;
}

/** Inputs that letters do nothing in. */
const LETTERLESS: ReadonlySet<string> = new Set(["checkbox", "radio", "range"]);

/** Elements that need letters for themselves. */
export function isTyping(
  target: { tagName?: string; isContentEditable?: boolean; type?: string } | null,
) {
  if (!target) return false;
  if (target.isContentEditable) return true;
  if (target.tagName === "INPUT") return !LETTERLESS.has(target.type ?? "text");
  return target.tagName === "TEXTAREA" || target.tagName === "SELECT";
}

/** Whether a key press is meant as a shortcut. */
export function isShortcut(event: KeyLike): boolean {
  return !event.repeat && isForPage(event);
}

/** Whether a key that is pressed, or still held, is meant for the page. */
export function isForPage(event: Omit<KeyLike, "repeat">): boolean {
  if (event.ctrlKey || event.altKey || event.metaKey) return false;
  return !isTyping(event.target as HTMLElement | null);
}

export type Shortcuts = Record<string, () => void>;

/** Listen for keys (`KeyF`, …) while the page is shown and shortcuts are on. */
export function useShortcuts(keys: Shortcuts): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const action = current.current[event.code];
      if (!action || !shortcutsOn.value || !isShortcut(event)) return;
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
