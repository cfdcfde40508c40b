/** English texts of the lesson pack, the file one takes home. */
const en = {
  play: "Play",
  pause: "Pause",
  back: "Back 10 s",
  forward: "Forward 10 s",
  speed: "Speed",
  language: "Language",
  seek: "Place in the lesson",
  place: (at: string, of: string) => `${at} of ${of}`,
  slide: (number: number) => `Slide ${number}`,
  noSlide: "No slide was shown here",
  parts: "Beside the lesson",
  chapters: "Chapters",
  noChapters: "This lesson has no chapters",
  questions: "Questions",
  noQuestions: "Nothing was asked in this lesson",
  toAnswer: (at: string) => `Answered at ${at}`,
  toQuestion: (at: string) => `Asked at ${at}`,
  teacher: "Teacher’s answer",
  classmate: "Answer",
  search: "Search questions and slides",
  nothingFound: "Nothing has these words",
  missing: (from: string, to: string) => `Nothing was recorded from ${from} to ${to}`,
  loading: "The sound is being unpacked…",
  broken: "This file is not whole. Download it again: the rest is enough if your browser resumes.",
  old: "This browser can not play the sound. Open the file with a current Chrome, Firefox or Safari.",
  offline: "This file needs no network.",
};

export type PackMessages = typeof en;
export default en;
