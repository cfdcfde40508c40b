/** The texts of the replay. */
import { textsOf } from "../part";
import type { ReplayMessages } from "./en";

export type { ReplayMessages };

export const { texts: r, useTexts: useReplayTexts } = textsOf<ReplayMessages>("the replay", {
  tg: () => import("./tg"),
  ru: () => import("./ru"),
  en: () => import("./en"),
});
