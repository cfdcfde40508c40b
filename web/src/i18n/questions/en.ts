/** Questions in English; downloaded with the panel. Its shape is the shape of every language. */
const plural = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

const en = {
  title: "Questions",
  number: (n: number) => `Question ${n}`,

  // asking
  ask: "Ask a question",
  askPlaceholder: "What would you like to know?",
  send: "Ask",
  counter: (used: number, limit: number) => `${used} of ${limit} characters`,
  tooLong: (over: number) => `${plural(over, "character", "characters")} too many`,
  asNamed: (name: string) => `As ${name}`,
  asAnonymous: "Without my name",
  whoSeesNamed: "Everyone in the lesson sees your name.",
  whoSeesAnonymous: "Classmates do not see your name; the teacher does.",
  whoAsks: "Who asks",
  reviewed: "The teacher looks at each question before others see it.",
  paused: "The teacher takes no questions just now. What you type here is kept.",
  over: "The lesson is over, so no more questions can be asked here.",
  alreadyAsked: "Already asked?",
  sameQuestion: "That is my question",
  answeredIn: (lesson: string, time: string) => `Answered in “${lesson}” at ${time}`,
  offline: "No connection. What you ask now is kept and sent by itself.",

  // the list
  tabs: { open: "Open", answered: "Answered", mine: "Mine" },
  tabsLabel: "Which questions",
  sort: "Order",
  sorts: { top: "Most wanted", new: "Newest" },
  search: "Search the questions",
  searchHide: "Close the search",
  fresh: (n: number) => (n === 1 ? "1 new question" : `${n} new questions`),
  more: "Show more",
  empty: {
    open: "No open questions",
    answered: "Nothing has been answered yet",
    mine: "You have not asked anything yet",
    search: "No question has these words",
  },
  emptyHint: {
    open: "Be the first to ask. No question is too small.",
    answered: "Answered questions are kept here.",
    mine: "Your questions and their answers appear here.",
    search: "Try fewer or other words.",
  },

  // one question
  votes: (n: number) => plural(n, "vote", "votes"),
  vote: (n: number) => `Vote for question ${n}`,
  unvote: (n: number) => `Take back my vote for question ${n}`,
  you: "You",
  anonymous: "Anonymous",
  gone: "Former participant",
  someone: (name: string) => `${name}, hidden from classmates`,
  edited: "edited",
  states: {
    "in-review": "With the teacher for review",
    open: "Open",
    later: "Answered later",
    answering: "Being answered now",
    answered: "Answered",
    dismissed: "Not taken up",
    withdrawn: "Withdrawn",
    merged: "Merged with another",
  },
  answeredHow: { live: "Answered live", text: "Answered in text" },
  mergedInto: (n: number) => `Merged with question ${n}`,
  mine: {
    waiting: "Waiting to be sent",
    sent: "Sent",
    seen: "Seen by the teacher",
    answered: "Answered",
    refused: "Not sent",
  },
  fromLesson: "From an earlier lesson",
  firstQuestion: "First question",
  edit: "Edit",
  save: "Save",
  withdraw: "Withdraw",
  again: "Put back into the box",
  forget: "Discard",
  toBook: "Ask in the course’s question book",
  inBook: "It is in the course’s question book now.",

  // answers
  answers: (n: number) => plural(n, "answer", "answers"),
  answerAction: "Answer",
  answerLabel: (n: number) => `Your answer to question ${n}`,
  sendAnswer: "Send the answer",
  teacher: "Teacher",
  goodAnswer: "Good answer",
  markGood: "Mark as a good answer",
  unmarkGood: "No longer a good answer",
  removeAnswer: "Remove",

  // said aloud
  saidAnswering: (n: number) => `Question ${n} is being answered now.`,
  saidAnswered: (n: number) => `Your question ${n} has been answered.`,
  saidSent: (n: number) => `Your question has number ${n}.`,
  saidKept: "Your question is kept and will be sent.",

  // the teacher's console
  queues: { new: "New", next: "Next", answered: "Answered", hidden: "Hidden" },
  queuesLabel: "Which questions",
  begin: "Answer now",
  done: "Answered live",
  inText: "Answer in text",
  textAnswer: (n: number) => `Answer to question ${n}`,
  later: "Later",
  hideQuestion: "Hide",
  approve: "Publish",
  reopen: "Open again",
  merge: "Merge",
  mergeTitle: (n: number) => `Merge question ${n} with…`,
  mergeLead: "Votes are added together, and everyone who asked is told.",
  mergeNone: "There is no other question to merge it with.",
  star: "Star",
  unstar: "Remove the star",
  onScreen: "On the screen",
  toScreen: "Put on the screen",
  fromScreen: "Take off the screen",
  secondScreen: "Second screen",
  undo: "Undo",
  steps: {
    question_approve: (n: number) => `Question ${n} is published.`,
    question_dismiss: (n: number) => `Question ${n} is hidden.`,
    question_later: (n: number) => `Question ${n} waits for later.`,
    question_reopen: (n: number) => `Question ${n} is open again.`,
    question_merge: (n: number) => `Question ${n} is merged.`,
    question_begin: (n: number) => `You are answering question ${n}.`,
    question_done: (n: number) => `Question ${n} is answered.`,
    question_answer: (n: number) => `Question ${n} is answered in text.`,
    question_withdraw: (n: number) => `Question ${n} is withdrawn.`,
  },
  settings: "Settings for questions",
  allowAnonymous: "Students may ask without their name",
  review: "I look at questions before others see them",
  pause: "Take no questions for now",
  pausedTeacher: "You take no questions just now. Students see this.",

  // the second screen
  screenTitle: "Questions on the screen",
  screenIdle: "Ask your question",
  screenIdleHint: "Open the lesson on your phone and write it there.",
  screenOpen: (n: number) => plural(n, "open question", "open questions"),
  screenAnswering: "Being answered now",

  problemTitle: "That did not work",
  problems: {
    "questions-paused":
      "The teacher takes no questions just now. Your text is kept: send it a little later.",
    "anonymous-not-allowed":
      "In this lesson questions carry a name. Your text is kept: send it with your name, or not at all.",
    "text-empty": "There is nothing to read in this text. Write a few words and send it again.",
    "text-too-long":
      "The text is too long: at most 1,000 characters. Shorten it and send it again.",
    "too-many-questions":
      "You have asked five questions in two minutes. This one is kept and sent by itself.",
    "too-many-answers":
      "You have answered a lot in a short time. Your text is kept: try again a little later.",
    "too-many-commands": "That was a lot at once. Everything is kept and sent by itself.",
    "question-seen":
      "The teacher has already seen this question, so it stays as it is. Ask a new one to add something.",
    "own-question": "This is your own question: others vote for it.",
    "question-state": "Meanwhile this question has moved on. You now see its true state.",
    "question-unknown": "This question is not here any more.",
    "answer-unknown": "This answer is not here any more.",
    "changed-since":
      "Somebody else has changed this question since, so nothing was undone. You now see its true state.",
    "nothing-to-undo": "This has already been undone.",
    "lesson-not-open": "The lesson is not open yet. Your text is kept: send it when it begins.",
    "lesson-ended":
      "The lesson ended before your question arrived. Your text is kept: you can ask it in the course.",
    "not-allowed": "You may not do this in this lesson.",
    "command-reused": "Something went wrong while sending. Your text is kept: send it again.",
    unknown: (code: string) =>
      `It could not be done (${code}). Nothing was lost: try again in a moment.`,
  },
};

export type QuestionMessages = typeof en;
export default en;
