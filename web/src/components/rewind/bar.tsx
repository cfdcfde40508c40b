/** Pause, ten seconds back, the lesson as a line, and the way back to live. */
import { language } from "../../i18n";
import { numberText } from "../../i18n/dates";
import { r, useReplayTexts } from "../../i18n/replay";
import type { Stretch } from "../../protocol/recording-index";
import { type ReplayAction, useReplayKeys } from "../../state/replay-keys";
import { CATCH_UP_RATE, type Phase, type Rewind } from "../../state/rewind";
import { delayOf } from "../../state/stats";
import "../../styles/replay.css";
import { Button, LinkButton, Notice } from "../basics";
import type { Classroom } from "../live/classroom";
import { roomOf } from "../questions/room";
import { SeekBar } from "../replay/seek-bar";
import { MissedCard, shortTime } from "./missed";
import { rewindOf } from "./room";

/** What the keys of the replay do here; the others have no meaning on the live page, or another one. */
const KEYS: ReadonlySet<ReplayAction["name"]> = new Set(["play", "step", "share", "speed"]);

function useRewindKeys(rewind: Rewind): void {
  useReplayKeys(
    (action) => {
      if (action.name === "play") rewind.toggle();
      else if (action.name === "step") rewind.step(action.seconds);
      else if (action.name === "share") rewind.goTo(action.of * rewind.now.value);
      else if (action.name === "speed") rewind.setFaster(action.up);
    },
    (action) => KEYS.has(action.name) && rewind.possible,
  );
}

export interface RewindLineProps {
  lesson: string;
  /** Ms on the lesson's clock: where one is, where the recording begins, where the lesson is. */
  position: number;
  from: number;
  now: number;
  holes: readonly Stretch[];
  phase: Phase;
  paused: boolean;
  faster: boolean;
  /** Whether one may rewind just now. */
  possible: boolean;
  /** Ms from the teacher to here; null if that is not known. */
  delay: number | null;
  /** The recording stands in for what is on air. */
  web: boolean;
  onToggle: () => void;
  onBack: () => void;
  onSeek: (position: number) => void;
  onFaster: () => void;
  onLive: () => void;
}

/** Ms as whole seconds. */
function secondsText(ms: number): string {
  return numberText(Math.max(0, Math.round(ms / 1_000)), language.value);
}

/** How far behind the lesson one is, or how long it takes to arrive. */
function Place({ phase, delay, web, now, position, onLive }: RewindLineProps) {
  if (web) {
    return (
      <span class="badge" data-testid="web-badge">
        {r().live.overWeb(secondsText(now - position))}
      </span>
    );
  }
  if (phase === "live") {
    const seconds = delay === null ? null : numberText(delay / 1_000, language.value, 1);
    return (
      <span class="badge badge-live" title={r().live.badgeHint} data-testid="live-badge">
        {r().live.badge(seconds)}
      </span>
    );
  }
  return (
    <Button
      look="primary"
      icon="forward"
      busy={phase === "return"}
      testid="go-live"
      onClick={onLive}
    >
      {r().live.behind(shortTime(Math.max(0, now - position)))}
    </Button>
  );
}

export function RewindLine(props: RewindLineProps) {
  const { position, from, now, holes, phase, paused, faster, possible } = props;
  return (
    <div class={phase === "live" ? "replay-line rewind-line" : "replay-line rewind-line is-behind"}>
      <Button
        icon={paused ? "play" : "pause"}
        label={paused ? r().begin : r().pause}
        disabled={!possible}
        testid="pause"
        onClick={props.onToggle}
      />
      <Button
        icon="backward"
        label={r().back(10)}
        disabled={!possible}
        testid="back"
        onClick={props.onBack}
      />
      <SeekBar
        lesson={props.lesson}
        position={position}
        from={from}
        length={now}
        chapters={[]}
        holes={holes}
        onSeek={props.onSeek}
      />
      {phase !== "live" && !props.web && (
        <Button pressed={faster} label={r().live.faster} testid="faster" onClick={props.onFaster}>
          {`${numberText(CATCH_UP_RATE, language.value, 1)}×`}
        </Button>
      )}
      <Place {...props} />
    </div>
  );
}

/** The words of a question, from the panel beside the lesson. */
function textOf(room: Classroom, number: number): string | null {
  if (!room.lesson) return null;
  const { questions } = roomOf(room.lesson, room.live.socket, false);
  return questions.value.known.get(number)?.text ?? null;
}

function withoutPictures(rewind: Rewind, { live }: Classroom): string | null {
  if (rewind.nearCap.value) return r().live.webNearCap;
  return rewind.pace.value.starved && live.mode.value === "auto" ? r().live.webThin : null;
}

function MissedHere({ room, rewind }: { room: Classroom; rewind: Rewind }) {
  const found = rewind.missed.value;
  if (!found) return null;
  return (
    <MissedCard
      lesson={room.live.id}
      gap={found.gap}
      missed={found.missed}
      text={(number) => textOf(room, number)}
      onWatch={() => rewind.watchMissed()}
      onLive={() => {
        rewind.missed.value = null;
      }}
    />
  );
}

/** That the lesson comes over the web, and how late. */
export function WebNotice(props: {
  distance: number;
  /** Why pictures are left out, if they are. */
  without: string | null;
  onLive: () => void;
}) {
  return (
    <Notice tone="info" title={r().live.webTitle} testid="over-web">
      <p>{r().live.webHint(secondsText(props.distance))}</p>
      {props.without && <p>{props.without}</p>}
      <Button icon="reconnecting" testid="try-live" onClick={props.onLive}>
        {r().live.tryLive}
      </Button>
    </Notice>
  );
}

/** That it comes by no way, and what is possible all the same. */
export function BarredNotice({ lesson }: { lesson: string }) {
  return (
    <Notice tone="warning" title={r().live.barredTitle} alert testid="barred">
      <p>{r().live.barredHint}</p>
      <LinkButton icon="sound" href={`/lessons/${lesson}/listen`}>
        {r().live.barredListen}
      </LinkButton>
    </Notice>
  );
}

export default function RewindBar({ room }: { room: Classroom }) {
  const rewind = rewindOf(room.live);
  useRewindKeys(rewind);
  if (!useReplayTexts()) return null;
  const phase = rewind.phase.value;
  const live = phase === "live";
  const now = rewind.now.value;
  const { sample, rates, overWeb } = room.live;
  return (
    <section aria-label={r().live.controls} data-testid="rewind">
      <MissedHere room={room} rewind={rewind} />
      {rewind.trouble.value && (
        <Notice tone="warning" alert testid="no-rewind">
          {r().live.noRewind}
        </Notice>
      )}
      {rewind.web.barred.value && <BarredNotice lesson={rewind.lessonId} />}
      {overWeb.value && (
        <WebNotice
          distance={rewind.pace.value.distance}
          without={withoutPictures(rewind, room)}
          onLive={() => rewind.goLive()}
        />
      )}
      <RewindLine
        lesson={rewind.lessonId}
        position={live ? now : rewind.state.value.position}
        from={rewind.from.value}
        now={now}
        holes={rewind.holes.value}
        phase={phase}
        paused={!live && !rewind.state.value.playing}
        faster={rewind.faster.value}
        possible={rewind.possible}
        delay={delayOf(sample.value, rates.value)}
        web={overWeb.value}
        onToggle={() => rewind.toggle()}
        onBack={() => rewind.step(-10)}
        onSeek={(to) => rewind.goTo(to)}
        onFaster={() => rewind.setFaster(!rewind.faster.value)}
        onLive={() => rewind.goLive()}
      />
    </section>
  );
}
