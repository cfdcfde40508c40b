/** Which slot is shown where; pure. */
import { type AUDIO_SLOTS, type Slot, type Source, VIDEO_SLOTS } from "../protocol/types";

export type VideoSlot = (typeof VIDEO_SLOTS)[number];
export type AudioSlot = (typeof AUDIO_SLOTS)[number];
export type Layout = "both" | "slides" | "speaker" | "audio";
export const LAYOUTS: readonly Layout[] = ["both", "slides", "speaker", "audio"];

export type Place = "main" | "side" | "hidden";
export type Arrangement = Readonly<Record<VideoSlot, Place>>;
export type Slots = Readonly<Partial<Record<Slot, Source | null>>>;

/** Arrange what is on air; a view whose own picture is missing shows the other one rather than nothing.
 * A slide stands in the place of the screen. */
export function arrange(layout: Layout, slots: Slots, slide = false): Arrangement {
  const places: Record<VideoSlot, Place> = { screen: "hidden", camera: "hidden", guest: "hidden" };
  if (layout === "audio") return places;
  const order: VideoSlot[] =
    layout === "speaker" ? ["camera", "guest", "screen"] : ["screen", "camera", "guest"];
  const onAir = order.filter((slot) => slots[slot] || (slide && slot === "screen"));
  const [main, ...rest] = onAir;
  if (!main) return places;
  places[main] = "main";
  if (layout === "both") for (const slot of rest) places[slot] = "side";
  // A guest who speaks is part of the conversation in the speaker's view.
  if (layout === "speaker" && main === "camera" && slots.guest) places.guest = "side";
  return places;
}

/** Put the first picture at the side in the place of the large one. */
export function swapped(places: Arrangement): Arrangement {
  const side = VIDEO_SLOTS.find((slot) => places[slot] === "side");
  const main = VIDEO_SLOTS.find((slot) => places[slot] === "main");
  return side && main ? { ...places, [side]: "main", [main]: "side" } : places;
}

export function nextLayout(layout: Layout): Layout {
  return LAYOUTS[(LAYOUTS.indexOf(layout) + 1) % LAYOUTS.length] ?? "both";
}

/** The slots of a lesson whose socket is silent, guessed from the pictures that arrive. */
export function guessSlots(moving: ReadonlySet<Slot>): Slots {
  const guess: Partial<Record<Slot, Source>> = {};
  if (moving.has("screen")) guess.screen = "screen";
  if (moving.has("camera")) guess.camera = "camera";
  if (moving.has("guest")) guess.guest = "guest-camera";
  if (moving.has("voice")) guess.voice = "voice";
  return guess;
}
