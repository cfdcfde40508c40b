/** The questions of a lesson at any of its positions: the live reducer, run along the clock. */
import { countTo } from "../protocol/recording-index";
import type { LessonEvent } from "../protocol/types";
import { applyAll, NOTHING, type Questions, type Viewer } from "./questions-reducer";

/** Events between two states that are kept, so that going back reads no more than these. */
const CHECKPOINT = 64;

export class QuestionsReplay {
  readonly #viewer: Viewer;
  readonly #events: LessonEvent[] = [];
  /** The state after every CHECKPOINT events, as far as anybody has looked. */
  readonly #states: Questions[] = [NOTHING];
  #last: { count: number; state: Questions } = { count: 0, state: NOTHING };

  constructor(viewer: Viewer) {
    this.#viewer = viewer;
  }

  get events(): readonly LessonEvent[] {
    return this.#events;
  }

  /** Take in the events that follow those that are known. */
  add(events: readonly LessonEvent[]): void {
    const known = this.#events[this.#events.length - 1]?.seq ?? 0;
    this.#events.push(...events.filter((event) => event.seq > known));
  }

  /** Give what was to be seen at a position in ms; the same object while nothing changes. */
  at(position: number): Questions {
    const of = (index: number) => this.#events[index]?.position ?? 0;
    const count = countTo(this.#events.length, of, position);
    if (count !== this.#last.count) this.#last = { count, state: this.#after(count) };
    return this.#last.state;
  }

  #after(count: number): Questions {
    const whole = Math.floor(count / CHECKPOINT);
    for (let made = this.#states.length; made <= whole; made += 1) {
      const from = (made - 1) * CHECKPOINT;
      const before = this.#states[made - 1] ?? NOTHING;
      const events = this.#events.slice(from, from + CHECKPOINT);
      this.#states.push(applyAll(before, events, this.#viewer));
    }
    const near = this.#last;
    // Playing on is cheaper than any checkpoint.
    const start =
      near.count <= count && near.count >= whole * CHECKPOINT
        ? near
        : { count: whole * CHECKPOINT, state: this.#states[whole] ?? NOTHING };
    return applyAll(start.state, this.#events.slice(start.count, count), this.#viewer);
  }
}
