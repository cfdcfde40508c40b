import { describe, expect, it } from "vitest";
import { ApiError } from "../protocol/api";
import type { BookList, BookWish } from "../protocol/book-api";
import type { Question } from "../protocol/questions";
import { Book, passes, wishOf } from "./book";

const question = (number: number, rest: Partial<Question> = {}) =>
  ({ number, state: "open", ...rest }) as Question;
const page = (numbers: number[], next: number | null = null): BookList => ({
  questions: numbers.map((each) => question(each)),
  next,
  my: { asked: [1], voted: [2] },
});

/** A server that answers as it is told and remembers what it was asked. */
class Server {
  readonly wishes: BookWish[] = [];
  readonly commands: { id: string; name: string; args: Readonly<Record<string, unknown>> }[] = [];
  pages: BookList[] = [page([])];
  away = false;

  list = async (wish: BookWish) => {
    this.wishes.push(wish);
    return this.pages.length > 1 ? (this.pages.shift() as BookList) : (this.pages[0] as BookList);
  };
  search = async () => [question(1), question(2), question(3, { state: "answered" })];
  command = async (id: string, name: string, args: Readonly<Record<string, unknown>>) => {
    this.commands.push({ id, name, args });
    if (this.away) throw new ApiError("offline", 0);
    return { question: 7, version: 3 };
  };
}

function open() {
  const server = new Server();
  return { server, book: new Book("anor", server) };
}

const numbers = (book: Book) => book.questions.value.map((each) => each.number);

describe("the filters of the book", () => {
  it("ask the server for states, and for what is one's own", () => {
    expect(wishOf("open")).toEqual({ sort: "top", state: "open,later,answering,in-review" });
    expect(wishOf("answered")).toEqual({ sort: "new", state: "answered" });
    expect(wishOf("mine")).toEqual({ sort: "new", mine: "asked" });
    expect(wishOf("owned")).toMatchObject({ sort: "top", mine: "owned" });
  });

  it("hold for what a search finds, too", () => {
    const viewer = { person: "anor", asked: new Set([1]) };
    expect(passes(question(1), "open", viewer)).toBe(true);
    expect(passes(question(1, { state: "answered" }), "open", viewer)).toBe(false);
    expect(passes(question(1), "mine", viewer)).toBe(true);
    expect(passes(question(2), "mine", viewer)).toBe(false);
    const owner = { id: "anor", name: "Anor" };
    expect(passes(question(2, { owner }), "owned", viewer)).toBe(true);
    expect(passes(question(2), "owned", viewer)).toBe(false);
  });
});

describe("the book", () => {
  it("is read page by page; what comes twice is there once", async () => {
    const { server, book } = open();
    server.pages = [page([1, 2], 2), page([2, 3])];
    await book.show("open", "");
    expect(book.voted.value.has(2)).toBe(true);
    await book.more();
    expect(numbers(book)).toEqual([1, 2, 3]);
    expect(server.wishes[1]).toMatchObject({ offset: 2, sort: "top" });
    await book.more();
    expect(server.wishes).toHaveLength(2);
  });

  it("is searched within a filter", async () => {
    const { book } = open();
    await book.show("open", " byte ");
    expect(numbers(book)).toEqual([1, 2]);
  });

  it("shows the list that was asked for last, though its answer came first", async () => {
    const { server, book } = open();
    let late: (list: BookList) => void = () => {};
    server.list = () =>
      new Promise((resolve) => {
        late = resolve;
      });
    const first = book.show("open", "");
    server.list = async () => page([9]);
    await book.show("answered", "");
    late(page([1]));
    await first;
    expect(numbers(book)).toEqual([9]);
  });

  it("sends the same again as the same, until it has arrived", async () => {
    const { server, book } = open();
    server.away = true;
    await expect(book.act("question_ask", { text: "?" })).rejects.toThrow();
    server.away = false;
    await book.act("question_ask", { text: "?" });
    await book.act("question_ask", { text: "?" });
    const [first, again, other] = server.commands.map((each) => each.id);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it("takes the last step back by its version", async () => {
    const { server, book } = open();
    await book.act("question_star", { question: 7, on: true });
    expect(book.undoStep.value).toBeNull();
    await book.act("question_answer", { question: 7, text: "8" });
    book.undo();
    expect(server.commands.at(-1)).toMatchObject({
      name: "question_undo",
      args: { question: 7, version: 3 },
    });
    expect(book.undoStep.value).toBeNull();
  });
});
