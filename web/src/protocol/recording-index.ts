/** What is known of a recording's parts, and which bytes to ask for next; knows no network and no element. */
import type {
  ByteRange,
  GapEntry,
  IndexEntry,
  PartsEntry,
  RunEntry,
  StillEntry,
  Track,
} from "./recording";

/** Ms that two parts may lie apart and still be played through: the rounding of clocks, a lost frame. */
export const SEAM = 150;

export interface Part {
  readonly run: RunEntry;
  readonly at: number;
  readonly end: number;
  readonly bytes: ByteRange;
  readonly key: boolean;
}

/** Bytes of one run that are fetched with one request. */
export interface Request {
  readonly run: RunEntry;
  readonly parts: readonly Part[];
  readonly from: number;
  /** The first byte that is not wanted. */
  readonly to: number;
}

/** A stretch of the timeline, in ms. */
export interface Stretch {
  readonly at: number;
  readonly to: number;
}

/** Count the values of a sorted list that are not above a limit. */
export function countTo(length: number, value: (index: number) => number, limit: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value(middle) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The parts of one track in the order of their time. */
export class TrackParts {
  readonly parts: Part[] = [];
  /** Where parts follow each other without a hole; decoders do not play over holes. */
  readonly stretches: Stretch[] = [];

  add(part: Part): void {
    if (part.at >= (this.parts[this.parts.length - 1]?.at ?? 0)) {
      this.parts.push(part);
      this.#lengthen(part);
      return;
    }
    this.parts.splice(this.#before(part.at) + 1, 0, part);
    this.stretches.length = 0;
    for (const each of this.parts) this.#lengthen(each);
  }

  /** Take out what can not be decoded between two positions: from now on it is a hole. */
  leaveOut(from: number, to: number): void {
    const kept = this.parts.filter((part) => part.end <= from || part.at >= to);
    this.parts.length = 0;
    this.stretches.length = 0;
    for (const part of kept) {
      this.parts.push(part);
      this.#lengthen(part);
    }
  }

  #lengthen(part: Part): void {
    const last = this.stretches[this.stretches.length - 1];
    if (last && part.at - last.to <= SEAM) {
      this.stretches[this.stretches.length - 1] = { at: last.at, to: Math.max(last.to, part.end) };
    } else {
      this.stretches.push({ at: part.at, to: part.end });
    }
  }

  /** The last part that begins at or before a position; -1 if there is none. */
  #before(position: number): number {
    return countTo(this.parts.length, (index) => this.parts[index]?.at ?? 0, position) - 1;
  }

  get end(): number {
    return this.stretches[this.stretches.length - 1]?.to ?? 0;
  }

  #stretchesTo(position: number): number {
    return countTo(this.stretches.length, (index) => this.stretches[index]?.at ?? 0, position);
  }

  /** The stretch that has something to play at a position; null in a hole. */
  stretch(position: number): Stretch | null {
    const found = this.stretches[this.#stretchesTo(position) - 1];
    return found && position < found.to ? found : null;
  }

  /** Whether there is something to play at a position. */
  covers(position: number): boolean {
    return this.stretch(position) !== null;
  }

  /** Where the next stretch after a position begins; null after the last one. */
  nextStart(position: number): number | null {
    return this.stretches[this.#stretchesTo(position)]?.at ?? null;
  }

  /** The part from which a decoder has to begin to show a position; -1 before everything. */
  entry(position: number): number {
    const start = this.#before(position);
    for (let index = start; index >= 0; index -= 1) {
      const part = this.parts[index];
      if (part?.key) return index;
    }
    return start;
  }

  /** Up to where everything can be thrown away while a position must stay playable. */
  entryTime(position: number): number {
    return this.parts[this.entry(position)]?.at ?? 0;
  }

  /**
   * Give the next bytes to fetch for playing from a position on, or null when nothing is missing.
   *
   * `ahead` and `most` in ms: how far to look, and how much one request may join; `have` says what
   * has been fetched already.
   */
  request(
    position: number,
    ahead: number,
    most: number,
    have: (part: Part) => boolean,
  ): Request | null {
    let index = Math.max(0, this.entry(position));
    // Behind a hole there is nothing to begin with: what comes next is wanted.
    if (!this.covers(position)) index = this.#before(position) + 1;
    for (; index < this.parts.length; index += 1) {
      const part = this.parts[index];
      if (!part || part.at >= position + ahead) return null;
      if (!have(part)) return this.#join(index, most, have);
    }
    return null;
  }

  #join(first: number, most: number, have: (part: Part) => boolean): Request | null {
    const start = this.parts[first];
    if (!start) return null;
    const parts = [start];
    let to = start.bytes[0] + start.bytes[1];
    for (let index = first + 1; index < this.parts.length; index += 1) {
      const part = this.parts[index];
      if (!part || part.run !== start.run || part.bytes[0] !== to) break;
      if (have(part) || part.end - start.at > most) break;
      parts.push(part);
      to += part.bytes[1];
    }
    return { run: start.run, parts, from: start.bytes[0], to };
  }
}

