/** What is wrong with the teacher's sound, picture or place, in words. */
import { t } from "../../i18n";
import { w } from "../../i18n/teach";
import type { Studio } from "../../state/studio";
import { Button, Notice } from "../basics";
import { RecordingAlarms } from "./recording";

function refusalTitle(code: string | null): string {
  return code === "session-replaced" ? w().replacedTitle : w().takenTitle;
}

function refusalHint(code: string | null): string {
  if (code === "session-replaced") return w().replacedHint;
  return code === "source-taken" ? w().takenHint : w().uplink.refused;
}

/** What the teacher should know now, worst first. */
export function Alarms({ studio }: { studio: Studio }) {
  const problem = studio.deviceProblem.value;
  const refusal = studio.link.value?.name === "refused" ? studio.link.value.code : null;
  const screenRefusal =
    studio.screenLink.value?.name === "refused" ? studio.screenLink.value.code : null;
  return (
    <>
      {problem && (
        <Notice tone="error" alert testid="device-problem">
          <p>{t().deviceErrors[problem]}</p>
          {!problem.startsWith("screen") && (
            <Button icon="reconnecting" onClick={() => void studio.openDevices()}>
              {t().retry}
            </Button>
          )}
        </Notice>
      )}
      {studio.unplugged.value && (
        <Notice tone="error" alert testid="unplugged">
          <p>
            {studio.unplugged.value === "camera" ? w().cameraUnplugged : w().microphoneUnplugged}
          </p>
          <Button icon="reconnecting" onClick={() => void studio.openDevices()}>
            {t().retry}
          </Button>
        </Notice>
      )}
      {(refusal || screenRefusal) && (
        <Notice tone="error" title={refusalTitle(refusal ?? screenRefusal)} alert testid="refused">
          <p>{refusalHint(refusal ?? screenRefusal)}</p>
          <Button icon="reconnecting" onClick={() => studio.send()}>
            {t().retry}
          </Button>
        </Notice>
      )}
      <RecordingAlarms recording={studio.view.value?.recording ?? null} />
      {studio.otherTab.value && (
        <Notice tone="warning" testid="other-tab">
          {w().otherTab}
        </Notice>
      )}
      {studio.mutedSpeaking.value && (
        <Notice tone="warning" testid="muted-speaking">
          {w().mutedSpeaking}
        </Notice>
      )}
      {studio.silent.value && studio.microphone.value && (
        <Notice tone="warning">{w().silentMicrophone}</Notice>
      )}
      {studio.frozen.value && <Notice tone="warning">{w().frozenCamera}</Notice>}
      {studio.screenLost.value && <Notice tone="info">{w().screenLost}</Notice>}
    </>
  );
}
