/** The recording on the live page's stage, in the place of what is on air. */
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../i18n";
import { r, useReplayTexts } from "../../i18n/replay";
import { VIDEO_SLOTS } from "../../protocol/types";
import type { Arrangement } from "../../state/layout";
import { Button } from "../basics";
import { Icon } from "../icon";
import type { Classroom } from "../live/classroom";
import { Tiles } from "../replay/tiles";
import { playSoftly, StageBanner, StageMessage } from "../stage";
import { rewindOf } from "./room";

const NOWHERE: Arrangement = { screen: "hidden", camera: "hidden", guest: "hidden" };

/** Hold what is on air still while the recording is on its way; its elements go on when it returns. */
function useStill(still: boolean, stage: HTMLElement | null | undefined): void {
  useEffect(() => {
    if (!stage) return;
    for (const video of stage.querySelectorAll<HTMLVideoElement>(":scope > .tile > video")) {
      if (still) video.pause();
      else playSoftly(video);
    }
  }, [still]);
}

/** What stands where no pictures come over the web. */
function SoundOnly({ places }: { places: Arrangement }) {
  if (VIDEO_SLOTS.some((slot) => places[slot] !== "hidden")) return null;
  return (
    <StageMessage title={t().audioOnlyTitle} testid="web-sound">
      <Icon name="sound" large />
    </StageMessage>
  );
}

export default function RewindStage({ room }: { room: Classroom }) {
  const rewind = rewindOf(room.live);
  const root = useRef<HTMLDivElement>(null);
  const phase = rewind.phase.value;
  const { waiting, blocked } = rewind.state.value;
  const recorded = room.live.recorded.value;
  const overWeb = room.live.overWeb.value;
  const ready = useReplayTexts();
  useStill(phase === "back" || phase === "behind", root.current?.parentElement);
  return (
    <div class="recorded" ref={root} data-testid="recorded" data-phase={phase}>
      <Tiles
        playback={rewind}
        places={recorded ?? NOWHERE}
        muted={room.muted.value || phase === "live"}
        prefix="recorded-"
      />
      {overWeb && recorded && <SoundOnly places={recorded} />}
      {ready && phase !== "live" && blocked && (
        <StageMessage title={r().tap} cover>
          <Button look="primary" large icon="play" onClick={() => rewind.toggle()}>
            {r().begin}
          </Button>
        </StageMessage>
      )}
      {ready && phase === "return" && <StageBanner title={r().live.returning} />}
      {ready &&
        ((phase === "back" && !rewind.bridging.value) || (phase === "behind" && waiting)) && (
          <StageBanner title={r().loading} testid="rewind-waiting" />
        )}
    </div>
  );
}
