/** The stage of a replay where the browser has no Media Source: one picture, with the voice in it. */
import { useEffect, useRef } from "preact/hooks";
import { r } from "../../i18n/replay";
import { VIDEO_SLOTS } from "../../protocol/types";
import type { Arrangement } from "../../state/layout";
import type { Replay } from "../../state/replay";
import { useLater } from "../questions/later";

/** The slide that was shown where no screen was. */
function ShownSlide({ replay }: { replay: Replay }) {
  const slide = replay.slide.value;
  const Still = useLater(() => import("../slides/still"));
  return slide && Still && <Still lesson={replay.lessonId} slide={slide} main />;
}

export default function OnePicture({ replay, places }: { replay: Replay; places: Arrangement }) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (element.current) replay.attach("voice", element.current);
  }, [replay]);
  const hidden = !VIDEO_SLOTS.some((slot) => places[slot] === "main");
  return (
    <div class={hidden ? "tile tile-hidden" : "tile tile-main"} data-testid="one-picture">
      <video
        ref={element}
        muted={replay.muted.value}
        playsInline
        preload="metadata"
        aria-label={r().title}
        data-testid="voice"
      />
      {places.screen === "main" && <ShownSlide replay={replay} />}
    </div>
  );
}
