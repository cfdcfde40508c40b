/** The class on the teacher's page: who receives, who follows, and polls. */
import { useEffect } from "preact/hooks";
import { c, useClassTexts } from "../../i18n/class";
import type { ClassHealth, ClassPulse } from "../../protocol/class-feed";
import type { LessonSocket } from "../../protocol/socket";
import type { Lesson } from "../../protocol/types";
import { announce } from "../../state/announcer";
import { useClass } from "../../state/class";
import "../../styles/class.css";
import { Notice } from "../basics";
import { Icon, type IconName } from "../icon";
import { Polls } from "./polls";

const LOOKS = [
  ["good", "good"],
  ["slow", "slow"],
  ["sound_only", "sound"],
  ["lost", "offline"],
] as const satisfies readonly (readonly [keyof ClassHealth, IconName])[];

function Strip({ health }: { health: ClassHealth }) {
  const silent = health.silent > 0 ? c().silent(health.silent, health.students) : "";
  useEffect(() => {
    if (silent) announce(silent);
  }, [silent]);
  if (health.students === 0) return <p class="soft">{c().noReports}</p>;
  return (
    <>
      {silent && (
        <Notice tone="warning" title={silent} testid="silent">
          {c().silentHint}
        </Notice>
      )}
      <ul class="health-strip" data-testid="class-health">
        {LOOKS.map(([name, icon]) => (
          <li key={name} class={`health-${name}`} data-testid={`health-${name}`}>
            <Icon name={icon} />
            <strong>{health[name]}</strong> {c().healths[name]}
          </li>
        ))}
      </ul>
      {health.delay !== null && <p class="soft">{c().delay((health.delay / 1000).toFixed(1))}</p>}
    </>
  );
}

function PulseBar({ pulse }: { pulse: ClassPulse }) {
  const said = pulse.understood + pulse.lost > 0;
  const lost = Math.round(pulse.lost_share * 100);
  return (
    <div class="pulse" data-testid="class-pulse">
      <h3>{c().pulse}</h3>
      {said && (
        <div class="pulse-bar" aria-hidden="true">
          <span style={{ width: `${100 - lost}%` }} />
        </div>
      )}
      <p class={said ? "" : "soft"}>
        {said ? c().pulseWords(pulse.understood, pulse.lost) : c().noPulse}
      </p>
    </div>
  );
}

export default function ClassConsole({ lesson, socket }: { lesson: Lesson; socket: LessonSocket }) {
  const view = useClass(socket).value;
  if (!useClassTexts() || !view.pulse) return null;
  return (
    <section class="card stack" aria-label={c().health} data-testid="class">
      <h2>{c().health}</h2>
      {lesson.state === "live" && view.health && <Strip health={view.health} />}
      <PulseBar pulse={view.pulse} />
      <Polls lesson={lesson.id} socket={socket} polls={view.polls} />
    </section>
  );
}
