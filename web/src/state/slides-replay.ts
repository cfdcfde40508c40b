/** Which slide was shown, and what a screen showed as a picture, at any position of a lesson; pure. */
import { countTo } from "../protocol/recording-index";
import { pageShown, type ScreenStill, type Slide } from "../protocol/slides";
import type { LessonEvent } from "../protocol/types";

function stillShown(payload: LessonEvent["payload"]): ScreenStill {
  return payload as unknown as ScreenStill;
}

interface Change<T> {
  readonly at: number;
  readonly slide: T | null;
}

function changesTo(changes: readonly Change<unknown>[], position: number): number {
  return countTo(changes.length, (index) => changes[index]?.at ?? 0, position);
}

function standing<T>(changes: readonly Change<T>[], position: number): T | null {
  return changes[changesTo(changes, position) - 1]?.slide ?? null;
}

export class SlidesReplay {
  readonly #changes: Change<Slide>[] = [];
  readonly #screens: Change<ScreenStill>[] = [];

  /** Take in the events that follow those that are known. */
  add(events: readonly LessonEvent[]): void {
    for (const { kind, position, payload } of events) {
      if (kind === "slide.shown") {
        const slide = pageShown(payload);
        if (slide) this.#changes.push({ at: position, slide });
        else this.#screens.push({ at: Number(payload.at), slide: stillShown(payload) });
      } else if (kind === "slide.hidden" || kind === "lesson.ended") {
        this.#changes.push({ at: position, slide: null });
      }
    }
  }

  /** Give what stood there at a position in ms. */
  at(position: number): Slide | null {
    return standing(this.#changes, position);
  }

  /** Give what is shown next after a position in ms, of the pages or of the screen. */
  after(position: number, screen: boolean): Slide | ScreenStill | null {
    const changes: readonly Change<Slide | ScreenStill>[] = screen ? this.#screens : this.#changes;
    return changes[changesTo(changes, position)]?.slide ?? null;
  }

  /** Give what the screen showed last at a position in ms. */
  screenAt(position: number): ScreenStill | null {
    return standing(this.#screens, position);
  }
}
