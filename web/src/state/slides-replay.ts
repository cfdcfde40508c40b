/** Which uploaded slide was shown at any position of a lesson; pure. */
import { countTo } from "../protocol/recording-index";
import { pageShown, type Slide } from "../protocol/slides";
import type { LessonEvent } from "../protocol/types";

export class SlidesReplay {
  readonly #changes: { at: number; slide: Slide | null }[] = [];

  /** Take in the events that follow those that are known. */
  add(events: readonly LessonEvent[]): void {
    for (const { kind, position, payload } of events) {
      if (kind === "slide.shown") {
        const slide = pageShown(payload);
        if (slide) this.#changes.push({ at: position, slide });
      } else if (kind === "slide.hidden" || kind === "lesson.ended") {
        this.#changes.push({ at: position, slide: null });
      }
    }
  }

  /** Give what stood there at a position in ms. */
  at(position: number): Slide | null {
    const of = (index: number) => this.#changes[index]?.at ?? 0;
    return this.#changes[countTo(this.#changes.length, of, position) - 1]?.slide ?? null;
  }
}
