/** The controls below the stage: connection, layout, sound, and what else helps to watch. */
import { t } from "../../i18n";
import type { Layout } from "../../state/layout";
import { Button, Segments } from "../basics";
import { Connection } from "../connection";
import { Icon } from "../icon";
import { useLater } from "../questions/later";
import { togglePip } from "./browser";
import { type Classroom, chosenLayout, questionsShown } from "./classroom";

function Layouts() {
  return (
    <Segments
      label={t().layout}
      testid="layout"
      value={chosenLayout.value}
      choices={(["both", "slides", "speaker", "audio"] as const).map((value) => ({
        value,
        label: t().layouts[value],
      }))}
      onChange={(value) => {
        chosenLayout.value = value as Layout;
      }}
    />
  );
}

function Buttons({ room }: { room: Classroom }) {
  const { muted, full, details, keysShown, stage } = room;
  return (
    <div class="row">
      <Button
        icon="question"
        label={questionsShown.value ? t().hideQuestions : t().showQuestions}
        pressed={questionsShown.value}
        testid="show-questions"
        onClick={() => {
          questionsShown.value = !questionsShown.value;
        }}
      />
      <Button
        icon={muted.value ? "soundOff" : "sound"}
        label={muted.value ? t().unmute : t().mute}
        testid="mute"
        onClick={() => {
          muted.value = !muted.value;
        }}
      />
      {full.possible && (
        <Button
          icon={full.on.value ? "exitFullscreen" : "fullscreen"}
          label={full.on.value ? t().exitFullscreen : t().fullscreen}
          onClick={full.toggle}
          testid="fullscreen"
        />
      )}
      {document.pictureInPictureEnabled && (
        <Button
          icon="pip"
          label={t().pip}
          onClick={() => void togglePip(stage.current)}
          testid="pip"
        />
      )}
      <Button
        icon="chart"
        label={t().stats}
        pressed={details.value}
        testid="show-stats"
        onClick={() => {
          details.value = !details.value;
        }}
      />
      <Button
        icon="keyboard"
        label={t().shortcuts}
        pressed={keysShown.value}
        onClick={() => {
          keysShown.value = !keysShown.value;
        }}
      />
    </div>
  );
}

export function Bar({ room }: { room: Classroom }) {
  const Details = useLater(() => import("./details"));
  const Modes = useLater(() => import("./modes"));
  const { live } = room;
  const connection = live.connection.value;
  return (
    <>
      <div class="live-bar">
        <Connection name={connection} />
        {live.view.value && (
          <span class="soft" data-testid="present">
            <Icon name="people" /> {t().watching(live.view.value.present.students)}
          </span>
        )}
        <span class="grow" />
        <Layouts />
        <Buttons room={room} />
      </div>
      {Modes && <Modes room={room} />}
      {Details && <Details room={room} />}
    </>
  );
}
