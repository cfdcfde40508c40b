/** Camera, microphone and screen: chosen, shown, switched. */
import { t } from "../../i18n";
import { w } from "../../i18n/teach";
import type { Lesson } from "../../protocol/types";
import { NONE, type Studio } from "../../state/studio";
import { Button, Select } from "../basics";
import { Icon } from "../icon";
import { LevelMeter } from "../level";
import { Video } from "../stage";

function Previews({ studio }: { studio: Studio }) {
  const camera = studio.cameraStream.value;
  const screen = studio.screenStream.value;
  const onAir = studio.sending.value && studio.lesson.value?.state === "live";
  return (
    <div class="previews">
      <div class={`preview preview-mirror${onAir ? " on-air" : ""}`} data-testid="preview-camera">
        {camera ? (
          <Video stream={camera} label={w().preview} />
        ) : (
          <div class="preview-empty">
            <Icon name="cameraOff" large />
            <p>{t().cameraOff}</p>
          </div>
        )}
      </div>
      {screen && (
        <div class={`preview${onAir ? " on-air" : ""}`} data-testid="preview-screen">
          <Video stream={screen} label={t().tile.screen} />
        </div>
      )}
    </div>
  );
}

function deviceChoices(devices: readonly MediaDeviceInfo[], none: string) {
  const named = devices.map((device, index) => ({
    value: device.deviceId,
    label: device.label || w().unnamedDevice(index + 1),
  }));
  return [...named, { value: NONE, label: none }];
}

function DeviceChoice({ studio }: { studio: Studio }) {
  const { cameras, microphones } = studio.devices.value;
  return (
    <div class="two">
      <Select
        label={w().camera}
        testid="choose-camera"
        value={studio.camera.value ? studio.cameraId : NONE}
        choices={deviceChoices(cameras, w().noCamera)}
        onChange={(id) => void studio.chooseCamera(id)}
      />
      <Select
        label={w().microphone}
        testid="choose-microphone"
        value={studio.microphone.value ? studio.microphoneId : NONE}
        choices={deviceChoices(microphones, w().noMicrophone)}
        onChange={(id) => void studio.chooseMicrophone(id)}
      />
    </div>
  );
}

function Controls({ studio }: { studio: Studio }) {
  const cameraOn = studio.camera.value !== null;
  const micOn = studio.microphone.value !== null && !studio.muted.value;
  const screenOn = studio.screen.value !== null;
  return (
    <div class="controls">
      <Button
        icon={micOn ? "microphone" : "microphoneOff"}
        look={micOn ? "plain" : "alert"}
        testid="toggle-microphone"
        disabled={studio.microphone.value === null}
        onClick={() => studio.toggleMute()}
      >
        {micOn ? w().micOffAction : w().micOn}
      </Button>
      <Button
        icon={cameraOn ? "camera" : "cameraOff"}
        look={cameraOn ? "plain" : "alert"}
        testid="toggle-camera"
        onClick={() => void studio.toggleCamera()}
      >
        {cameraOn ? w().cameraOffAction : w().cameraOn}
      </Button>
      <Button
        icon={screenOn ? "screenOff" : "screen"}
        testid="toggle-screen"
        onClick={() => void studio.toggleScreen()}
      >
        {screenOn ? w().stopScreen : w().shareScreen}
      </Button>
    </div>
  );
}

/** What one does before the lesson, and what one looks at during it. */
export function Devices({ studio, lesson }: { studio: Studio; lesson: Lesson }) {
  const some = studio.camera.value !== null || studio.microphone.value !== null;
  return (
    <section class="card stack" aria-label={w().deviceCheck}>
      <h2>{lesson.state === "live" && studio.sending.value ? t().onAir : w().deviceCheck}</h2>
      <Previews studio={studio} />
      {some ? (
        <>
          <Controls studio={studio} />
          <DeviceChoice studio={studio} />
          {!studio.sending.value && <LevelMeter db={studio.level.value} />}
        </>
      ) : (
        <div class="stack">
          <div>
            <Button
              look="primary"
              large
              icon="camera"
              busy={studio.opening.value}
              testid="allow-devices"
              onClick={() => void studio.openDevices()}
            >
              {w().allowDevices}
            </Button>
          </div>
          <p class="soft">{w().allowDevicesHint}</p>
        </div>
      )}
    </section>
  );
}
