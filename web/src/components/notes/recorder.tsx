/** Recording a voice note: hold, listen, send or throw away. */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../../i18n";
import { durationText } from "../../i18n/dates";
import { v } from "../../i18n/notes";
import { announce } from "../../state/announcer";
import {
  NOTE_MAX,
  type Recorder,
  type RecorderProblem,
  type Recording,
} from "../../state/recorder";
import { Button, Notice } from "../basics";
import { HoldButton, TapsInstead, tapsInstead, useHoldKey } from "../hands/hold";
import { Icon } from "../icon";
import { LevelMeter } from "../level";

function problemText(problem: RecorderProblem): string {
  const own = (v().problems as Partial<Record<RecorderProblem, string>>)[problem];
  return own ?? (t().deviceErrors as Record<string, string>)[problem] ?? v().problems.failed;
}

function Record(props: { recorder: Recorder; start: () => void; close: ComponentChildren }) {
  const { recorder, start } = props;
  const on = recorder.recording.value;
  const problem = recorder.problem.value;
  const hold = { on: on || recorder.opening.value, down: start, up: () => recorder.stop() };
  useHoldKey("Space", hold);
  const begin = tapsInstead.value ? v().tap : v().hold;
  return (
    <>
      {recorder.opening.value && <p class="soft">{v().opening}</p>}
      {problem && (
        <Notice tone="warning" alert testid="recorder-problem">
          {problemText(problem)}
        </Notice>
      )}
      {on && (
        <>
          <p class="note-time" data-testid="recording">
            <Icon name="microphone" /> {v().recording}{" "}
            <strong class="digits">
              {v().elapsed(
                durationText(recorder.elapsed.value / 1_000),
                durationText(NOTE_MAX / 1_000),
              )}
            </strong>
          </p>
          <LevelMeter db={recorder.level.value} words={false} />
        </>
      )}
      <div class="row">
        <HoldButton
          hold={hold}
          icon={on ? "stop" : "microphone"}
          words={on && tapsInstead.value ? v().stop : begin}
          testid="record"
        />
        {props.close}
      </div>
      {!on && (
        <div class="row">
          <TapsInstead label={v().tapInstead} />
          {!tapsInstead.value && <p class="hint for-keys">{v().holdHint}</p>}
        </div>
      )}
    </>
  );
}

function Made(props: {
  made: Recording;
  send: () => void;
  discard: () => void;
  close: ComponentChildren;
}) {
  const { made } = props;
  return (
    <>
      {/* biome-ignore lint/a11y/useMediaCaption: what somebody has just said has no text. */}
      <audio
        class="note-sound"
        controls
        src={made.url}
        aria-label={v().listen}
        data-testid="note-preview"
      />
      <div class="row">
        <Button look="primary" large icon="vote" testid="note-send" onClick={props.send}>
          {v().send}
        </Button>
        <Button icon="undo" testid="note-again" onClick={props.discard}>
          {v().again}
        </Button>
        {props.close}
      </div>
    </>
  );
}

/** `type` is what this browser records, null for nothing. */
export function RecorderCard(props: {
  recorder: Recorder;
  type: string | null;
  /** The lesson's position of now, in ms. */
  position: () => number | null;
  send: (made: Recording) => void;
  close: () => void;
}) {
  const { recorder, type } = props;
  const made = recorder.made.value;
  const recording = recorder.recording.value;
  useEffect(() => {
    if (recording) announce(v().saidRecording);
  }, [recording]);
  useEffect(() => {
    if (made) announce(v().saidMade);
  }, [made]);
  const close = (
    <Button look="quiet" testid="note-close" onClick={props.close}>
      {made ? v().discard : v().close}
    </Button>
  );
  return (
    <article class="hand-card" aria-label={v().title} data-testid="note-card">
      <h2>
        <Icon name="microphone" /> {v().title}
      </h2>
      {type === null ? (
        <>
          <Notice tone="info" testid="note-missing">
            {v().missing}
          </Notice>
          <div>{close}</div>
        </>
      ) : made ? (
        <Made
          made={made}
          send={() => props.send(made)}
          discard={() => recorder.discard()}
          close={close}
        />
      ) : (
        <>
          <p>{v().hint}</p>
          <Record
            recorder={recorder}
            start={() => void recorder.start(type, props.position())}
            close={close}
          />
        </>
      )}
    </article>
  );
}
