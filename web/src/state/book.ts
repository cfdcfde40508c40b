/** A course's question book as one page sees it: a list that is asked for, and commands over HTTP. */
import { batch, signal } from "@preact/signals";
import type { BookCalls, BookList, BookWish } from "../protocol/book-api";
import type { Question, QuestionState } from "../protocol/questions";
import { newId } from "../protocol/uuid";
import { isUndoable, UNDO_TIME, type UndoStep } from "./questions";

export type Filter = "open" | "answered" | "mine" | "owned" | "hidden";
export const STUDENT_FILTERS: readonly Filter[] = ["open", "answered", "mine"];
export const TEACHER_FILTERS: readonly Filter[] = ["open", "owned", "answered", "hidden"];

/** Questions asked for at once. */
const PAGE_SIZE = 30;
/** Most that are asked for at once, when a list is read anew as far as it was read. */
const MAX_PAGE = 100;
/** Questions that a search gives; the rest needs better words. */
const FOUND = 50;

const STATES: Record<Filter, readonly QuestionState[] | null> = {
  open: ["open", "later", "answering", "in-review"],
  owned: ["open", "later", "answering", "in-review"],
  answered: ["answered"],
  hidden: ["dismissed", "merged", "withdrawn"],
  mine: null,
};

/** Say what a filter asks of the server. */
export function wishOf(filter: Filter): Omit<BookWish, "offset" | "limit"> {
  const wanted = STATES[filter];
  return {
    // What waits stands in the fair order; what is done, the newest first.
    sort: filter === "open" || filter === "owned" ? "top" : "new",
    ...(wanted ? { state: wanted.join(",") } : {}),
    ...(filter === "mine" ? { mine: "asked" as const } : {}),
    ...(filter === "owned" ? { mine: "owned" as const } : {}),
  };
}

/** Whether something that a search found belongs to a filter. */
export function passes(
  question: Question,
  filter: Filter,
  viewer: { readonly person: string | null; readonly asked: ReadonlySet<number> },
): boolean {
  const wanted = STATES[filter];
  if (wanted && !wanted.includes(question.state)) return false;
  if (filter === "mine") return viewer.asked.has(question.number);
  return filter !== "owned" || question.owner?.id === viewer.person;
}

type Calls = Pick<BookCalls, "list" | "search" | "command">;

export class Book {
  readonly questions = signal<readonly Question[]>([]);
  readonly asked = signal<ReadonlySet<number>>(new Set());
  readonly voted = signal<ReadonlySet<number>>(new Set());
  /** Where the next page begins; null at the end. */
  readonly next = signal<number | null>(null);
  readonly undoStep = signal<UndoStep | null>(null);
  readonly #person: string | null;
  readonly #calls: Calls;
  #filter: Filter = "open";
  #search = "";
  /** Counts what was asked for, so that a late answer is not taken for the newest. */
  #turn = 0;
  /** Ids of commands that may or may not have arrived: the same is sent again as the same. */
  readonly #ids = new Map<string, string>();
  #undoTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(person: string | null, calls: Calls) {
    this.#person = person;
    this.#calls = calls;
  }

  /** Show another list, from its beginning. */
  async show(filter: Filter, search: string): Promise<void> {
    this.#filter = filter;
    this.#search = search.trim();
    await this.#read(PAGE_SIZE);
  }

  async more(): Promise<void> {
    const from = this.next.value;
    if (from === null) return;
    const page = await this.#page(from, PAGE_SIZE);
    const known = new Set(this.questions.value.map((each) => each.number));
    const fresh = page.questions.filter((each) => !known.has(each.number));
    this.#take({ ...page, questions: [...this.questions.value, ...fresh] });
  }

  /** Carry out a command; resolves when the list shows what became of it. */
  async act(
    name: string,
    args: Record<string, unknown>,
  ): Promise<Readonly<Record<string, unknown>>> {
    const content = JSON.stringify([name, args]);
    const id = this.#ids.get(content) ?? newId();
    this.#ids.set(content, id);
    const result = await this.#calls.command(id, name, args);
    this.#ids.delete(content);
    this.#offerUndo(name, result);
    await this.#read(Math.min(MAX_PAGE, Math.max(PAGE_SIZE, this.questions.value.length)));
    return result;
  }

  undo(): void {
    const step = this.undoStep.value;
    if (!step) return;
    this.undoStep.value = null;
    // If it does not arrive, the list goes on showing what is so.
    this.act("question_undo", { question: step.question, version: step.version }).catch(() => {});
  }

  #offerUndo(name: string, { question, version }: Readonly<Record<string, unknown>>): void {
    if (!isUndoable(name) || typeof question !== "number" || typeof version !== "number") return;
    this.undoStep.value = { name, question, version };
    clearTimeout(this.#undoTimer);
    this.#undoTimer = setTimeout(() => {
      this.undoStep.value = null;
    }, UNDO_TIME);
  }

  async #read(limit: number): Promise<void> {
    this.#turn += 1;
    const mine = this.#turn;
    const page = this.#search ? await this.#find() : await this.#page(0, limit);
    if (mine === this.#turn) this.#take(page);
  }

  #page(offset: number, limit: number): Promise<BookList> {
    return this.#calls.list({ ...wishOf(this.#filter), offset, limit });
  }

  async #find(): Promise<BookList> {
    const filter = this.#filter;
    const found = await this.#calls.search(this.#search, FOUND);
    const viewer = { person: this.#person, asked: this.asked.value };
    const my = { asked: [...this.asked.value], voted: [...this.voted.value] };
    return { questions: found.filter((each) => passes(each, filter, viewer)), next: null, my };
  }

  #take({ questions, next, my }: BookList): void {
    batch(() => {
      this.questions.value = questions;
      this.next.value = next;
      this.asked.value = new Set(my.asked);
      this.voted.value = new Set(my.voted);
    });
  }
}
