/** The texts of the course's question book. */
import { textsOf } from "../part";
import type { BookMessages } from "./en";

export type { BookMessages };

export const { texts: b, useTexts: useBookTexts } = textsOf<BookMessages>("the question book", {
  tg: () => import("./tg"),
  ru: () => import("./ru"),
  en: () => import("./en"),
});
