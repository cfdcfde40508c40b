/** Which way this browser can play a recording. */
import { mimeOf, type RunEntry } from "./recording";

type MediaSourceClass = typeof MediaSource;

declare global {
  interface Window {
    /** Safari on iPhones has only this one. */
    ManagedMediaSource?: MediaSourceClass;
  }
}

export function mediaSourceClass(): MediaSourceClass | null {
  return globalThis.MediaSource ?? globalThis.window?.ManagedMediaSource ?? null;
}

export type Way = "parts" | "hls" | "none";

/** Choose how to play: parts where every run of it can be decoded, else the playlist, else not at all. */
export function wayToPlay(
  runs: readonly Pick<RunEntry, "track" | "codec">[],
  source: Pick<MediaSourceClass, "isTypeSupported"> | null,
  playsHls: boolean,
): Way {
  if (source && runs.every((run) => source.isTypeSupported(mimeOf(run)))) return "parts";
  return playsHls ? "hls" : "none";
}
