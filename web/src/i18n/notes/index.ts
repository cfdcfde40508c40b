/** The texts of voice notes. */
import { textsOf } from "../part";
import type { NoteMessages } from "./en";

export type { NoteMessages };

export const { texts: v, useTexts: useNoteTexts } = textsOf<NoteMessages>("voice notes", {
  tg: () => import("./tg"),
  ru: () => import("./ru"),
  en: () => import("./en"),
});
