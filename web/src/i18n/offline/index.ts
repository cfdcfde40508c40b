/** The texts of what opens without a network. */
import { textsOf } from "../part";
import type { OfflineMessages } from "./en";

export type { OfflineMessages };

export const { texts: o, useTexts: useOfflineTexts } = textsOf<OfflineMessages>("what is kept", {
  tg: () => import("./tg"),
  ru: () => import("./ru"),
  en: () => import("./en"),
});
