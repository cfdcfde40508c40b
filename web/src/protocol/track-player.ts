/** One media element of a recording, fed through Media Source; a thin shell around TrackParts. */
import { mediaSourceClass } from "./media-source";
import { isPassing, type PartFetcher } from "./parts";
import { mimeOf, type RunEntry } from "./recording";
import type { Part, Request, TrackParts } from "./recording-index";

/** Ms of a track that are kept behind what is being played; what lies further back is fetched again. */
const BEHIND = 15_000;
/** Ms joined into one request: little at first, so that it begins soon, then more. */
const FIRST_REQUEST = 1_500;
const LONGEST_REQUEST = 8_000;
/** Ms until parts that did not come are asked for again. */
const AGAIN = 2_000;
/** Seconds before the beginning of what is buffered from which an element is pushed into it. */
const NUDGE = 0.5;
/** Ms after an element's position in which lies what it could not decode. */
const DECODED_AHEAD = 1_000;
/** A finite length, in seconds: elements can not seek beyond what is buffered of an endless source. */
const LENGTH = 7 * 86_400;

export interface TrackHooks {
  /** Why nothing comes just now; null once it does again. */
  failed: (error: unknown) => void;
}

export class TrackPlayer {
  readonly element: HTMLMediaElement;
  readonly parts: TrackParts;
  readonly #fetcher: PartFetcher;
  readonly #hooks: TrackHooks;
  #source: MediaSource | null = null;
  #buffer: SourceBuffer | null = null;
  #url: string | null = null;
  /** The run whose beginning was appended last. */
  #run: RunEntry | null = null;
  readonly #have = new Set<Part>();
  #loading: { request: Request; control: AbortController } | null = null;
  #pumping = false;
  #closed = false;
  #position = 0;
  #ahead = 0;
  #most = FIRST_REQUEST;
  #queue: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    element: HTMLMediaElement,
    parts: TrackParts,
    fetcher: PartFetcher,
    hooks: TrackHooks,
  ) {
    this.element = element;
    this.parts = parts;
    this.#fetcher = fetcher;
    this.#hooks = hooks;
  }

  /** Seconds on the lesson's clock. */
  get time(): number {
    return this.element.currentTime;
  }

  /** Whether the element can go on from where it is. */
  get ready(): boolean {
    return !this.element.seeking && this.element.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
  }

  /** Be at a position (ms), and have what comes within `ahead` ms. */
  seek(position: number, ahead: number): void {
    this.#position = position;
    this.#ahead = ahead;
    this.#most = FIRST_REQUEST;
    this.#forget();
    const wanted = this.parts.request(position, ahead, this.#most, (part) => this.#have.has(part));
    const loading = this.#loading?.request;
    if (loading && wanted && !loading.parts.some((part) => wanted.parts.includes(part)))
      this.#abort();
    this.element.currentTime = position / 1_000;
    void this.#pump();
  }

  /** Go on fetching from a position on; throws away what lies behind it. */
  want(position: number, ahead: number): void {
    this.#position = position;
    this.#ahead = ahead;
    if (this.element.error && this.#source) this.#begin();
    this.#nudge();
    this.#evict();
    void this.#pump();
  }

  /** Fetch nothing more; what is there stays. */
  rest(): void {
    this.#ahead = 0;
    this.#abort();
    if (!this.element.paused) this.element.pause();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#abort();
    this.element.pause();
    this.element.removeAttribute("src");
    this.element.load();
    if (this.#url) URL.revokeObjectURL(this.#url);
  }

  /** Begin anew behind what can not be decoded: damage costs a moment, not the rest. */
  #begin(): void {
    const time = this.element.currentTime * 1_000;
    this.parts.leaveOut(time, time + DECODED_AHEAD);
    this.#abort();
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = null;
    this.#source = null;
    this.#buffer = null;
    this.#run = null;
    this.#have.clear();
    this.element.removeAttribute("src");
    this.element.load();
  }

  #abort(): void {
    this.#loading?.control.abort();
    this.#loading = null;
  }

  async #pump(): Promise<void> {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    try {
      for (;;) {
        const has = (part: Part) => this.#have.has(part);
        const request = this.parts.request(this.#position, this.#ahead, this.#most, has);
        if (!request || this.#closed) return;
        await this.#load(request);
        this.#most = Math.min(LONGEST_REQUEST, this.#most * 2);
      }
    } catch (error) {
      if (this.#closed) return;
      this.#hooks.failed(error);
      clearTimeout(this.#timer);
      if (isPassing(error)) this.#timer = setTimeout(() => void this.#pump(), AGAIN);
    } finally {
      this.#pumping = false;
    }
  }

  async #load(request: Request): Promise<void> {
    const control = new AbortController();
    this.#loading = { request, control };
    try {
      await this.#loadInto(await this.#open(request.run), request, control.signal);
      this.#hooks.failed(null);
    } catch (error) {
      await this.#reset();
      if (!control.signal.aborted) throw error;
    } finally {
      if (this.#loading?.control === control) this.#loading = null;
    }
  }

  async #loadInto(buffer: SourceBuffer, request: Request, signal: AbortSignal): Promise<void> {
    const { run, parts, to } = request;
    let { from } = request;
    if (this.#run !== run) {
      if (this.#run && mimeOf(this.#run) !== mimeOf(run))
        await this.#do(() => buffer.changeType(mimeOf(run)), false);
      // The first part lies right behind the beginning: one request brings both.
      if (run.init[0] + run.init[1] === from) from = run.init[0];
      else await this.#append(await this.#fetcher.init(run, signal));
      this.#run = run;
    }
    let done = from;
    let next = 0;
    for await (const bytes of this.#fetcher.read(run, from, to, signal)) {
      await this.#append(bytes);
      done += bytes.length;
      for (
        let part = parts[next];
        part && part.bytes[0] + part.bytes[1] <= done;
        part = parts[next]
      ) {
        this.#have.add(part);
        next += 1;
      }
    }
  }

  /** Give the buffer, made when the first run is known. */
  async #open(run: RunEntry): Promise<SourceBuffer> {
    if (this.#buffer) return this.#buffer;
    const Source = mediaSourceClass();
    if (!Source) throw new Error("this browser has no Media Source");
    const source = new Source();
    const opened = new Promise<void>((resolve) => {
      source.addEventListener("sourceopen", () => resolve(), { once: true });
    });
    this.#source = source;
    this.#url = URL.createObjectURL(source);
    // A managed source asks for this; others do not mind.
    this.element.disableRemotePlayback = true;
    const at = this.#position / 1_000;
    this.element.src = this.#url;
    await opened;
    source.duration = LENGTH;
    this.#buffer = source.addSourceBuffer(mimeOf(run));
    this.element.currentTime = at;
    return this.#buffer;
  }

  /** Do something with the buffer when it is free, and wait until it is done. */
  #do(work: (buffer: SourceBuffer) => void, waits = true): Promise<void> {
    const run = this.#queue.then(
      () =>
        new Promise<void>((resolve, reject) => {
          const buffer = this.#buffer;
          if (!buffer || this.#source?.readyState === "closed") return resolve();
          if (waits) {
            buffer.addEventListener("updateend", () => resolve(), { once: true });
            // A source that was given up updates nothing any more.
            this.#source?.addEventListener("sourceclose", () => resolve(), { once: true });
            buffer.addEventListener("error", () => reject(new Error("unplayable")), { once: true });
          }
          try {
            work(buffer);
          } catch (error) {
            reject(error);
          }
          if (!waits) resolve();
        }),
    );
    this.#queue = run.catch(() => {});
    return run;
  }

  async #append(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      await this.#do((buffer) => buffer.appendBuffer(bytes));
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "QuotaExceededError") throw error;
      // A small phone: keep less, and try once more.
      this.#ahead = Math.max(FIRST_REQUEST, this.#ahead / 2);
      const keep = this.parts.entryTime(this.#position) / 1_000;
      await this.#remove(0, keep);
      await this.#remove(this.#position / 1_000 + 2 * (this.#ahead / 1_000), LENGTH);
      await this.#do((buffer) => buffer.appendBuffer(bytes));
    }
  }

  async #remove(from: number, to: number): Promise<void> {
    if (to <= from) return;
    await this.#do((buffer) => buffer.remove(from, to));
    this.#forget();
  }

  /** After half a part: the parser begins anew. */
  async #reset(): Promise<void> {
    await this.#do((buffer) => {
      if (this.#source?.readyState === "open") buffer.abort();
    }, false);
    this.#run = null;
  }

  /** Forget the parts that the element has not (any more); they are fetched again when needed. */
  #forget(): void {
    const ranges = this.#buffer?.buffered;
    for (const part of this.#have) {
      const middle = (part.at + part.end) / 2_000;
      if (!ranges || !within(ranges, middle)) this.#have.delete(part);
    }
  }

  #evict(): void {
    const buffer = this.#buffer;
    if (!buffer || buffer.updating || buffer.buffered.length === 0) return;
    const keep = this.parts.entryTime(Math.max(0, this.#position - BEHIND)) / 1_000;
    if (buffer.buffered.start(0) < keep - BEHIND / 1_000)
      void this.#remove(0, keep).catch(() => {});
  }

  /** Clocks round: an element that waits just before what it has is put into it. */
  #nudge(): void {
    const ranges = this.#buffer?.buffered;
    if (!ranges || this.ready) return;
    const time = this.element.currentTime;
    if (within(ranges, time)) return;
    for (let index = 0; index < ranges.length; index += 1) {
      const start = ranges.start(index);
      if (start > time && start - time < NUDGE) {
        this.element.currentTime = start + 0.001;
        return;
      }
    }
  }
}

function within(ranges: TimeRanges, time: number): boolean {
  for (let index = 0; index < ranges.length; index += 1) {
    if (ranges.start(index) <= time && time < ranges.end(index)) return true;
  }
  return false;
}
