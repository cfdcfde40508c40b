/** Decisions of a player with several elements on one clock; pure. */
import type { TrackParts } from "./recording-index";

/** Seconds by which a picture may differ from the voice without anybody noticing. */
const UNNOTICED = 0.04;
/** Seconds up to which a picture that is off walks a little faster or slower, beyond it it jumps. */
const WALKABLE = 0.3;
/** How much faster or slower it walks. */
const CATCH_UP = 0.1;

export type Following = { readonly seek: true } | { readonly seek: false; readonly rate: number };

/** Say how a picture comes back to its clock; `drift` in seconds, positive when it is ahead. */
export function follow(drift: number, rate: number): Following {
  const off = Math.abs(drift);
  if (off > WALKABLE * Math.max(1, rate)) return { seek: true };
  if (off <= UNNOTICED) return { seek: false, rate };
  return { seek: false, rate: rate * (1 - Math.sign(drift) * CATCH_UP) };
}

export interface Choice<K> {
  readonly track: K;
  readonly parts: TrackParts;
}

/** Choose which of the tracks that have something to play leads the clock: the first; null in a hole. */
export function leader<K>(tracks: readonly Choice<K>[], position: number): K | null {
  return tracks.find(({ parts }) => parts.covers(position))?.track ?? null;
}

/** Find where something can be played again after a hole, in ms; null if nothing follows. */
export function afterHole(
  tracks: readonly Pick<Choice<unknown>, "parts">[],
  position: number,
): number | null {
  const starts = tracks.flatMap(({ parts }) => parts.nextStart(position) ?? []);
  return starts.length > 0 ? Math.min(...starts) : null;
}

/** Ms before the live edge where rewinding turns into watching live. */
export const LIVE_REACH = 3_000;

/** Whether a catching-up viewer has arrived. */
export function caughtUp(position: number, edge: number): boolean {
  return edge - position <= LIVE_REACH;
}

/** Write `?t=` for a position in ms: 1h2m3s. */
export function timeParameter(position: number): string {
  const seconds = Math.max(0, Math.floor(position / 1_000));
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return `${hours ? `${hours}h` : ""}${hours || minutes ? `${minutes}m` : ""}${seconds % 60}s`;
}

/** Read `?t=`: 1h2m3s, 2m, 90 or 1:02:03; null if it is none of these. */
export function parseTime(text: string | null): number | null {
  if (!text) return null;
  const words = /^(?:(\d{1,3})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s?)?$/.exec(text.trim().toLowerCase());
  if (words && words[0] !== "") {
    const [, hours = "0", minutes = "0", seconds = "0"] = words;
    return (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000;
  }
  if (!/^\d{1,3}(:\d{1,2}){1,2}$/.test(text.trim())) return null;
  return text.split(":").reduce((sum, each) => sum * 60 + Number(each), 0) * 1_000;
}
