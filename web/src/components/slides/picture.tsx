/** The picture of a slide that is shown: as sharp as its place needs, asked for again until it is there. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { s } from "../../i18n/slides";
import { type ScreenStill, type Slide, slideUrl } from "../../protocol/slides";

/** Characters of a page that are read out; a page of a book is no description. */
const MAX_ALT = 500;
/** Ms until a picture that did not come is asked for again. */
const AGAIN = 4_000;

/** Say a slide in words, for those who do not see it. */
export function slideAlt(slide: Slide | ScreenStill): string {
  if (slide.page === undefined) return s().screen;
  const text = slide.text.replace(/\s+/g, " ").trim().slice(0, MAX_ALT);
  return text ? s().slideWith(slide.page, text) : s().slide(slide.page);
}

export interface SlidePictureProps {
  lesson: string;
  slide: Slide | ScreenStill;
  /** How wide it stands, as `sizes` of an image says it. */
  sizes: string;
  /** Where its pictures are; the gallery has its own. */
  url?: typeof slideUrl;
  /** It is only fetched: its time has not come. */
  ahead?: boolean;
}

export function SlidePicture(props: SlidePictureProps) {
  const { lesson, slide, sizes, url = slideUrl, ahead = false } = props;
  const failures = useSignal(0);
  const waiting = useSignal(false);
  const largest = slide.stills[slide.stills.length - 1];
  useEffect(() => {
    if (!waiting.value) return;
    const timer = setTimeout(() => {
      waiting.value = false;
      failures.value += 1;
    }, AGAIN);
    return () => clearTimeout(timer);
  }, [waiting.value]);
  if (!largest) return null;
  const address = (width: number) => url(lesson, slide.number, width);
  return (
    <img
      key={failures.value}
      class={ahead ? "visually-hidden" : "slide-picture"}
      src={address(largest.width)}
      srcset={slide.stills.map(({ width }) => `${address(width)} ${width}w`).join(", ")}
      sizes={sizes}
      width={largest.width}
      height={largest.height}
      alt={ahead ? "" : slideAlt(slide)}
      data-testid={ahead ? undefined : "slide"}
      data-page={slide.page}
      onError={() => {
        waiting.value = true;
      }}
    />
  );
}
