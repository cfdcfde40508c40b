/** The texts of the teacher's page. */
import { textsOf } from "../part";
import type { TeachMessages } from "./en";

export type { TeachMessages };

export const { texts: w, useTexts: useTeachTexts } = textsOf<TeachMessages>("the teacher's page", {
  tg: () => import("./tg"),
  ru: () => import("./ru"),
  en: () => import("./en"),
});
