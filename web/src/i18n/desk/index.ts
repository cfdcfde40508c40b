/** The texts of the teacher's desk. */
import { textsOf } from "../part";
import type { DeskMessages } from "./en";

export type { DeskMessages };

export const { texts: d, useTexts: useDeskTexts } = textsOf<DeskMessages>("the desk", {
  tg: () => import("./tg"),
  ru: () => import("./ru"),
  en: () => import("./en"),
});
