/** The texts of the timetable. */
import { textsOf } from "../part";
import type { TimetableMessages } from "./en";

export type { TimetableMessages };

export const { texts: s, useTexts: useTimetableTexts } = textsOf<TimetableMessages>(
  "the timetable",
  { tg: () => import("./tg"), ru: () => import("./ru"), en: () => import("./en") },
);
