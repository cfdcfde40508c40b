/** A recording as small as a stamp, to find the second at which to cut. */
import { useEffect, useMemo } from "preact/hooks";
import { durationText } from "../../i18n/dates";
import { b } from "../../i18n/library";
import type { PlayerState } from "../../protocol/recording-player";
import { Preview } from "../../state/preview";
import { Button, Problem } from "../basics";
import { Tiles } from "../replay/tiles";
import "../../styles/live.css";

/** Seconds by which the arrow keys move the handle. */
const STEP = 1;

/** Keep a preview as long as whoever shows it is on the page. */
export function usePreview(lesson: string): Preview {
  const preview = useMemo(() => new Preview(lesson), [lesson]);
  useEffect(() => {
    preview.open();
    return () => preview.close();
  }, [preview]);
  return preview;
}

/** The line below the picture. */
export function PreviewBar(props: {
  state: Pick<PlayerState, "position" | "playing">;
  /** Ms at which there is something to play first. */
  from: number;
  length: number;
  toggle: () => void;
  seek: (position: number) => void;
}) {
  const { position, playing } = props.state;
  const clock = durationText(position / 1_000);
  return (
    <div class="cut-preview-bar">
      <Button
        icon={playing ? "pause" : "play"}
        label={playing ? b().pause : b().play}
        testid="preview-play"
        onClick={props.toggle}
      />
      <input
        type="range"
        min={Math.floor(props.from / 1_000)}
        max={Math.ceil(props.length / 1_000)}
        step={STEP}
        value={Math.round(position / 1_000)}
        aria-label={b().place}
        aria-valuetext={clock}
        data-testid="preview-seek"
        onInput={(event) => props.seek(Number(event.currentTarget.value) * 1_000)}
      />
      <span class="digits">{clock}</span>
    </div>
  );
}

export function PreviewPlayer({ preview, length }: { preview: Preview; length: number }) {
  if (preview.error.value) return <Problem error={preview.error.value} />;
  if (preview.unplayable.value) return <p class="soft">{b().unplayable}</p>;
  return (
    <div class="cut-preview" data-testid="preview">
      <div class="stage preview-picture">
        <Tiles playback={preview} places={preview.places.value} muted={false} />
      </div>
      <PreviewBar
        state={preview.state.value}
        from={preview.from.value}
        length={length}
        toggle={() => preview.toggle()}
        seek={(position) => preview.seek(position)}
      />
    </div>
  );
}
