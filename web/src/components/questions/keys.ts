/** The teacher's keys: 1 to 5, up and down, Enter; by the place of the key, never while typing. */
import { useEffect, useRef } from "preact/hooks";
import type { Question } from "../../protocol/questions";
import { shortcutsOn } from "../../state/app";
import type { QuestionRoom } from "../../state/questions";
import { isShortcut } from "../../state/shortcuts";
import { canTake, type Step } from "./steps";

interface Keys {
  room: QuestionRoom;
  /** What is being answered. */
  now: Question | null;
  items: readonly Question[];
  /** What is chosen in the queue. */
  current: Question | null;
  select: (number: number) => void;
  take: (question: Question, step: Step) => void;
}

const DIGITS: Record<string, Step> = {
  Digit1: "begin",
  Digit2: "done",
  Digit3: "text",
  Digit4: "later",
  Digit5: "dismiss",
};

/** Controls that need Enter and the arrows for themselves; a question's own button does not. */
function isBusy(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.closest("button, a, input, select, summary, dialog") !== null &&
    !target.classList.contains("queue-head")
  );
}

/** Do what a key means; false if it means nothing here. */
export function pressKey(code: string, keys: Keys): boolean {
  const { now, items, current } = keys;
  const step = DIGITS[code];
  if (step) {
    // While one is being answered, "answered" and "later" are about that one.
    const target = now && canTake(now, step) ? now : current;
    if (!target || !canTake(target, step)) return false;
    keys.take(target, step);
    return true;
  }
  if (code === "KeyZ") {
    keys.room.undo();
    return true;
  }
  if (code === "ArrowDown" || code === "ArrowUp") {
    const place = current ? items.indexOf(current) : -1;
    const next = items[code === "ArrowDown" ? place + 1 : Math.max(0, place - 1)];
    if (next) keys.select(next.number);
    return next !== undefined;
  }
  if (code !== "Enter") return false;
  if (now && (!current || current.number === now.number)) keys.take(now, "done");
  else if (current && canTake(current, "begin")) keys.take(current, "begin");
  else return false;
  return true;
}

const FOR_CONTROLS = new Set(["Enter", "ArrowDown", "ArrowUp"]);

export function useQueueKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!shortcutsOn.value || !isShortcut(event)) return;
      if (FOR_CONTROLS.has(event.code) && isBusy(event.target)) return;
      if (pressKey(event.code, latest.current)) event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
