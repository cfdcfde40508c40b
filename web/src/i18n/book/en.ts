/** The question book in English. Its shape is the shape of every language. */
const en = {
  title: "Question book",
  lead: "All questions of the course. What has no answer yet opens the next lesson.",
  toCourse: "To the course",
  filtersLabel: "Which questions",
  filters: {
    open: "Unanswered",
    answered: "Answered",
    mine: "Mine",
    owned: "For me",
    hidden: "Hidden",
  },
  empty: {
    open: "Every question has its answer",
    answered: "Nothing has been answered yet",
    mine: "You have not asked anything yet",
    owned: "No question waits for your answer",
    hidden: "Nothing is hidden",
    search: "No question has these words",
  },
  emptyHint: {
    open: "New questions appear here, from lessons and from between them.",
    answered: "Questions that were answered live or in text are kept here.",
    mine: "What you ask here or in a lesson appears here.",
    owned: "Questions of which you are the owner appear here, with their dates.",
    hidden: "Hidden, merged and withdrawn questions are kept here.",
    search: "Try fewer or other words, or another list.",
  },

  // asking
  ask: "Ask between lessons",
  askHint:
    "The teacher answers here in text, or in the next lesson. Everyone in the course sees the question.",
  withName: "Classmates see my name",
  asked: (n: number) => `Your question has number ${n}.`,
  askedHint: "You find it under “Mine”. If it has no answer until then, it opens the next lesson.",
  liveTitle: "A lesson is on now",
  liveHint: "Ask there, and your question can be answered at once.",
  liveLink: "To the lesson",

  // one question
  answeredLive: (lesson: string, time: string) => `Answered live in “${lesson}” at ${time}`,
  watchAnswer: "Watch the answer",
  answerSent: (n: number) => `Question ${n} is answered.`,
  between: "Asked between lessons",
  askedIn: (lesson: string) => `Asked in “${lesson}”`,
  watchPlace: (at: string) => `Watch from ${at}`,
};

export default en;
export type BookMessages = typeof en;
