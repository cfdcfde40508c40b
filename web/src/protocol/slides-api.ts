/** The calls about slides; only the teacher's page downloads them. */
import type { Api } from "./api";
import type { Deck, PageRef, Slide } from "./slides";

export async function decksOf(api: Api, lesson: string): Promise<Deck[]> {
  return (await api.call<{ decks: Deck[] }>("GET", `/api/lessons/${lesson}/decks`)).decks;
}

export function dropDeck(api: Api, lesson: string, deck: string): Promise<void> {
  return api.call<void>("DELETE", `/api/lessons/${lesson}/decks/${deck}`);
}

/** Show a page to everybody; null shows none. */
export function showSlide(
  api: Api,
  lesson: string,
  wish: PageRef | null,
): Promise<{ slide: Slide | null }> {
  return api.call("POST", `/api/lessons/${lesson}/slide`, wish ?? {});
}
