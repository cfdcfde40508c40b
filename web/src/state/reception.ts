/** What the server says of the mode of a session: told, and asked for again when something has changed. */
import type { PeerSession } from "../protocol/peer";
import type { Mode } from "../protocol/types";
import type { Reception } from "./mode";
import type { Rates, Sample } from "./stats";

/** Ms between two looks whether there is a reason to ask. */
export const LOOK_PERIOD = 2_000;
/** Ms until a reception that is less than what was chosen is asked for again. */
const NARROW_PERIOD = 10_000;

/** Bytes below which it is asked for now and then: the server sends less below 35 MB. */
const NEAR = 40_000_000;

/** What is seen of the pictures, which tells that the server may have changed what it sends. */
export interface Sight {
  readonly width: number;
  /** How many of them move. */
  readonly moving: number;
}

export function sightOf(sample: Sample | null, rates: Rates | null): Sight {
  return { width: sample?.width ?? 0, moving: rates?.moving ?? 0 };
}

/** Say whether to ask the server again: asking costs data, too. */
export function isDue(
  got: Reception | null,
  asked: Sight & { at: number },
  sight: Sight,
  now: number,
): boolean {
  if (!got) return true;
  if (got.mode === "slides" || got.mode === "sound") return false;
  if (sight.width !== asked.width || sight.moving !== asked.moving) return true;
  // Little is left of what it may cost: the server lowers the mode by itself.
  const less =
    (got.left !== null && got.left < NEAR) ||
    (got.received !== "everything" && got.received !== got.mode);
  return less && now - asked.at >= NARROW_PERIOD;
}

async function call(session: PeerSession, query: string, init: RequestInit): Promise<Reception> {
  const response = await fetch(`${session.resource}/mode${query}`, {
    ...init,
    headers: { Authorization: `Bearer ${session.token}`, "Content-Type": "text/plain" },
  });
  if (!response.ok) throw new Error(`mode: ${response.status}`);
  return (await response.json()) as Reception;
}

/** Tell what is wanted, and how many bytes it may cost from now on. */
export function tellMode(
  session: PeerSession,
  mode: Mode,
  left: number | null,
): Promise<Reception> {
  return call(session, left === null ? "" : `?left=${left}`, { method: "PUT", body: mode });
}

export function askReception(session: PeerSession): Promise<Reception> {
  return call(session, "", {});
}

/** Bits a second as megabytes in an hour. */
export function perHour(bits: number): number {
  return (bits * 3_600) / 8 / 1_000_000;
}
