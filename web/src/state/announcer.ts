/** Status messages for screen readers: polite, at most one per 10 s, the newest wins. */
import { signal } from "@preact/signals";

/** Ms between two messages; more would drown the lesson's own sound. */
export const ANNOUNCE_PERIOD = 10_000;

export interface Announcements {
  readonly shown: string;
  readonly shownAt: number;
  readonly waiting: string | null;
}

export const SILENT: Announcements = {
  shown: "",
  shownAt: Number.NEGATIVE_INFINITY,
  waiting: null,
};

/** Say a text now if enough time has passed, else keep it as the next one. */
export function say(state: Announcements, text: string, now: number): Announcements {
  if (text === state.shown) return { ...state, waiting: null };
  if (now - state.shownAt >= ANNOUNCE_PERIOD) return { shown: text, shownAt: now, waiting: null };
  return { ...state, waiting: text };
}

/** Say the waiting text if its time has come. */
export function due(state: Announcements, now: number): Announcements {
  return state.waiting === null ? state : say(state, state.waiting, now);
}

export const announced = signal("");
let state = SILENT;
let timer: ReturnType<typeof setTimeout> | undefined;

function apply(next: Announcements): void {
  state = next;
  announced.value = next.shown;
  clearTimeout(timer);
  if (next.waiting === null) return;
  const wait = next.shownAt + ANNOUNCE_PERIOD - performance.now();
  timer = setTimeout(() => apply(due(state, performance.now())), Math.max(0, wait));
}

/** Tell people who do not see the screen what changed. */
export function announce(text: string): void {
  if (text) apply(say(state, text, performance.now()));
}
