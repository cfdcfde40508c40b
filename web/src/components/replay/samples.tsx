/** Replay, rewinding and recording in every state, for the page that shows every component. */
import { r, useReplayTexts } from "../../i18n/replay";
import { useTeachTexts } from "../../i18n/teach";
import type { Chapter } from "../../protocol/recording";
import type { PlayerState } from "../../protocol/recording-player";
import type { Slide } from "../../protocol/slides";
import type { Recorded } from "../../protocol/types";
import "../../styles/live.css";
import "../../styles/replay.css";
import { BarredNotice, RewindLine, type RewindLineProps, WebNotice } from "../rewind/bar";
import { MissedCard, type MissedCardProps } from "../rewind/missed";
import { Onward } from "../rewind/onward";
import { RecordingAlarms, RecordingDot } from "../teach/recording";
import { ReplayOver } from "./over";
import PictureSamples from "./picture-samples";
import { SeekBar } from "./seek-bar";
import { ShowOther, SideTools } from "./stage";

const MINUTE = 60_000;
const nothing = () => {};

const PICTURE = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><path fill="#7a3d12" d="M0 0h16v9H0z"/><path fill="#fff" d="M2 3h9v1H2zM2 5h6v1H2z"/></svg>',
)}`;

const STILL: PlayerState = {
  position: 0,
  playing: false,
  waiting: false,
  atEnd: false,
  blocked: false,
  error: null,
};
const STATES: readonly (readonly [state: PlayerState, begun: boolean, preparing?: boolean])[] = [
  [STILL, false],
  [{ ...STILL, blocked: true }, true],
  [{ ...STILL, playing: true, waiting: true }, true],
  [{ ...STILL, playing: true, error: "offline" }, true],
  [{ ...STILL, atEnd: true }, true],
  [{ ...STILL, playing: true }, true, true],
];

const CHAPTERS: readonly Chapter[] = [
  { at: 0, to: 20 * MINUTE, title: "Байт чист?", kind: "slide", number: 1 },
  { at: 20 * MINUTE, to: 30 * MINUTE, title: "Чаро ҳашт бит?", kind: "question", number: 17 },
];

const HOLE = { at: 10 * MINUTE, to: 14 * MINUTE };

const LINE: RewindLineProps = {
  lesson: "sample",
  position: 42 * MINUTE,
  from: 0,
  now: 42 * MINUTE,
  holes: [],
  phase: "live",
  paused: false,
  faster: false,
  possible: true,
  delay: 400,
  web: false,
  onToggle: nothing,
  onBack: nothing,
  onSeek: nothing,
  onFaster: nothing,
  onLive: nothing,
};
const LINES: readonly RewindLineProps[] = [
  LINE,
  { ...LINE, delay: null, possible: false },
  { ...LINE, phase: "behind", position: 41.3 * MINUTE, paused: true },
  { ...LINE, phase: "behind", position: 3 * MINUTE, faster: true, holes: [HOLE] },
  { ...LINE, phase: "return", position: 41.9 * MINUTE },
  { ...LINE, phase: "behind", position: 42 * MINUTE - 5_200, web: true },
];

const slide = (number: number): Slide => ({
  number,
  deck: "bits",
  page: number,
  text: "8 бит = 1 байт",
  stills: [{ width: 320, height: 180, bytes: 4_000 }],
});

const MISSED: MissedCardProps = {
  lesson: "sample",
  gap: { from: 40 * MINUTE, to: 40.7 * MINUTE, since: 7 },
  missed: { answered: [], slides: [] },
  text: () => "Чаро ҳашт бит, на даҳ?",
  onWatch: nothing,
  onLive: nothing,
  url: () => PICTURE,
};
const MISSES: readonly MissedCardProps[] = [
  MISSED,
  { ...MISSED, missed: { answered: [17, 18], slides: [1, 2, 3, 4, 5, 6].map(slide) } },
];

const RECORDED: readonly Recorded[] = [
  { state: "on", free: 212_000_000_000 },
  { state: "stopped", why: "disk", free: 400_000_000 },
  { state: "stopped", why: "server", free: 9_400_000_000 },
  { state: "on", gap: { track: "voice", at: 12 * MINUTE, for: 31_000, why: "source" } },
];

export default function ReplaySamples() {
  const replay = useReplayTexts();
  const teach = useTeachTexts();
  if (!replay || !teach) return null;
  return (
    <>
      {STATES.map(([state, begun, preparing = false]) => (
        <div class="stage" key={JSON.stringify(state)}>
          <ReplayOver
            state={state}
            over
            title="Байт чист?"
            begun={begun}
            preparing={preparing}
            onPlay={nothing}
          />
        </div>
      ))}
      <div class="stage">
        <div class="tile tile-main">
          <SideTools onSwap={nothing} onHide={nothing} onPip={nothing} />
        </div>
      </div>
      <div class="stage">
        <div class="tile tile-main">
          <ShowOther onShow={nothing} />
        </div>
      </div>
      <SeekBar
        lesson="sample"
        position={24 * MINUTE}
        from={0}
        length={85 * MINUTE}
        chapters={CHAPTERS}
        holes={[HOLE]}
        onSeek={nothing}
      />
      <PictureSamples />
      <WebNotice distance={5_000} without={r().live.webThin} onLive={nothing} />
      <BarredNotice lesson="sample" />
      {LINES.map((line) => (
        <RewindLine key={`${line.phase} ${line.position} ${line.possible}`} {...line} />
      ))}
      {MISSES.map((missed) => (
        <MissedCard key={missed.missed.slides.length} {...missed} />
      ))}
      <Onward href="#replay" seconds={5} onStay={nothing} />
      <Onward href="#replay" seconds={null} onStay={nothing} />
      {RECORDED.map((recording) => (
        <div class="stack" key={JSON.stringify(recording)}>
          <RecordingDot recording={recording} />
          <RecordingAlarms recording={recording} />
        </div>
      ))}
    </>
  );
}
