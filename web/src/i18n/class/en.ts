/** The class in English: pulse, polls, health. Its shape is the shape of every language. */
const plural = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

const en = {
  // the student's word
  follow: "Do you follow?",
  feelings: { understood: "I follow", lost: "I am lost" },
  feelingHint: "The teacher sees only how many, not who.",
  feelingSent: "The teacher has been told, without your name.",

  // polls
  poll: "Poll",
  polls: "Polls",
  chooseOne: "Choose one answer.",
  chooseSome: "Choose all that apply.",
  voteWaits: "Kept on this device. It is sent as soon as the connection is back.",
  voteLate: "The poll was closed before your answer arrived.",
  voteKept: "Your answer is kept. You can change it while the poll is open.",
  pollClosed: "This poll is closed.",
  voters: (n: number) => plural(n, "answer", "answers"),
  share: (votes: number, percent: number) => `${votes} (${percent} %)`,
  yours: "your answer",
  notSent: "This did not reach the server. Please try again.",
  pollOpen: "Another poll is open. Close it first.",
  tooMany: "This lesson has as many polls as it can have.",

  // making them
  newPoll: "New poll",
  pollText: "What do you ask?",
  option: (n: number) => `Answer ${n}`,
  moreOptions: "One more answer",
  several: "Several answers may be chosen",
  askNow: "Ask now",
  keepDraft: "Keep for later",
  cancel: "Cancel",
  open: "Ask now",
  close: "Close the poll",
  show: "Show the result to students",
  hide: "Hide the result from students",
  remove: "Delete this draft",
  states: { draft: "Draft", open: "Open", closed: "Closed" },
  noPolls: "No polls yet. Ask the whole class something in ten seconds.",

  // health
  health: "How the class receives you",
  healths: { good: "good", slow: "slow", sound_only: "sound only", lost: "lost" },
  delay: (seconds: string) => `Median delay ${seconds} s`,
  silent: (n: number, of: number) => `${n} of ${of} do not hear you`,
  silentHint: "Check your microphone and your connection, or ask in the questions.",
  noReports: "As soon as students watch, you see here how they receive you.",

  // the pulse
  pulse: "Does the class follow?",
  pulseWords: (understood: number, lost: number) => `${understood} follow, ${lost} are lost`,
  noPulse: "Nobody has said anything in the last three minutes.",
};

export default en;
export type ClassMessages = typeof en;
