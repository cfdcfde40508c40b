/** English texts of what opens without a network. */
const en = {
  title: "Kept on this phone",
  lead: "These lessons open without a network.",
  away: "There is no network just now",
  awayHint:
    "What you have kept opens all the same. What you have written is not lost: it is sent when the network is back.",
  empty: "Nothing is kept yet",
  emptyHint:
    "Open the replay of a lesson, choose “Download”, and then “Keep on this phone” beside the lesson pack.",
  room: (used: string, free: string) => `${used} used, about ${free} free.`,
  open: "Open",
  remove: "Remove",
  removeConfirm: (title: string) => `Remove “${title}” from this phone?`,
  keep: "Keep on this phone",
  goOn: "Go on",
  stop: "Stop",
  keeping: (percent: string) => `Being kept: ${percent} %`,
  stopped: "It stopped. What has come stays here: go on when the network is better.",
  noRoom: "There is not enough room on this phone. Free some, then go on.",
  refused: "This lesson can not be had as a file any more.",
  kept: "It is on this phone and opens without a network.",
  toList: "All that is kept",
  unable:
    "This browser can not keep lessons. Save the file instead, or open Darsgoh in Chrome, Firefox or Safari.",
  signOut: (count: number) =>
    `${count === 1 ? "One lesson is" : `${count} lessons are`} kept on this phone. Signing out removes what is kept. Sign out?`,
  update: "A new version of Darsgoh is here.",
  updateNow: "Use it now",
  later: "Later",
  install: "Put Darsgoh on the home screen",
  installHint: "It then opens like an app, also without a network.",
};

export type OfflineMessages = typeof en;
export default en;
