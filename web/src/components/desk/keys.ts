/** The teacher's keys: 1 to 5, arrows, Enter; by the place of the key, never while typing. */
import { useEffect, useRef } from "preact/hooks";
import { shortcutsOn } from "../../state/app";
import type { Item } from "../../state/queue";
import { isShortcut } from "../../state/shortcuts";
import { DIGITS, mainStep, type Step, stepOfDigit } from "../../state/steps";

export interface Keys {
  /** What is on now: who speaks, what is played, what is answered. */
  on: readonly Item[];
  /** Hands on their way to the air. */
  coming: readonly Item[];
  items: readonly Item[];
  /** What is chosen in the queue. */
  current: Item | null;
  /** Where the last chosen one stood; it may be gone. */
  place: number;
  select: (item: Item) => void;
  take: (item: Item, step: Step) => void;
  undo: () => void;
  /** Let the next hand speak. */
  next: () => void;
  /** Go to the queue before or after this one. */
  turn: (by: 1 | -1) => void;
}

/** Controls that need Enter and the arrows for themselves; the head of an entry does not. */
function isBusy(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.closest("button, a, input, select, summary, dialog, audio") !== null &&
    !target.classList.contains("queue-head")
  );
}

/** Keys whose first meaning is the chosen entry; the others are first about what is on. */
const ABOUT_CHOSEN = new Set(["Digit1", "Digit5"]);

function pressDigit(code: string, { on, coming, current, take }: Keys): boolean {
  const chosen = current ? [current] : [];
  const targets = ABOUT_CHOSEN.has(code) ? [...chosen, ...coming] : [...on, ...chosen];
  for (const item of targets) {
    const step = stepOfDigit(item, code);
    if (!step) continue;
    take(item, step);
    return true;
  }
  return false;
}

/** End what is on, else begin what is chosen, else let somebody speak who is ready. */
function pressEnter({ on, coming, current, take }: Keys): boolean {
  const item = current ?? on[0] ?? coming.find((each) => mainStep(each) !== null);
  const step = item && mainStep(item);
  if (!item || !step) return false;
  take(item, step);
  return true;
}

function pressArrow(by: 1 | -1, { items, current, place, select }: Keys): boolean {
  const at = current ? items.findIndex((each) => each.key === current.key) : -1;
  // What was chosen is dealt with and gone: go on where it stood.
  const wanted = at < 0 ? Math.min(place, items.length - 1) : Math.max(0, at + by);
  const next = items[wanted];
  if (next) select(next);
  return next !== undefined;
}

/** Do what a key means; false if it means nothing here. */
export function pressKey(code: string, keys: Keys): boolean {
  if (code in DIGITS) return pressDigit(code, keys);
  switch (code) {
    case "ArrowDown":
      return pressArrow(1, keys);
    case "ArrowUp":
      return pressArrow(-1, keys);
    case "ArrowLeft":
      keys.turn(-1);
      return true;
    case "ArrowRight":
      keys.turn(1);
      return true;
    case "Enter":
      return pressEnter(keys);
    case "KeyZ":
      keys.undo();
      return true;
    case "KeyN":
      keys.next();
      return true;
    case "KeyE":
      return pressDigit("Digit2", {
        ...keys,
        on: keys.on.filter((each) => each.kind === "hand"),
        current: null,
      });
    default:
      return false;
  }
}

const FOR_CONTROLS = /^(?:Enter|Arrow\w+)$/;

export function useQueueKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!shortcutsOn.value || !isShortcut(event)) return;
      if (FOR_CONTROLS.test(event.code) && isBusy(event.target)) return;
      if (pressKey(event.code, latest.current)) event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
