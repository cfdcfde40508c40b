/** Lessons kept on this device: fetched in pieces that survive a bad network, opened by the worker. */
import { ApiError, type Fetch, problemOf } from "../protocol/api";
import { downloadUrl } from "../protocol/making";
import { KEPT } from "../worker/rules";

/** Bytes of one piece: half a minute at 64 kbit/s, so that little is fetched twice. */
const PIECE = 256_000;
/** Times that a lesson may become another file while it is fetched. */
const RESTARTS = 2;

export interface KeptLesson {
  readonly lesson: string;
  readonly title: string;
  readonly bytes: number;
  /** The person whose right it was fetched with. */
  readonly owner: string;
  /** When it was kept, in ms since the epoch. */
  readonly at: number;
}

/** What is known of a file that is not whole yet. */
interface Begun {
  readonly tag: string;
  readonly size: number;
}

interface Piece extends Begun {
  readonly blob: Blob;
}

/** Where a kept lesson opens, with or without a network. */
export function keptUrl(lesson: string): string {
  return `/kept/${lesson}`;
}

const factsUrl = (lesson: string) => `${keptUrl(lesson)}/facts`;
const begunUrl = (lesson: string) => `${keptUrl(lesson)}/begun`;
const pieceUrl = (lesson: string, number: number) => `${keptUrl(lesson)}/pieces/${number}`;
/** The lesson's page brings a policy of its own, by the hash of its script. */
const HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": "frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "same-origin",
};

export class KeptLessons {
  readonly #caches: Pick<CacheStorage, "open">;
  readonly #fetch: Fetch;

  constructor(caches: Pick<CacheStorage, "open">, fetch: Fetch) {
    this.#caches = caches;
    this.#fetch = fetch;
  }

  /** The lessons that are whole, the newest first. */
  list = async (): Promise<readonly KeptLesson[]> => {
    const store = await this.#store();
    const keys = (await store.keys()).filter(({ url }) => url.endsWith("/facts"));
    const found = await Promise.all(keys.map(async (key) => (await store.match(key))?.json()));
    return (found as KeptLesson[]).filter(Boolean).sort((one, other) => other.at - one.at);
  };

  /**
   * Fetch a lesson, going on where it stopped; `told` hears how far it is, 0 to 1.
   *
   * Throws ApiError when the server says no or cannot be reached, DOMException
   * "QuotaExceededError" when the device is full, "AbortError" when it was stopped.
   */
  async keep(
    facts: Omit<KeptLesson, "bytes">,
    told: (progress: number) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const { lesson } = facts;
    for (let tries = 0; tries <= RESTARTS; tries += 1) {
      const begun = await this.#pieces(lesson, told, signal);
      if (!begun) {
        await this.remove(lesson); // it was made anew meanwhile
        continue;
      }
      await this.#join(facts, begun);
      return;
    }
    throw new ApiError("pack-not-made", 404);
  }

  async remove(lesson: string): Promise<void> {
    const store = await this.#store();
    const own = (url: string) => `${new URL(url).pathname}/`.startsWith(`${keptUrl(lesson)}/`);
    for (const key of await store.keys()) if (own(key.url)) await store.delete(key);
  }

  /** Remove what others than this person keep here; everything for null. */
  async removeOthers(person: string | null): Promise<void> {
    for (const { lesson, owner } of await this.list()) {
      if (owner !== person) await this.remove(lesson);
    }
  }

  /** Fetch the pieces that are missing; null when they are no longer of one file. */
  async #pieces(
    lesson: string,
    told: (progress: number) => void,
    signal?: AbortSignal,
  ): Promise<Begun | null> {
    const store = await this.#store();
    let begun: Begun | null = (await (await store.match(begunUrl(lesson)))?.json()) ?? null;
    let number = 0;
    while (!begun || number * PIECE < begun.size) {
      if (!begun || !(await store.match(pieceUrl(lesson, number)))) {
        const piece = await this.#piece(lesson, number, signal);
        if (begun && piece.tag !== begun.tag) return null;
        begun ??= { tag: piece.tag, size: piece.size };
        await store.put(pieceUrl(lesson, number), new Response(piece.blob));
        await store.put(begunUrl(lesson), new Response(JSON.stringify(begun)));
      }
      number += 1;
      told(Math.min(1, (number * PIECE) / begun.size));
    }
    return begun;
  }

  async #piece(lesson: string, number: number, signal?: AbortSignal): Promise<Piece> {
    const first = number * PIECE;
    const range = { Range: `bytes=${first}-${first + PIECE - 1}` };
    let response: Response;
    let blob: Blob;
    try {
      response = await this.#fetch(downloadUrl(lesson, "pack"), {
        headers: range,
        cache: "no-store",
        ...(signal && { signal }),
      });
      if (response.status !== 206) throw await problemOf(response);
      blob = await response.blob();
    } catch (error) {
      if (error instanceof ApiError || signal?.aborted) throw error;
      throw new ApiError("offline", 0);
    }
    const size = Number(response.headers.get("Content-Range")?.split("/")[1]);
    const tag = response.headers.get("ETag");
    const whole = Math.min(PIECE, size - first);
    if (!tag || !(size > 0) || blob.size !== whole) throw new ApiError("offline", 0);
    return { tag, size, blob };
  }

  /** Make one page of the pieces. */
  async #join(facts: Omit<KeptLesson, "bytes">, { size }: Begun): Promise<void> {
    const { lesson } = facts;
    const store = await this.#store();
    const count = Math.ceil(size / PIECE);
    const pieces: Blob[] = [];
    for (let number = 0; number < count; number += 1) {
      const piece = await store.match(pieceUrl(lesson, number));
      if (piece) pieces.push(await piece.blob());
    }
    await store.put(keptUrl(lesson), new Response(new Blob(pieces), { headers: HEADERS }));
    const kept: KeptLesson = { ...facts, bytes: size };
    await store.put(factsUrl(lesson), new Response(JSON.stringify(kept)));
    for (let number = 0; number < count; number += 1) await store.delete(pieceUrl(lesson, number));
    await store.delete(begunUrl(lesson));
  }

  #store(): Promise<Cache> {
    return this.#caches.open(KEPT);
  }
}

/** What this browser keeps; null where it can keep nothing (no worker, no store, a private window). */
export const kept =
  typeof navigator !== "undefined" && "serviceWorker" in navigator && "caches" in globalThis
    ? new KeptLessons(caches, (input, init) => fetch(input, init))
    : null;
