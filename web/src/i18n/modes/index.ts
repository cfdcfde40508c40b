/** The texts of modes. */
import { textsOf } from "../part";
import type { ModeMessages } from "./en";

export type { ModeMessages };

export const { texts: m, useTexts: useModeTexts } = textsOf<ModeMessages>("modes", {
  tg: () => import("./tg"),
  ru: () => import("./ru"),
  en: () => import("./en"),
});
