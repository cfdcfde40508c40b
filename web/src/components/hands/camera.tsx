/** The camera of a student on air: added where the link bears it, seen by themselves, closed for certain. */
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../i18n";
import { h } from "../../i18n/hands";
import type { CameraProblem, Guest } from "../../state/guest";
import { Button, Notice } from "../basics";

function problemText(problem: CameraProblem): string {
  if (problem === "weak" || problem === "unplugged") return h().cameraProblems[problem];
  return t().deviceErrors[problem];
}

/** One's own picture, as in a mirror. */
function Preview({ track }: { track: MediaStreamTrack }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (!video.current) return;
    video.current.srcObject = new MediaStream([track]);
    // A browser that plays nothing by itself shows the first picture: enough to see oneself.
    video.current.play().catch(() => {});
  }, [track]);
  return (
    <video
      ref={video}
      class="guest-preview"
      muted
      playsInline
      aria-label={h().ownPicture}
      data-testid="guest-preview"
    />
  );
}

export function OwnCamera({ guest }: { guest: Guest }) {
  const track = guest.camera.value;
  const problem = guest.cameraProblem.value;
  return (
    <div class="guest-camera">
      {track && <Preview track={track} />}
      {problem && (
        <Notice tone="warning" alert testid="camera-problem">
          {problemText(problem)}
        </Notice>
      )}
      {track ? (
        <Button icon="cameraOff" testid="camera-hide" onClick={() => guest.hideCamera()}>
          {h().hideCamera}
        </Button>
      ) : guest.cameraFits.value ? (
        <Button
          icon="camera"
          busy={guest.cameraOpening.value}
          testid="camera-show"
          onClick={() => void guest.showCamera()}
        >
          {h().showCamera}
        </Button>
      ) : (
        !problem && guest.quality.value !== "good" && <p class="hint">{h().cameraProblems.weak}</p>
      )}
    </div>
  );
}
