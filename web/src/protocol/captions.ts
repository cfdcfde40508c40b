/** Captions over HTTP, and the few lines of WebVTT that this server writes; knows no page. */
import { ApiError, type Fetch, problemOf } from "./api";
import type { Language } from "./types";

/** Bytes; the server takes no more. */
export const MAX_CAPTIONS = 2 * 1024 ** 2;

/** What is shown from `at` up to `to`, in ms on the lesson's clock. */
export interface Cue {
  readonly at: number;
  readonly to: number;
  readonly text: string;
}

export interface CaptionsFacts {
  readonly language: Language;
  /** A machine wrote them and nobody has read them over. */
  readonly automatic: boolean;
}

/** What those are told of captions who look after the recording. */
export interface CaptionsRow extends CaptionsFacts {
  readonly cues: number;
  readonly by: string | null;
  readonly at: string;
  readonly deleted: boolean;
}

/** Where captions are, for reading and for downloading. */
export function captionsUrl(lesson: string, language: Language): string {
  return `/recordings/${lesson}/captions/${language}.vtt`;
}

/** Read captions; raises ApiError. */
export async function readCaptions(
  lesson: string,
  language: Language,
  send: Fetch = (input, init) => fetch(input, init),
): Promise<Cue[]> {
  let text: string;
  try {
    const response = await send(captionsUrl(lesson, language));
    if (!response.ok) throw await problemOf(response);
    text = await response.text();
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError("offline", 0);
  }
  return parseCaptions(text);
}

/** Send a file as the captions in a language; raises ApiError. */
export async function sendCaptions(
  lesson: string,
  language: Language,
  file: Blob,
  send: Fetch = (input, init) => fetch(input, init),
): Promise<CaptionsRow> {
  if (file.size > MAX_CAPTIONS) throw new ApiError("too-large", 413);
  let response: Response;
  try {
    response = await send(`/api/lessons/${lesson}/captions/${language}`, {
      method: "PUT",
      headers: { "Content-Type": "text/vtt" },
      body: file,
    });
  } catch {
    throw new ApiError("offline", 0);
  }
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as CaptionsRow;
}

const TIMES = /^(\d+):(\d\d):(\d\d)\.(\d{3}) --> (\d+):(\d\d):(\d\d)\.(\d{3})$/;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">" };

/** Read WebVTT as this server writes it: hours always, no tags, three entities. */
export function parseCaptions(text: string): Cue[] {
  const cues: Cue[] = [];
  for (const block of text.split(/\n{2,}/)) {
    const lines = block.split("\n");
    const row = lines.findIndex((line) => TIMES.test(line));
    const found = TIMES.exec(lines[row] ?? "");
    if (!found) continue;
    const [h1, m1, s1, r1, h2, m2, s2, r2] = found.slice(1).map(Number);
    const words = lines
      .slice(row + 1)
      .join("\n")
      .trim();
    cues.push({
      at: milliseconds(h1, m1, s1, r1),
      to: milliseconds(h2, m2, s2, r2),
      text: words.replace(/&(amp|lt|gt);/g, (_, name: string) => ENTITIES[name] ?? ""),
    });
  }
  return cues;
}

function milliseconds(hours = 0, minutes = 0, seconds = 0, rest = 0): number {
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000 + rest;
}

/** Give what is to be read at a position in ms; cues may overlap, the last to begin stands below. */
export function cuesAt(cues: readonly Cue[], position: number): Cue[] {
  return cues.filter((cue) => cue.at <= position && position < cue.to);
}
