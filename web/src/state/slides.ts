/** What a teacher does with slides: turned faster than the network carries it, the last wish counts; pure. */
import type { Deck, PageRef } from "../protocol/slides";

/** Give the page that is so many after this one, or null where the deck ends. */
export function turned(decks: readonly Deck[], at: PageRef | null, by: number): PageRef | null {
  const deck = decks.find((each) => each.id === at?.deck);
  const index = deck?.pages.findIndex((each) => each.page === at?.page) ?? -1;
  const page = index < 0 ? undefined : deck?.pages[index + by];
  return deck && page ? { deck: deck.id, page: page.page } : null;
}

export function isSame(one: PageRef | null, other: PageRef | null): boolean {
  return one?.deck === other?.deck && one?.page === other?.page;
}

type Show = (wish: PageRef | null) => Promise<unknown>;

/** Sends wishes one after the other and passes over those that a newer one has overtaken. */
export class Remote {
  readonly #show: Show;
  #next: { wish: PageRef | null } | null = null;
  #busy = false;

  constructor(show: Show) {
    this.#show = show;
  }

  /** Show a page, or none; resolves when nothing is left to send. Raises what `show` raises. */
  async wish(wish: PageRef | null): Promise<void> {
    this.#next = { wish };
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#next) {
        const { wish: now } = this.#next;
        this.#next = null;
        await this.#show(now);
      }
    } finally {
      this.#next = null;
      this.#busy = false;
    }
  }
}
