/** The texts of the questions. */
import { textsOf } from "../part";
import type { QuestionMessages } from "./en";

export type { QuestionMessages };

export const { texts: q, useTexts: useQuestionTexts } = textsOf<QuestionMessages>("the questions", {
  tg: () => import("./tg"),
  ru: () => import("./ru"),
  en: () => import("./en"),
});
