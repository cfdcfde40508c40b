/** The texts of the class. */
import { textsOf } from "../part";
import type { ClassMessages } from "./en";

export type { ClassMessages };

export const { texts: c, useTexts: useClassTexts } = textsOf<ClassMessages>("the class", {
  tg: () => import("./tg"),
  ru: () => import("./ru"),
  en: () => import("./en"),
});
