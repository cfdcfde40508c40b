/** After a gap: how long it was, what happened meanwhile, and the way to see it. */
import { useEffect } from "preact/hooks";
import { durationText } from "../../i18n/dates";
import { q, useQuestionTexts } from "../../i18n/questions";
import { r } from "../../i18n/replay";
import { useSlideTexts } from "../../i18n/slides";
import { announce } from "../../state/announcer";
import type { Gap, Missed } from "../../state/missed";
import { Button } from "../basics";
import { SlidePicture, type SlidePictureProps } from "../slides/picture";
import { UserText } from "../user-text";

/** Slides that are shown small; more are counted. */
const MOST_SLIDES = 4;

/** Write a length in ms as 0:42. */
export function shortTime(ms: number): string {
  return durationText(ms / 1_000).replace(/^0(?=\d)/, "");
}

export interface MissedCardProps {
  lesson: string;
  gap: Gap;
  missed: Missed;
  /** The words of a question, if they are known here. */
  text: (number: number) => string | null;
  onWatch: () => void;
  onLive: () => void;
  url?: SlidePictureProps["url"];
}

export function MissedCard(props: MissedCardProps) {
  const { gap, missed, lesson } = props;
  const { answered, slides } = missed;
  const title = r().live.missedTitle(shortTime(gap.to - gap.from));
  useEffect(() => announce(title), [title]);
  if (!useQuestionTexts() || !useSlideTexts()) return null;
  return (
    <section class="panel stack missed" data-testid="missed">
      <h2>{title}</h2>
      {answered.length + slides.length === 0 && <p class="soft">{r().live.missedNothing}</p>}
      {answered.length > 0 && (
        <div>
          <h3>{r().live.missedAnswered}</h3>
          <ul data-testid="missed-answered">
            {answered.map((number) => (
              <li key={number}>
                {q().number(number)} <UserText>{props.text(number) ?? ""}</UserText>
              </li>
            ))}
          </ul>
        </div>
      )}
      {slides.length > 0 && (
        <div>
          <h3>{r().live.missedSlides}</h3>
          <div class="missed-slides" data-testid="missed-slides">
            {slides.slice(0, MOST_SLIDES).map((slide) => (
              <SlidePicture
                key={slide.number}
                lesson={lesson}
                slide={slide}
                sizes="10rem"
                {...(props.url && { url: props.url })}
              />
            ))}
            {slides.length > MOST_SLIDES && (
              <span class="soft">+{slides.length - MOST_SLIDES}</span>
            )}
          </div>
        </div>
      )}
      <div class="row">
        <Button look="primary" icon="backward" testid="missed-watch" onClick={props.onWatch}>
          {r().live.missedWatch}
        </Button>
        <Button icon="forward" testid="missed-live" onClick={props.onLive}>
          {r().live.missedLive}
        </Button>
      </div>
    </section>
  );
}
