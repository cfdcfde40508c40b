/** Why a picture stands still, for the words above it; pure. */
import { t } from "../i18n";
import type { Source, SourceState } from "../protocol/types";
import type { Slots, VideoSlot } from "./layout";

export type StillReasons = Partial<Record<VideoSlot, string>> & { teacher?: boolean };

type Sources = Readonly<Partial<Record<Source, SourceState>>>;

/** Whether the teacher as a whole is away: each source of theirs that is on air has stalled. */
export function teacherAway(sources: Sources): boolean {
  const own = (["camera", "voice", "screen"] as const).flatMap((each) => sources[each] ?? []);
  return own.length > 0 && own.every((each) => each.state === "stalled");
}

/** Say for each slot why it stands still; `teacher` if one banner for all of them says it better. */
export function stillReasons(
  sources: Sources,
  slots: Slots,
  held: readonly string[] = [],
): StillReasons {
  if (teacherAway(sources)) return { teacher: true };
  const reasons: StillReasons = {};
  for (const slot of ["screen", "camera", "guest"] as const) {
    const source = slots[slot];
    if (source && sources[source]?.state === "stalled") reasons[slot] = t().stalled;
    else if (source && held.includes(slot)) reasons[slot] = t().held;
  }
  return reasons;
}
