/** After the end: the recording opens by itself in a few seconds, unless one wants to stay. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import { t } from "../../i18n";
import { r, useReplayTexts } from "../../i18n/replay";
import { timeParameter } from "../../protocol/replay-clock";
import type { Lesson } from "../../protocol/types";
import { api } from "../../state/app";
import { Button, LinkButton } from "../basics";
import type { Classroom } from "../live/classroom";
import { rewindOf } from "./room";

/** Seconds in which one can decide to stay. */
const DECIDE = 8;
/** Ms until a recording that is not to be had just now is asked for again. */
const AGAIN = 2_000;
/** How often it is asked for. */
const TRIES = 5;

/** Whether there is a recording for this person, now that the lesson is over. */
async function isReplayed(lesson: string): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      const [now, facts] = await Promise.all([api.lesson(lesson), api.recording(lesson)]);
      if (now.rights.includes("replay") && facts.state === "ready") return true;
    } catch {
      // It may not be published, or the network is away: then there is nothing to lead to yet.
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
  return false;
}

export function Onward(props: { href: string; seconds: number | null; onStay: () => void }) {
  return (
    <div class="stack" data-testid="onward">
      {props.seconds !== null && <p role="timer">{r().live.onward(props.seconds)}</p>}
      <div class="row onward">
        <LinkButton look="primary" icon="play" href={props.href} testid="to-replay">
          {t().watchReplay}
        </LinkButton>
        {props.seconds !== null && (
          <Button testid="stay" onClick={props.onStay}>
            {r().live.onwardStay}
          </Button>
        )}
      </div>
    </div>
  );
}

export default function OnwardFrom({ room, lesson }: { room: Classroom; lesson: Lesson }) {
  const { route } = useLocation();
  const there = useSignal(false);
  const left = useSignal<number | null>(DECIDE);
  const at = rewindOf(room.live).leftAt.value;
  const href = `/lessons/${lesson.id}/replay${at === null ? "" : `?t=${timeParameter(at)}`}`;
  useEffect(() => {
    let gone = false;
    void isReplayed(lesson.id).then((found) => {
      if (!gone) there.value = found;
    });
    return () => {
      gone = true;
    };
  }, [lesson.id]);
  useEffect(() => {
    if (!there.value || left.value === null) return;
    if (left.value <= 0) {
      route(href);
      return;
    }
    const timer = setTimeout(() => {
      if (left.value !== null) left.value -= 1;
    }, 1_000);
    return () => clearTimeout(timer);
  }, [there.value, left.value]);
  if (!useReplayTexts() || !there.value) return null;
  const stay = () => {
    left.value = null;
  };
  return <Onward href={href} seconds={left.value} onStay={stay} />;
}
