/** Whether the lesson is being recorded, for those who teach it. */
import { useSignal } from "@preact/signals";
import { language } from "../../i18n";
import { durationText, numberText } from "../../i18n/dates";
import { w } from "../../i18n/teach";
import type { Recorded } from "../../protocol/types";
import { Button, Notice } from "../basics";

const GB = 1_000_000_000;

/** Bytes in words: tenths of a gigabyte while there are few. */
function room(bytes: number): string {
  const size = bytes / GB;
  return numberText(size, language.value, size < 10 ? 1 : 0);
}

export function RecordingDot({ recording }: { recording: Recorded }) {
  const { state, free } = recording;
  return (
    <span class={`recording recording-${state}`} data-testid="recording" data-state={state}>
      <span class="recording-dot" aria-hidden="true" />
      <span>
        {w().recording[state]}
        {typeof free === "number" && <small class="soft"> {w().recording.free(room(free))}</small>}
      </span>
    </span>
  );
}

/** What a teacher should know of the recording: that it has stopped, or what is missing in it. */
export function RecordingAlarms({ recording }: { recording: Recorded | null }) {
  const read = useSignal<Recorded["gap"]>(undefined);
  if (!recording) return null;
  const { state, why, gap } = recording;
  return (
    <>
      {state === "stopped" && (
        <Notice
          tone="error"
          title={w().recording.stoppedTitle}
          alert
          testid={`recording-${why ?? "server"}`}
        >
          <p>{why === "disk" ? w().recording.disk : w().recording.server}</p>
        </Notice>
      )}
      {gap && gap !== read.value && (
        <Notice tone="warning" alert testid="recording-gap">
          <p>{w().recording.gap(durationText(gap.at / 1_000), durationText(gap.for / 1_000))}</p>
          <Button
            look="quiet"
            onClick={() => {
              read.value = gap;
            }}
          >
            {w().recording.understood}
          </Button>
        </Notice>
      )}
    </>
  );
}
