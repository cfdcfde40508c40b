/** Where nobody speaks, read from how few bytes the voice needs there: no sound is downloaded or decoded for it. */
import { countTo, type Stretch, type TrackParts } from "./recording-index";

/** Share of the usual bytes per second below which a part of the voice is silence. */
const QUIET = 0.45;
/** Ms of silence that are worth a jump. */
const WORTH = 2_000;
/** Ms of silence that stay on both sides, so that speech keeps its breath. */
const BREATH = 300;

/** Bytes per ms of the middle part of a voice. */
function usual(rates: readonly number[]): number {
  const sorted = [...rates].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.7)] ?? 0;
}

/** Find the pauses of a voice, in ms. */
export function silences(voice: TrackParts): Stretch[] {
  const rate = (part: (typeof voice.parts)[number]) =>
    part.bytes[1] / Math.max(1, part.end - part.at);
  const limit = usual(voice.parts.map(rate)) * QUIET;
  const found: Stretch[] = [];
  let start: number | null = null;
  let end = 0;
  const close = () => {
    if (start !== null && end - start >= WORTH)
      found.push({ at: start + BREATH, to: end - BREATH });
    start = null;
  };
  for (const part of voice.parts) {
    if (rate(part) >= limit) close();
    else {
      start ??= part.at;
      end = part.end;
    }
  }
  close();
  return found;
}

/** Say where to jump from a position that lies in a pause; null outside one. */
export function afterSilence(pauses: readonly Stretch[], position: number): number | null {
  const begun = countTo(pauses.length, (index) => pauses[index]?.at ?? 0, position);
  const pause = pauses[begun - 1];
  return pause && position < pause.to ? pause.to : null;
}
