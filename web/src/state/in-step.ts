/** When a slide is due beside a voice that is heard some time after it was said. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { ScreenStill, Slide } from "../protocol/slides";
import type { LiveLesson } from "./live";

/** Ms between two looks at how long the voice waits in the player. */
const LOOK_PERIOD = 2_000;
/** Ms for which a slide waits at most: a clock that is wrong must not keep it back. */
export const LONGEST_WAIT = 3_000;

/** What the player has said of its waiting voice so far: seconds of all samples, and how many. */
export interface Buffered {
  readonly delay: number;
  readonly count: number;
}

/** Say how long the voice waits between network and ear, in ms, between two looks. */
export function voiceDelay(before: Buffered | null, after: Buffered): number | null {
  // A new connection counts from zero.
  const from = before && before.count <= after.count ? before : { delay: 0, count: 0 };
  const count = after.count - from.count;
  return count > 0 ? ((after.delay - from.delay) / count) * 1_000 : null;
}

/**
 * Say in how many ms a slide is due that was shown at `at`.
 *
 * `position` is where the lesson is as told by the network, whose way is as long for the slide as for
 * the voice; `delay` is what the voice waits after it. All in ms; null where it is not known.
 */
export function dueIn(
  at: number | undefined,
  position: number | null,
  delay: number | null,
): number {
  if (at === undefined || position === null) return 0;
  const wait = at + (delay ?? 0) - position;
  return wait > LONGEST_WAIT ? 0 : Math.max(0, wait);
}

/** Read the waiting of the voice from getStats (webrtc-stats, RTCInboundRtpStreamStats). */
function bufferedIn(report: RTCStatsReport): Buffered | null {
  let found: Buffered | null = null;
  report.forEach((entry) => {
    const { type, kind, jitterBufferDelay, jitterBufferEmittedCount } = entry;
    if (type !== "inbound-rtp" || kind !== "audio" || !jitterBufferEmittedCount) return;
    // Of two voices the one that has spoken most: that of the teacher.
    if (found && found.count >= jitterBufferEmittedCount) return;
    found = { delay: jitterBufferDelay, count: jitterBufferEmittedCount };
  });
  return found;
}

export type HeardLesson = Pick<LiveLesson, "pc"> & { readonly socket: { position: number | null } };

/** Give the slide that belongs to what is heard, and the one that is not due yet. */
export function useInStep(
  live: HeardLesson | undefined,
  slide: Slide | ScreenStill,
): { now: Slide | ScreenStill; next: Slide | ScreenStill | null } {
  const shown = useSignal(slide);
  const delay = useRef<number | null>(null);
  useEffect(() => {
    if (!live) return;
    let before: Buffered | null = null;
    const look = async () => {
      const report = await live.pc?.getStats();
      const buffered = report && bufferedIn(report);
      if (!buffered) return;
      delay.current = voiceDelay(before, buffered) ?? delay.current;
      before = buffered;
    };
    void look();
    const timer = setInterval(() => void look(), LOOK_PERIOD);
    return () => clearInterval(timer);
  }, [live]);
  useEffect(() => {
    const show = () => {
      shown.value = slide;
    };
    const wait = live ? dueIn(slide.at, live.socket.position, delay.current) : 0;
    if (wait === 0) return show();
    const timer = setTimeout(show, wait);
    return () => clearTimeout(timer);
  }, [slide]);
  const now = shown.value;
  return { now, next: now === slide ? null : slide };
}
