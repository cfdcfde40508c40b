/** The texts of the library. */
import { textsOf } from "../part";
import type { LibraryMessages } from "./en";

export type { LibraryMessages };

export const { texts: b, useTexts: useLibraryTexts } = textsOf<LibraryMessages>("the library", {
  tg: () => import("./tg"),
  ru: () => import("./ru"),
  en: () => import("./en"),
});