function* partsOf(entry: PartsEntry, run: RunEntry): Generator<Part> {
  const keys = new Set(entry.keys);
  let { at, offset } = entry;
  for (const [number, length] of entry.lengths.entries()) {
    const size = entry.sizes[number] ?? 0;
    const key = run.track === "voice" || keys.has(number);
    yield { run, at, end: at + length, bytes: [offset, size], key };
    at += length;
    offset += size;
  }
}

/** The index of a recording: grows while the lesson is on. */
export class RecordingIndex {
  readonly tracks = new Map<Track, TrackParts>();
  readonly gaps: GapEntry[] = [];
  /** In the order of their time. */
  readonly stills: StillEntry[] = [];
  readonly #runs = new Map<string, RunEntry>();
  #ended: number | null = null;

  add(entries: readonly IndexEntry[]): void {
    for (const entry of entries) this.#take(entry);
  }

  #take(entry: IndexEntry): void {
    switch (entry.type) {
      case "run":
        // What goes on after a restart was not at its end.
        this.#ended = null;
        this.#runs.set(entry.run, entry);
        break;
      case "parts": {
        const run = this.#runs.get(entry.run);
        if (!run) break;
        this.#ended = null;
        const track = this.track(run.track);
        for (const part of partsOf(entry, run)) track.add(part);
        break;
      }
      case "gap":
        this.gaps.push(entry);
        break;
      case "still":
        // One of a screen comes some seconds after it was seen.
        this.stills.splice(this.#stillsTo(entry.at), 0, entry);
        break;
      case "end":
        this.#ended = entry.at;
        break;
    }
  }

  track(track: Track): TrackParts {
    const known = this.tracks.get(track);
    if (known) return known;
    const made = new TrackParts();
    this.tracks.set(track, made);
    return made;
  }

  #stillsTo(position: number): number {
    return countTo(this.stills.length, (index) => this.stills[index]?.at ?? 0, position);
  }

  /** The picture that is seen at a position, and the one after it. */
  seen(position: number): { now: StillEntry | null; next: StillEntry | null } {
    const count = this.#stillsTo(position);
    return { now: this.stills[count - 1] ?? null, next: this.stills[count] ?? null };
  }

  get runs(): readonly RunEntry[] {
    return [...this.#runs.values()];
  }

  /** The first position there is something to play at, in ms: what was rehearsed is not shown. */
  get start(): number {
    const starts = [...this.tracks.values()].flatMap((track) => track.stretches[0]?.at ?? []);
    return starts.length > 0 ? Math.min(...starts) : 0;
  }

  /** The last position there is something to play at, in ms. */
  get edge(): number {
    const ends = [...this.tracks.values()].map((track) => track.end);
    return Math.max(0, ...ends);
  }

  get ended(): boolean {
    return this.#ended !== null;
  }
}

/** Ms below which nobody would notice that something is missing. */
const SHORTEST_HOLE = 1_000;

/** Find where nothing at all can be played between the beginning and the edge. */
export function holesOf(index: RecordingIndex): Stretch[] {
  const stretches = [...index.tracks.values()].flatMap((track) => track.stretches);
  stretches.sort((a, b) => a.at - b.at);
  const holes: Stretch[] = [];
  let end = stretches[0]?.at ?? 0;
  for (const { at, to } of stretches) {
    if (at - end >= SHORTEST_HOLE) holes.push({ at: end, to: at });
    end = Math.max(end, to);
  }
  return holes;
}
