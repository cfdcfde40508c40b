/** The texts of hands and turns. */
import { textsOf } from "../part";
import type { HandMessages } from "./en";

export type { HandMessages };

export const { texts: h, useTexts: useHandTexts } = textsOf<HandMessages>("hands", {
  tg: () => import("./tg"),
  ru: () => import("./ru"),
  en: () => import("./en"),
});
