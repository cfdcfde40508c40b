/** The texts of slides. */
import { textsOf } from "../part";
import type { SlideMessages } from "./en";

export type { SlideMessages };

export const { texts: s, useTexts: useSlideTexts } = textsOf<SlideMessages>("slides", {
  tg: () => import("./tg"),
  ru: () => import("./ru"),
  en: () => import("./en"),
});
