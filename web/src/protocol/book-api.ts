/** The calls about a course's question book; only its page downloads them. */
import type { Api } from "./api";
import type { Question } from "./questions";

/** Which questions of the book; unset means all. */
export interface BookWish {
  readonly sort: "top" | "new";
  /** States, with commas between them. */
  readonly state?: string;
  readonly mine?: "asked" | "owned";
  readonly offset: number;
  readonly limit: number;
}

export interface BookList {
  readonly questions: readonly Question[];
  /** Where the next page begins; null at the end. */
  readonly next: number | null;
  readonly my: { readonly asked: readonly number[]; readonly voted: readonly number[] };
}

function queryOf(values: object): string {
  const pairs = Object.entries(values).map(([name, value]) => [name, String(value)]);
  return new URLSearchParams(pairs).toString();
}

export class BookCalls {
  readonly #api: Pick<Api, "call" | "bookCommand">;
  readonly #course: string;

  constructor(api: Pick<Api, "call" | "bookCommand">, course: string) {
    this.#api = api;
    this.#course = course;
  }

  list(wish: BookWish): Promise<BookList> {
    return this.#api.call("GET", `/api/courses/${this.#course}/questions?${queryOf(wish)}`);
  }

  async search(words: string, limit: number): Promise<readonly Question[]> {
    const query = queryOf({ q: words, limit });
    const path = `/api/courses/${this.#course}/questions/search?${query}`;
    return (await this.#api.call<{ questions: readonly Question[] }>("GET", path)).questions;
  }

  async command(
    id: string,
    name: string,
    args: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>>> {
    return (await this.#api.bookCommand(this.#course, { id, name, args })).result;
  }
}
