/** The texts of what is made in the background. */
import { textsOf } from "../part";
import type { MakingMessages } from "./en";

export type { MakingMessages };

export const { texts: m, useTexts: useMakingTexts } = textsOf<MakingMessages>("the makers", {
  tg: () => import("./tg"),
  ru: () => import("./ru"),
  en: () => import("./en"),
});
