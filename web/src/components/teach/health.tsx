/** The teacher's own uplink and level, and how long the lesson has been on. */
import { useEffect } from "preact/hooks";
import { w } from "../../i18n/teach";
import type { Lesson } from "../../protocol/types";
import { announce } from "../../state/announcer";
import type { Studio, Uplink } from "../../state/studio";
import { Icon, type IconName } from "../icon";
import { LevelMeter } from "../level";
import { Elapsed } from "../time";
import { RecordingDot } from "./recording";

const UPLINK_LOOK: Record<Uplink, { tone: string; icon: IconName }> = {
  idle: { tone: "idle", icon: "info" },
  connecting: { tone: "connecting", icon: "reconnecting" },
  good: { tone: "good", icon: "good" },
  weak: { tone: "slow", icon: "slow" },
  bad: { tone: "bad", icon: "bad" },
  reconnecting: { tone: "reconnecting", icon: "reconnecting" },
  refused: { tone: "offline", icon: "error" },
};

export function Health({ studio, lesson }: { studio: Studio; lesson: Lesson }) {
  const uplink = studio.uplink.value;
  const text = w().uplink[uplink];
  const look = UPLINK_LOOK[uplink];
  const present = studio.view.value?.present.students ?? 0;
  useEffect(() => {
    if (uplink !== "idle") announce(text);
  }, [uplink, text]);
  return (
    <section class="card stack" aria-label={w().health}>
      <h2>{w().health}</h2>
      <p
        class={`connection connection-${look.tone}`}
        data-testid="uplink"
        data-state={studio.link.value?.name ?? "idle"}
        data-uplink={uplink}
      >
        <Icon name={look.icon} /> {text}
      </p>
      <LevelMeter db={studio.muted.value ? -70 : studio.level.value} words={false} />
      <dl class="facts">
        {lesson.state === "live" && (
          <div>
            <dt>{w().elapsed}</dt>
            <dd data-testid="elapsed">
              <Elapsed since={lesson.started_at} />
            </dd>
          </div>
        )}
        {studio.view.value?.recording && (
          <div>
            <dt>{w().recording.title}</dt>
            <dd>
              <RecordingDot recording={studio.view.value.recording} />
            </dd>
          </div>
        )}
        <div>
          <dt>{w().present}</dt>
          <dd data-testid="present">{present}</dd>
        </div>
      </dl>
    </section>
  );
}
