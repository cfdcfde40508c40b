/** How far a person has come in a replay: kept in this browser at once, told to the server, the newest counts. */
import { Played } from "./replay-view";

/** Positions that are remembered as told while no answer comes: minutes without a network. */
const MOST_TOLD = 20;
const KEY = "darsgoh.replay.";

/** What this browser knows of a lesson: where one is, and which positions the server has from here. */
export interface Mark {
  readonly position: number;
  /** The last one it said it has, then those that it may have. */
  readonly told: readonly number[];
}

export const NO_MARK: Mark = { position: 0, told: [] };

/**
 * Say where to go on, in ms.
 *
 * What the server has and this browser never told comes from another device, and is newer; anything
 * else is what was told from here before the page went away. No clock is asked: phones' are wrong.
 */
export function resumed(mark: Mark, server: number | null): number {
  if (!server || mark.told.includes(server)) return mark.position;
  return server;
}

/** Note that a position is told. */
export function telling(mark: Mark, position: number): Mark {
  return { ...mark, told: [...mark.told, position].slice(-MOST_TOLD) };
}

/** Note that the server has a position: what was told before it can not come any more. */
export function told(mark: Mark, position: number): Mark {
  return { ...mark, told: mark.told.slice(Math.max(0, mark.told.lastIndexOf(position))) };
}

function read(lesson: string): Mark {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY + lesson) ?? "null");
    if (Number.isFinite(kept?.position) && Array.isArray(kept.told)) return kept;
  } catch {
    // Forbidden or damaged: then only the server knows.
  }
  return NO_MARK;
}

function write(lesson: string, mark: Mark): void {
  try {
    localStorage.setItem(KEY + lesson, JSON.stringify(mark));
  } catch {
    // Full or forbidden: next time it begins where the server says.
  }
}

/** Tells the server a position and what was played; null when there is nobody to tell it of. */
export type Tell = (
  position: number,
  seen: [number, number][],
  last: boolean,
) => Promise<unknown> | null;

export class Bookmark {
  readonly played = new Played();
  readonly #lesson: string;
  readonly #tell: Tell;
  #mark: Mark;
  #waits = false;
  #again = false;

  constructor(lesson: string, tell: Tell) {
    this.#lesson = lesson;
    this.#tell = tell;
    this.#mark = read(lesson);
  }

  /** The position noted last, in ms. */
  get position(): number {
    return this.#mark.position;
  }

  /** Say where to go on when the server has a position. */
  resume(server: number | null): number {
    return resumed(this.#mark, server);
  }

  /** Note a position in ms; `last` while the page goes away, when nothing can wait for an answer. */
  note(position: number, last = false): void {
    const rounded = Math.round(position);
    this.#set({ ...this.#mark, position: rounded });
    if (last && this.#mark.told[this.#mark.told.length - 1] === rounded) return;
    // One after the other: the server keeps what comes last.
    if (this.#waits && !last) this.#again = true;
    else void this.#send(last);
  }

  async #send(last: boolean): Promise<void> {
    const { position } = this.#mark;
    const seen = this.played.take();
    const answer = this.#tell(position, seen, last);
    if (!answer) return this.played.putBack(seen);
    this.#again = false;
    this.#waits = true;
    this.#set(telling(this.#mark, position));
    try {
      await answer;
      this.#set(told(this.#mark, position));
    } catch {
      // It is told with the next note.
      this.played.putBack(seen);
      this.#again = false;
    }
    this.#waits = false;
    if (this.#again) void this.#send(false);
  }

  #set(mark: Mark): void {
    this.#mark = mark;
    write(this.#lesson, mark);
  }
}
