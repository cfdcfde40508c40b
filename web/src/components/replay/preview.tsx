/** Above a finger on the line: which second it is, its chapter, and what was seen then. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { durationText } from "../../i18n/dates";
import { r } from "../../i18n/replay";
import { type Chapter, thumbUrl } from "../../protocol/recording";
import { UserText } from "../user-text";

/** Ms for which a finger rests until a picture is asked for: data costs money. */
const RESTS = 150;

/** Give a picture's address once the finger rests there; the one before stays until then. */
function useRested(address: string): string | null {
  const rested = useSignal<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => {
      rested.value = address;
    }, RESTS);
    return () => clearTimeout(timer);
  }, [address]);
  return rested.value;
}

export interface PreviewProps {
  lesson: string;
  /** Ms. */
  position: number;
  /** Where it stands in the window, in CSS pixels: the middle of its lower edge. */
  x: number;
  y: number;
  chapters: readonly Chapter[];
  url?: typeof thumbUrl;
}

export function Preview({ lesson, position, x, y, chapters, url = thumbUrl }: PreviewProps) {
  const address = useRested(url(lesson, position));
  const missing = useSignal<string | null>(null);
  const chapter = chapters.filter(({ at, to }) => at <= position && position < to).pop();
  const title = chapter && (chapter.title || r().picture(chapter.number ?? 0));
  return (
    <div
      class="seek-preview"
      style={{ "--x": `${x}px`, "--y": `${y}px` }}
      aria-hidden="true"
      data-testid="seek-preview"
    >
      {address && address !== missing.value && (
        <img
          src={address}
          alt=""
          onError={() => {
            missing.value = address;
          }}
        />
      )}
      {title && (
        <span class="seek-preview-title">
          <UserText>{title}</UserText>
        </span>
      )}
      <span class="digits">{durationText(position / 1_000)}</span>
    </div>
  );
}
