/** The lesson as a line: where one is, its chapters, what is missing, and what is where. */
import { useSignal } from "@preact/signals";
import { durationText } from "../../i18n/dates";
import { r } from "../../i18n/replay";
import type { Chapter } from "../../protocol/recording";
import type { Stretch } from "../../protocol/recording-index";
import { Preview } from "./preview";

/** Ms by which the arrow keys move the line's handle, as they do everywhere on the page. */
const STEP = 5_000;

const clock = (ms: number) => durationText(ms / 1_000);

/** CSS pixels at each end of the line that its round handle takes. */
const HANDLE = 10;

export interface SeekBarProps {
  lesson: string;
  position: number;
  /** Ms at which the line begins and ends. */
  from: number;
  length: number;
  chapters: readonly Chapter[];
  holes: readonly Stretch[];
  onSeek: (position: number) => void;
}

/** Say how much of a length (ms) something is. */
function share(part: number, length: number): string {
  return `${(100 * Math.min(1, Math.max(0, part / Math.max(1, length)))).toFixed(3)}%`;
}

interface Pointed {
  /** Which part of the line, 0 to 1. */
  readonly part: number;
  /** Where that is in the window, above the line, in CSS pixels. */
  readonly x: number;
  readonly y: number;
}

function pointed(event: PointerEvent & { currentTarget: HTMLElement }): Pointed {
  const { left, width, top } = event.currentTarget.getBoundingClientRect();
  const part = (event.clientX - left - HANDLE) / Math.max(1, width - 2 * HANDLE);
  return { part: Math.min(1, Math.max(0, part)), x: event.clientX, y: top };
}

export function SeekBar(props: SeekBarProps) {
  const { lesson, position, from, length, chapters, holes, onSeek } = props;
  const over = useSignal<Pointed | null>(null);
  /** Where a handle that is held stands, in ms; it seeks when it is let go. */
  const held = useSignal<number | null>(null);
  const leave = () => {
    over.value = null;
  };
  const letGo = () => {
    if (held.value !== null) onSeek(held.value);
    held.value = null;
    over.value = null;
  };
  const shown = held.value ?? position;
  return (
    <div
      class="seek"
      data-testid="seek"
      onPointerMove={(event) => {
        over.value = pointed(event);
      }}
      onPointerLeave={leave}
      onPointerCancel={leave}
    >
      {over.value !== null && (
        <Preview
          lesson={lesson}
          position={held.value ?? from + over.value.part * (length - from)}
          x={over.value.x}
          y={over.value.y}
          chapters={chapters}
        />
      )}
      <div class="seek-marks" aria-hidden="true">
        <span class="seek-done" style={{ width: share(shown - from, length - from) }} />
        {holes.map((hole) => (
          <span
            key={hole.at}
            class="seek-hole"
            data-testid="hole"
            title={r().missing(clock(hole.at), clock(hole.to))}
            style={{
              left: share(hole.at - from, length - from),
              width: share(hole.to - hole.at, length - from),
            }}
          />
        ))}
        {chapters.map((chapter) => (
          <span
            key={chapter.at}
            class={`seek-mark seek-${chapter.kind}`}
            title={chapter.title}
            style={{ left: share(chapter.at - from, length - from) }}
          />
        ))}
      </div>
      <input
        type="range"
        min={Math.round(from)}
        max={Math.max(1, Math.round(length))}
        step={STEP}
        value={Math.round(shown)}
        aria-label={r().seek}
        aria-valuetext={r().place(clock(position), clock(length))}
        data-testid="seek-input"
        onPointerDown={(event) => {
          held.value = Number(event.currentTarget.value);
        }}
        onPointerUp={letGo}
        onPointerCancel={letGo}
        onInput={(event) => {
          const to = Number(event.currentTarget.value);
          if (held.value === null) onSeek(to);
          else held.value = to;
        }}
      />
    </div>
  );
}
