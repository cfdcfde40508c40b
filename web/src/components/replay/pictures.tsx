/** Pictures instead of video: what was seen at this second, in step with the voice. */
import { r } from "../../i18n/replay";
import { type Chapter, type StillEntry, stillUrl } from "../../protocol/recording";
import type { Replay } from "../../state/replay";
import { StageMessage } from "../stage";

/** Ms before a picture is due in which it is fetched: three seconds of 100 kbit/s, and a margin. */
const EARLY = 8_000;
const SIZES = "(min-width: 48rem) 75vw, 100vw";

/** Say a picture in words: those of its page, if it has some. */
function wordsOf(still: StillEntry, chapters: readonly Chapter[]): string {
  const chapter = chapters.find(({ kind, number }) => kind === "slide" && number === still.number);
  return chapter?.title || r().picture(still.number);
}

export interface PictureProps {
  lesson: string;
  still: StillEntry;
  /** What is said of it to those who do not see it; empty while it only waits for its time. */
  alt: string;
  url?: typeof stillUrl;
}

/** One picture; it stays while the next one is on its way. */
export function Picture({ lesson, still, alt, url = stillUrl }: PictureProps) {
  const widest = still.widths[still.widths.length - 1];
  if (widest === undefined) return null;
  const address = (width: number) => url(lesson, still.number, width);
  return (
    <img
      class={alt ? "replay-picture" : "visually-hidden"}
      srcset={still.widths.map((width) => `${address(width)} ${width}w`).join(", ")}
      sizes={SIZES}
      src={address(widest)}
      alt={alt}
      aria-hidden={alt ? undefined : true}
      data-testid={alt ? "still" : undefined}
      data-number={still.number}
    />
  );
}

export default function Pictures({ replay }: { replay: Replay }) {
  const { position } = replay.state.value;
  const { now, next } = replay.seen(position);
  return (
    <>
      {now ? (
        <div class="tile tile-main" data-testid="pictures">
          <Picture lesson={replay.lessonId} still={now} alt={wordsOf(now, replay.chapters)} />
        </div>
      ) : (
        <StageMessage title={r().noPicture} testid="no-picture">
          <p class="soft">{r().noPictureHint}</p>
        </StageMessage>
      )}
      {next && next.at - position < EARLY && (
        <Picture lesson={replay.lessonId} still={next} alt="" />
      )}
    </>
  );
}
