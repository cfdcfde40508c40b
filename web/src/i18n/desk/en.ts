/** The teacher's desk in English. Its shape is the shape of every language. */
const en = {
  title: "Questions, hands and voice notes",
  fresh: (n: number) => `${n} new`,
  emptyTitle: {
    new: "Nobody is waiting",
    next: "Nothing is set aside",
    answered: "Nothing has been answered yet",
    hidden: "Nothing is hidden",
  },
  emptyHint: {
    new: "Questions, raised hands and voice notes appear here as they come, in a fair order.",
    next: "Star a question, or choose “Later”, and it waits here.",
    answered: "Answered questions and voice notes that were played are kept here.",
    hidden: "What you have hidden or put aside is kept here.",
  },

  // what waits
  waits: (minutes: number) => (minutes < 1 ? "just now" : `waiting ${minutes} min`),
  handUp: "Raised hand",
  note: "Voice note",
  seconds: (n: number) => `${n} s`,
  noteOf: (name: string, seconds: number) => `Voice note of ${name}, ${seconds} seconds`,
  noteStates: {
    ready: "waiting to be played",
    playing: "being played",
    played: "has been played",
    dismissed: "put aside",
  },
  fromBook: "From the course’s question book",

  // what is done with a voice note
  play: "Play to everybody",
  playAgain: "Play again",
  stop: "Stop",
  aside: "Put aside",
  restore: "Bring back",
  notePlaying: (name: string) => `${name}: voice note on air`,
  listenAlone: "Listen first; only you hear it",

  // hands
  coming: "On their way to the air",
  lowerAllTitle: (n: number) => (n === 1 ? "Lower 1 hand?" : `Lower all ${n} hands?`),
  lowerAllHint: "The students are told. They can raise their hands again at any time.",

  // undo
  lowered: (name: string) => `The hand of ${name} is down.`,
  putAside: (name: string) => `The voice note of ${name} is put aside.`,

  // label, owner, date
  care: "Label, owner, date",
  label: "Label",
  labelHint: "A word or two, for finding it again",
  owner: "Who answers it",
  nobody: "Nobody yet",
  due: "Until when",
  answers: (name: string) => `${name} answers`,
  until: (date: string) => `until ${date}`,
  overdue: (date: string) => `was due ${date}`,

  // settings
  csv: "Table (CSV)",
  xlsx: "Table (Excel)",
  book: "The course’s question book",
  keysTitle: "Keys",
  keys: {
    down: "Next entry",
    up: "Entry before",
    sides: "Other list: New, Next, Answered, Hidden",
    enter: "Begin: answer, invite, put on air, play. Once more: done",
    digit1: "Answer now · invite or put on air · play",
    digit2: "Answered live · end the turn · stop",
    digit3: "Answer in text",
    digit4: "Later",
    digit5: "Hide · lower the hand · put aside",
    next: "Next hand",
    undo: "Undo",
  },

  refusals: {
    "note-unknown": "This voice note is not here any more: its student has taken it back.",
    "note-state": "Meanwhile this voice note has moved on. You now see its true state.",
    "guest-on-air": "Somebody is speaking just now. End the turn first, then play the voice note.",
  },
};

export default en;
export type DeskMessages = typeof en;
