/** The texts of attendance. */
import { textsOf } from "../part";
import type { AttendanceMessages } from "./en";

export type { AttendanceMessages };

export const { texts: at, useTexts: useAttendanceTexts } = textsOf<AttendanceMessages>(
  "attendance",
  { tg: () => import("./tg"), ru: () => import("./ru"), en: () => import("./en") },
);
