/** The pictures and the voice of a recording: elements that never leave the document. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../i18n";
import { VIDEO_SLOTS } from "../../protocol/types";
import type { Arrangement, Place, VideoSlot } from "../../state/layout";
import { type Playback, TRACK_OF } from "../../state/playback";
import { useLater } from "../questions/later";

interface TileProps {
  playback: Playback;
  slot: VideoSlot;
  place: Place;
  prefix: string;
  tools?: ((slot: VideoSlot, place: Place) => ComponentChildren) | undefined;
}

/** The slide that was shown where no screen was. */
function ShownSlide({ playback, place }: Pick<TileProps, "playback" | "place">) {
  const slide = playback.slide.value;
  const Still = useLater(() => import("../slides/still"));
  if (!slide || !Still || place === "hidden") return null;
  return (
    <Still
      lesson={playback.lessonId}
      slide={slide}
      coming={playback.coming.value}
      main={place === "main"}
    />
  );
}

function Tile({ playback, slot, place, prefix, tools }: TileProps) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (element.current) playback.attach(TRACK_OF[slot], element.current);
  }, [playback]);
  return (
    <div
      class={`tile tile-${place}`}
      data-testid={`${prefix}tile-${slot}`}
      data-place={place}
      aria-hidden={place === "hidden" ? true : undefined}
    >
      <video
        ref={element}
        muted
        playsInline
        preload="auto"
        aria-label={t().tile[slot]}
        data-testid={`${prefix}video-${slot}`}
      />
      {slot === "screen" && <ShownSlide playback={playback} place={place} />}
      {place === "side" && <span class="tile-label">{t().tile[slot]}</span>}
      {place !== "hidden" && tools?.(slot, place)}
    </div>
  );
}

export interface TilesProps {
  playback: Playback;
  places: Arrangement;
  muted: boolean;
  /** Before the names by which tests find them, where there are other tiles besides. */
  prefix?: string;
  /** Buttons on a picture. */
  tools?: TileProps["tools"];
}

export function Tiles({ playback, places, muted, prefix = "", tools }: TilesProps) {
  const voice = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    if (voice.current) playback.attach("voice", voice.current);
  }, [playback]);
  return (
    <>
      {VIDEO_SLOTS.map((slot) => (
        <Tile
          key={slot}
          playback={playback}
          slot={slot}
          place={places[slot]}
          prefix={prefix}
          tools={tools}
        />
      ))}
      <audio ref={voice} muted={muted} preload="auto" data-testid={`${prefix}voice`} />
    </>
  );
}
