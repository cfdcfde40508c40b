/** How much of a lesson somebody wants to receive, and what the stage shows of it; pure but for its memory. */
import type { LessonView } from "../protocol/lesson-log";
import type { ScreenStill, Slide } from "../protocol/slides";
import { MODES, type Mode } from "../protocol/types";
import type { Slots } from "./layout";

/** What the server says of a session: what was chosen, and what comes of it (signaling/PROTOCOL.md). */
export interface Reception {
  readonly mode: Mode;
  readonly received: Mode;
  readonly screen_held: boolean;
  /** Slots whose pictures are wanted and do not fit. */
  readonly held: readonly string[];
  /** Bits a second that the path is thought to carry. */
  readonly estimate: number | null;
  /** Bytes that may still be sent. */
  readonly left: number | null;
  /** Whether less is sent because little is left. */
  readonly lowered: boolean;
}

function nameOf(network: string): string {
  const { connection } = navigator as { connection?: { type?: string } };
  return `darsgoh.mode.${connection?.type ?? ""}.${network}`;
}

/** Give the mode that was chosen in this network. */
export function recallMode(network: string): Mode {
  try {
    const known = localStorage.getItem(nameOf(network)) as Mode;
    if (MODES.includes(known)) return known;
  } catch {
    // Private windows may forbid storage.
  }
  return "auto";
}

export function rememberMode(network: string, mode: Mode): void {
  try {
    localStorage.setItem(nameOf(network), mode);
  } catch {
    // As above: the choice then lasts as long as the page.
  }
}

export interface Shown {
  readonly slots: Slots;
  readonly slide: Slide | ScreenStill | null;
}

/** Say which pictures the stage shows: those that are not sent leave their place to stills, or to nothing. */
export function shownIn(
  view: LessonView | null,
  slots: Slots,
  mode: Mode,
  got: Reception | null,
): Shown {
  const slide = view?.slide ?? null;
  const heard = mode === "sound" || (mode === "auto" && got?.received === "sound");
  if (heard) return { slots: { ...slots, screen: null, camera: null, guest: null }, slide: null };
  const stills = slots.screen ? (view?.still ?? null) : slide;
  if (mode === "slides") {
    return { slots: { ...slots, screen: null, camera: null, guest: null }, slide: stills };
  }
  return slots.screen && stills && got?.screen_held
    ? { slots: { ...slots, screen: null }, slide: stills }
    : { slots, slide };
}
