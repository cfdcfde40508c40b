/** The slide on a student's stage; a tap shows it in large. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { s, useSlideTexts } from "../../i18n/slides";
import { type HeardLesson, useInStep } from "../../state/in-step";
import { Button } from "../basics";
import "../../styles/slides.css";
import { SlidePicture, type SlidePictureProps } from "./picture";

/** Widths of the large picture, as parts of the window's. */
const ZOOMS = [1, 2, 4] as const;
/** CSS pixels; on a narrower window the first look is a larger one. */
const NARROW = 640;

type StillProps = Omit<SlidePictureProps, "sizes" | "ahead"> & {
  main: boolean;
  /** What is to be fetched before its time. */
  coming?: SlidePictureProps["slide"] | null;
  /** Whose voice it is to be in step with, where it comes from the air. */
  live?: HeardLesson;
};

function Large({
  onClose,
  ...still
}: Omit<StillProps, "main" | "live" | "coming"> & { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const step = useSignal(window.innerWidth < NARROW ? 1 : 0);
  const zoom = ZOOMS[step.value] ?? 1;
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => dialog.current?.close();
  return (
    <dialog
      ref={dialog}
      class="slide-large"
      aria-label={s().enlarged}
      data-testid="slide-large"
      onClose={onClose}
    >
      <div class="slide-tools">
        <Button
          icon="plus"
          testid="slide-larger"
          disabled={step.value === ZOOMS.length - 1}
          onClick={() => {
            step.value += 1;
          }}
        >
          {s().larger}
        </Button>
        <Button
          testid="slide-smaller"
          disabled={step.value === 0}
          onClick={() => {
            step.value -= 1;
          }}
        >
          {s().smaller}
        </Button>
        <Button icon="error" testid="slide-close" onClick={close}>
          {s().close}
        </Button>
      </div>
      <div class="slide-scroll">
        <button
          type="button"
          style={{ width: `${zoom * 100}%` }}
          title={s().larger}
          onClick={() => {
            step.value = (step.value + 1) % ZOOMS.length;
          }}
        >
          <SlidePicture {...still} sizes={`${zoom * 100}vw`} />
        </button>
      </div>
    </dialog>
  );
}

export default function Still({ main, live, slide, coming = null, ...place }: StillProps) {
  const large = useSignal(false);
  const { now, next } = useInStep(live, slide);
  const ahead = next ?? coming;
  const still = { ...place, slide: now };
  const sizes = main ? "(min-width: 48rem) 75vw, 100vw" : "22vw";
  if (!useSlideTexts()) return null;
  return (
    <>
      <button
        type="button"
        class="slide-still"
        title={s().enlarge}
        data-testid="slide-enlarge"
        onClick={() => {
          large.value = true;
        }}
      >
        <SlidePicture {...still} sizes={sizes} />
      </button>
      {ahead && <SlidePicture {...place} slide={ahead} sizes={sizes} ahead />}
      {large.value && (
        <Large
          {...still}
          onClose={() => {
            large.value = false;
          }}
        />
      )}
    </>
  );
}
