/** The rewinding of a lesson for as long as its page follows it. */
import { expose } from "../../state/debug";
import type { LiveLesson } from "../../state/live";
import { Rewind } from "../../state/rewind";
import { chosenLayout } from "../live/classroom";

const rewinds = new WeakMap<LiveLesson, Rewind>();

/** Give the one rewinding of a lesson, which its stage and its controls share. */
export function rewindOf(live: LiveLesson): Rewind {
  const known = rewinds.get(live);
  if (known) return known;
  const made = new Rewind(live, chosenLayout);
  rewinds.set(live, made);
  live.atClose(() => made.close());
  expose({
    rewind: () => ({
      phase: made.phase.value,
      now: made.now.value,
      rung: made.web.ladder.rung,
      bridging: made.bridging.value,
      lost: String(made.error.value),
      ...made.player.state,
    }),
  });
  return made;
}
