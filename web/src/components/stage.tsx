/** The stage: three picture slots that never leave the document, arranged by the view that was chosen. */
import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import { VIDEO_SLOTS } from "../protocol/types";
import {
  type Arrangement,
  arrange,
  type Layout,
  type Place,
  type Slots,
  type VideoSlot,
} from "../state/layout";
import { Icon } from "./icon";

/** Play and forget: a browser that refuses pictures without a tap gets the tap from the cover above. */
export function playSoftly(element: HTMLMediaElement): void {
  element.play().catch(() => {});
}

export function Video(props: { stream: MediaStream | null; label: string; testid?: string }) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = element.current;
    if (!video || video.srcObject === props.stream) return;
    video.srcObject = props.stream;
    if (props.stream) playSoftly(video);
  }, [props.stream]);
  return (
    <video
      ref={element}
      autoplay
      playsInline
      muted
      aria-label={props.label}
      data-testid={props.testid}
    />
  );
}

export interface StageProps {
  streams: Partial<Record<VideoSlot, MediaStream>>;
  slots: Slots;
  layout: Layout;
  /** Slots whose picture stands still, with what to say about it. */
  still?: Partial<Record<VideoSlot, string>>;
  /** What stands in the place of the screen while nobody shares one. */
  slide?: ((place: Place) => ComponentChildren) | undefined;
  /** How pictures that are not these slots' stand in their place. */
  recorded?: Arrangement | null;
  /** Shown in place of pictures, or above them. */
  children?: ComponentChildren;
  stageRef?: RefObject<HTMLDivElement | null>;
}

function Tile(props: {
  slot: VideoSlot;
  place: Place;
  stream: MediaStream | null;
  still?: string | undefined;
  children?: ComponentChildren;
}) {
  const name = t().tile[props.slot];
  return (
    <div
      class={`tile tile-${props.place}`}
      data-testid={`tile-${props.slot}`}
      data-place={props.place}
      aria-hidden={props.place === "hidden" ? true : undefined}
    >
      <Video stream={props.stream} label={name} testid={`video-${props.slot}`} />
      {props.place !== "hidden" && props.children}
      {props.place === "side" && <span class="tile-label">{name}</span>}
      {props.still && props.place !== "hidden" && (
        <p class="tile-notice">
          <Icon name="reconnecting" /> {props.still}
        </p>
      )}
    </div>
  );
}

export function Stage(props: StageProps) {
  const slide = props.slots.screen ? undefined : props.slide;
  const places = arrange(props.layout, props.recorded ? {} : props.slots, slide !== undefined);
  const shown = props.recorded ?? places;
  const hasSide = VIDEO_SLOTS.some((slot) => shown[slot] === "side");
  const names = ["stage"];
  if (hasSide) names.push("stage-both", "has-side");
  return (
    <div
      class={names.join(" ")}
      ref={props.stageRef ?? null}
      data-testid="stage"
      data-layout={props.layout}
    >
      {VIDEO_SLOTS.map((slot) => (
        <Tile
          key={slot}
          slot={slot}
          place={places[slot]}
          stream={props.streams[slot] ?? null}
          still={props.still?.[slot]}
        >
          {slot === "screen" && slide?.(places.screen)}
        </Tile>
      ))}
      {props.children}
    </div>
  );
}

/** Words in the middle of the stage. */
export function StageMessage(props: {
  title: string;
  children?: ComponentChildren;
  cover?: boolean;
  testid?: string;
}) {
  return (
    <div
      class={props.cover ? "stage-message stage-cover" : "stage-message"}
      data-testid={props.testid}
    >
      <h2>{props.title}</h2>
      {props.children}
    </div>
  );
}

/** Words above a picture that goes on, or waits to. */
export function StageBanner(props: { title: string; hint?: string; testid?: string }) {
  return (
    <div class="stage-banner" data-testid={props.testid}>
      <Icon name="reconnecting" />
      <strong>{props.title}</strong>
      {props.hint && <span>{props.hint}</span>}
    </div>
  );
}
