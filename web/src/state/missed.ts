/** What somebody missed whose connection was gone for a while; pure. */
import type { QuestionState } from "../protocol/questions";
import { pageShown, type Slide } from "../protocol/slides";
import type { LessonEvent } from "../protocol/types";

/** Ms of a gap from which on something may have been missed. */
export const WORTH_TELLING = 10_000;
/** Ms until a browser notices that nothing comes any more. */
const NOTICES_LATE = 3_000;
/** Ms between two looks after which a page was asleep. */
const ASLEEP = 5_000;
/** Ms in which a browser that woke up notices that its connection is dead. */
const WAKES = 15_000;

/** A stretch of the lesson (ms on its clock) that was not received. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /** The last event that was known before it. */
  readonly since: number;
}

/** What is known of a page at one moment. */
export interface Look {
  /** Ms on the clock of the device, which goes on while it sleeps. */
  readonly now: number;
  /** Ms on the lesson's clock. */
  readonly position: number;
  /** The last event that is known. */
  readonly seq: number;
  /** Whether the lesson is received. */
  readonly received: boolean;
}

/** Watches the connection of a page, and tells of a gap when it is over. */
export class GapWatch {
  /** The last moment when all was well. */
  #well: Look | null = null;
  #gone = false;
  #looked = 0;
  #awakeSince = 0;

  look(look: Look): Gap | null {
    const { now, position, received } = look;
    if (now - this.#looked > ASLEEP) this.#awakeSince = now;
    this.#looked = now;
    const well = this.#well;
    if (!well) {
      if (received) this.#well = look;
      return null;
    }
    if (!received) {
      this.#gone = true;
      return null;
    }
    // Who slept looks well for a moment, until the browser notices.
    if (!this.#gone && now - this.#awakeSince < WAKES) return null;
    const gap = this.#gone
      ? { from: Math.max(0, well.position - NOTICES_LATE), to: position, since: well.seq }
      : null;
    this.#gone = false;
    this.#well = look;
    return gap && gap.to - gap.from >= WORTH_TELLING ? gap : null;
  }

  /** Begin anew: nothing was to be received. */
  forget(): void {
    this.#well = null;
    this.#gone = false;
  }
}

export interface Missed {
  /** Numbers of the questions that were answered. */
  readonly answered: readonly number[];
  readonly slides: readonly Slide[];
}

/** Say what happened in a gap that is worth knowing. */
export function missedIn(events: readonly LessonEvent[], { to }: Gap): Missed {
  const states = new Map<number, QuestionState>();
  const slides = new Map<string, Slide>();
  for (const { kind, payload, position } of events) {
    if (position > to) break;
    if (kind === "slide.shown") {
      const slide = pageShown(payload);
      if (slide) slides.set(`${slide.deck} ${slide.page}`, slide);
      continue;
    }
    const question = payload.question as { number?: number; state?: QuestionState } | undefined;
    if (kind.startsWith("question.") && question?.number && question.state)
      states.set(question.number, question.state);
  }
  const answered = [...states].filter(([, state]) => state === "answered");
  return { answered: answered.map(([number]) => number), slides: [...slides.values()] };
}
