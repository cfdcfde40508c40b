/** The values of uploaded slides that travel between the pages and the server (docs/slides-protocol.md). */

/** A picture of a slide; widths and heights in pixels. */
export interface Still {
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
}

/** A page of a deck; each picture is width, height, bytes. */
export interface DeckPage {
  readonly page: number;
  readonly text: string;
  readonly images: readonly (readonly [width: number, height: number, bytes: number])[];
}

export interface Deck {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
  readonly pages: readonly DeckPage[];
}

export interface PageRef {
  readonly deck: string;
  readonly page: number;
}

/** A page as everybody is shown it. */
export interface Slide extends PageRef {
  /** Counts what was shown in a lesson, from 1. */
  readonly number: number;
  readonly text: string;
  readonly stills: readonly Still[];
  /** Since when it is shown, in ms on the lesson's clock; not known to who came later. */
  readonly at?: number;
}

/** What a shared screen showed as a picture. */
export interface ScreenStill extends Pick<Slide, "number" | "text" | "stills" | "at"> {
  readonly page?: undefined;
}

/** Give the page that a `slide.shown` tells; null if it tells what a screen showed, which is seen there. */
export function pageShown(payload: Readonly<Record<string, unknown>>): Slide | null {
  return "deck" in payload ? (payload as unknown as Slide) : null;
}

export function slideUrl(lesson: string, number: number, width: number): string {
  return `/api/lessons/${lesson}/slides/${number}/${width}`;
}

/** Give the smallest picture of a page, for those who choose what is shown. */
export function thumbnailUrl(lesson: string, deck: string, page: DeckPage): string {
  const width = Math.min(...page.images.map(([each]) => each));
  return `/api/lessons/${lesson}/decks/${deck}/${page.page}/${width}`;
}
