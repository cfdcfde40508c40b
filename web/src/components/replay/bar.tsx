/** The controls of a replay. */
import { type Signal, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { t } from "../../i18n";
import { durationText } from "../../i18n/dates";
import { r } from "../../i18n/replay";
import { timeParameter } from "../../protocol/replay-clock";
import { captionsOn } from "../../state/captions";
import type { Layout } from "../../state/layout";
import {
  chosenSpeed,
  fastSpeeds,
  picturesOnly,
  type Replay,
  replayLayout,
  skipsSilence,
} from "../../state/replay";
import { otherChapter, speeds } from "../../state/replay-view";
import { Button, Check, CopyField, Segments, Select, Skeleton } from "../basics";
import { togglePip, type useFullscreen } from "../live/browser";
import { Qr } from "../qr";
import { useLater } from "../questions/later";
import { ShortcutList } from "../shortcut-list";
import { CaptionsChoice } from "./captions";
import { SeekBar } from "./seek-bar";

/** What each row of the help says, with the caps of its keys. */
const KEYS = [
  ["play", "Space / K"],
  ["ten", "J / L"],
  ["five", "← / →"],
  ["volume", "↑ / ↓"],
  ["tenth", "0 … 9"],
  ["ends", "Home / End"],
  ["frame", ", / ."],
  ["speed", "< / >"],
  ["layout", "V"],
  ["swap", "S"],
  ["mute", "M"],
  ["captions", "C"],
  ["fullscreen", "F"],
  ["chapter", "N / P"],
  ["search", "/"],
  ["help", "?"],
] as const;

function Help() {
  const rows = KEYS.map(([name, caps]) => [caps, r().shortcutNames[name]] as const);
  return <ShortcutList rows={rows} testid="replay-keys" />;
}

function Share({ replay }: { replay: Replay }) {
  const at = replay.state.value.position;
  const link = `${location.origin}/lessons/${replay.lessonId}/replay?t=${timeParameter(at)}`;
  const label = r().shareLink(durationText(at / 1_000));
  return (
    <section class="panel stack" data-testid="share-panel">
      <h2>{r().shareTitle}</h2>
      <CopyField label={label} value={link} testid="share-link" />
      <Qr text={link} label={label} />
    </section>
  );
}

function Settings({ replay }: { replay: Replay }) {
  return (
    <section class="panel stack" data-testid="settings-panel">
      <h2>{r().settings}</h2>
      <Segments
        label={t().layout}
        testid="layout"
        value={replayLayout.value}
        choices={(["both", "slides", "speaker", "audio"] as const).map((value) => ({
          value,
          label: t().layouts[value],
        }))}
        onChange={(value) => replay.setLayout(value as Layout)}
      />
      <CaptionsChoice captions={replay.captions} />
      <Check
        label={r().pictures}
        checked={picturesOnly.value}
        onChange={(on) => replay.setPicturesOnly(on)}
      />
      <p class="hint">{r().picturesHint}</p>
      <Check
        label={r().skipSilence}
        checked={skipsSilence.value}
        onChange={(on) => {
          skipsSilence.value = on;
        }}
      />
      <Check
        label={r().speeds}
        checked={fastSpeeds.value}
        onChange={(on) => {
          fastSpeeds.value = on;
        }}
      />
    </section>
  );
}

function Keep({ lesson }: { lesson: string }) {
  const Downloads = useLater(() => import("../making/downloads"));
  return (
    <section class="panel stack" data-testid="downloads-panel">
      <h2>{r().downloads}</h2>
      {Downloads ? <Downloads lesson={lesson} /> : <Skeleton rows={2} />}
    </section>
  );
}

type Open = "share" | "settings" | "downloads" | "keys" | null;

export interface BarProps {
  replay: Replay;
  stage: RefObject<HTMLDivElement | null>;
  full: ReturnType<typeof useFullscreen>;
  keysShown: Signal<boolean>;
}

function Steps({ replay }: { replay: Replay }) {
  const { position, playing } = replay.state.value;
  const chapter = (next: boolean) => {
    const at = otherChapter(replay.chapters, position, next);
    if (at !== null) replay.seek(at);
  };
  return (
    <div class="row">
      <Button
        look="primary"
        icon={playing ? "pause" : "play"}
        label={playing ? r().pause : r().begin}
        testid="play"
        onClick={() => replay.toggle()}
      />
      <Button icon="backward" label={r().back(10)} testid="back" onClick={() => replay.step(-10)} />
      <Button
        icon="forward"
        label={r().forward(10)}
        testid="forward"
        onClick={() => replay.step(10)}
      />
      {replay.chapters.length > 0 && (
        <>
          <Button icon="back" label={r().previousChapter} onClick={() => chapter(false)} />
          <Button
            icon="chevron"
            label={r().nextChapter}
            testid="next-chapter"
            onClick={() => chapter(true)}
          />
        </>
      )}
    </div>
  );
}

function Tools({ replay, stage, full, open }: BarProps & { open: Signal<Open> }) {
  const toggle = (what: Open) => () => {
    open.value = open.value === what ? null : what;
  };
  const muted = replay.muted;
  return (
    <div class="row">
      <Select
        label={r().speed}
        value={chosenSpeed.value}
        testid="speed"
        choices={speeds(fastSpeeds.value).map((value) => ({ value, label: `${value}×` }))}
        onChange={(value) => replay.setSpeed(value)}
      />
      <Button
        icon={muted.value ? "soundOff" : "sound"}
        label={muted.value ? t().unmute : t().mute}
        testid="mute"
        onClick={() => {
          muted.value = !muted.value;
        }}
      />
      {replay.captions.there.value.length > 0 && (
        <Button
          icon="captions"
          label={r().captions}
          pressed={captionsOn.value}
          testid="captions"
          onClick={() => replay.captions.toggle()}
        />
      )}
      {full.possible && (
        <Button
          icon={full.on.value ? "exitFullscreen" : "fullscreen"}
          label={full.on.value ? t().exitFullscreen : t().fullscreen}
          onClick={full.toggle}
        />
      )}
      {document.pictureInPictureEnabled && (
        <Button icon="pip" label={t().pip} onClick={() => void togglePip(stage.current)} />
      )}
      <Button
        icon="settings"
        label={r().settings}
        pressed={open.value === "settings"}
        testid="settings"
        onClick={toggle("settings")}
      />
      {replay.ended.value && (
        <Button
          icon="download"
          label={r().downloads}
          pressed={open.value === "downloads"}
          testid="downloads"
          onClick={toggle("downloads")}
        />
      )}
      <Button
        icon="share"
        label={r().share}
        pressed={open.value === "share"}
        testid="share"
        onClick={toggle("share")}
      />
    </div>
  );
}

export function ReplayBar(props: BarProps) {
  const { replay, keysShown } = props;
  const open = useSignal<Open>(null);
  const { position } = replay.state.value;
  const length = replay.length.value;
  return (
    <div class="live-lower">
      <div class="replay-line">
        <SeekBar
          lesson={replay.lessonId}
          position={position}
          from={replay.from.value}
          length={length}
          chapters={replay.chapters}
          holes={replay.holes.value}
          onSeek={(to) => replay.seek(to)}
        />
        <span class="digits" data-testid="place">
          {durationText(position / 1_000)} / {durationText(length / 1_000)}
        </span>
      </div>
      <div class="live-bar">
        <Steps replay={replay} />
        <span class="grow" />
        <Tools {...props} open={open} />
        <Button
          icon="keyboard"
          label={t().shortcuts}
          pressed={keysShown.value}
          testid="keys"
          onClick={() => {
            keysShown.value = !keysShown.value;
          }}
        />
      </div>
      {open.value === "settings" && <Settings replay={replay} />}
      {open.value === "share" && <Share replay={replay} />}
      {open.value === "downloads" && <Keep lesson={replay.lessonId} />}
      {keysShown.value && <Help />}
    </div>
  );
}
