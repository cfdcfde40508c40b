/** Fetches a recording's index and parts; knows no element and no page. */
import { ApiError, type Fetch, problemOf } from "./api";
import { type IndexPage, type RunEntry, runUrl } from "./recording";
import type { RecordingIndex } from "./recording-index";

/** Reads bytes of runs, each run's beginning only once. */
export class PartFetcher {
  readonly #lesson: string;
  readonly #fetch: Fetch;
  readonly #inits = new Map<string, Uint8Array<ArrayBuffer>>();

  constructor(lesson: string, fetch: Fetch) {
    this.#lesson = lesson;
    this.#fetch = fetch;
  }

  /** Give bytes `from` up to but without `to` as they arrive; raises ApiError. */
  async *read(
    run: RunEntry,
    from: number,
    to: number,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const response = await this.#ask(run, from, to, signal);
    const reader = response.body?.getReader();
    if (!reader) {
      yield new Uint8Array(await response.arrayBuffer());
      return;
    }
    let left = to - from;
    for (;;) {
      const { done, value } = await this.#next(reader, signal);
      if (done) break;
      left -= value.length;
      yield value;
    }
    // Half a part is no part: the rest is asked for again.
    if (left > 0) throw new ApiError("offline", 0);
  }

  /** Give the bytes a run begins with, which every decoder needs first. */
  async init(run: RunEntry, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const known = this.#inits.get(run.run);
    if (known) return known;
    const [offset, length] = run.init;
    const response = await this.#ask(run, offset, offset + length, signal);
    const bytes = new Uint8Array(await response.arrayBuffer());
    this.#inits.set(run.run, bytes);
    return bytes;
  }

  async #ask(run: RunEntry, from: number, to: number, signal: AbortSignal): Promise<Response> {
    let response: Response;
    try {
      response = await this.#fetch(runUrl(this.#lesson, run.run), {
        headers: { Range: `bytes=${from}-${to - 1}` },
        credentials: "same-origin",
        signal,
      });
    } catch (error) {
      if (signal.aborted) throw error;
      throw new ApiError("offline", 0);
    }
    if (!response.ok) throw await problemOf(response);
    if (response.status !== 206) throw new ApiError("no-range", response.status);
    return response;
  }

  async #next(reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>, signal: AbortSignal) {
    try {
      return await reader.read();
    } catch (error) {
      if (signal.aborted) throw error;
      throw new ApiError("offline", 0);
    }
  }
}

/** Ms between two looks at the index of a lesson that is on. */
export const INDEX_PERIOD = 2_000;
/** Ms until an index that did not come is asked for again. */
const AGAIN = 4_000;

/** Whether asking again can help. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.status === 0 || error.status === 429 || error.status >= 500;
}

export interface IndexHooks {
  page: (since: number) => Promise<IndexPage>;
  /** Something is new. */
  changed: () => void;
  /** It can not be read any more. */
  failed: (error: unknown) => void;
}

/** Fills an index, and follows it while the lesson is on. */
export class IndexFollower {
  readonly #index: RecordingIndex;
  readonly #hooks: IndexHooks;
  #next = 0;
  /** Counts openings and closings: what was asked for before is not taken after. */
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Ms between two looks. */
  period = INDEX_PERIOD;

  constructor(index: RecordingIndex, hooks: IndexHooks) {
    this.#index = index;
    this.#hooks = hooks;
  }

  /** Read what is new, then go on by itself; resolves after the first reading. */
  async open(): Promise<void> {
    this.close();
    await this.#read(this.#turn);
  }

  /** Ask no more; it can be opened again, and goes on from where it was. */
  close(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
  }

  async #read(turn: number): Promise<void> {
    try {
      const ended = await this.#readAll(turn);
      if (!ended) this.#later(this.period, turn);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#hooks.failed(error);
      if (isPassing(error)) this.#later(AGAIN, turn);
    }
  }

  /** Read page after page until there is nothing new; say whether nothing ever will be. */
  async #readAll(turn: number): Promise<boolean> {
    for (;;) {
      const page = await this.#hooks.page(this.#next);
      if (turn !== this.#turn) return true;
      this.#index.add(page.entries);
      this.#next = Math.max(this.#next, page.next);
      if (page.entries.length > 0) this.#hooks.changed();
      if (!page.more) return page.ended;
    }
  }

  #later(ms: number, turn: number): void {
    if (turn !== this.#turn) return;
    this.#timer = setTimeout(() => void this.#read(turn), ms);
  }
}
