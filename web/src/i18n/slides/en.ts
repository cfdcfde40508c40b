/** Slides in English. Its shape is the shape of every language. */
const plural = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

const en = {
  // what everybody sees
  slide: (page: number) => `Slide ${page}`,
  slideWith: (page: number, text: string) => `Slide ${page}: ${text}`,
  screen: "What the shared screen shows",
  enlarge: "Enlarge the slide",
  enlarged: "The slide in large",
  larger: "Larger",
  smaller: "Smaller",
  close: "Close",

  // the teacher's
  slides: "Slides",
  hint: "Each page reaches students as a picture of a few kilobytes.",
  choose: "Upload slides (PDF, PNG, JPEG)",
  sending: (name: string, percent: number) => `${name}: ${percent} % sent`,
  reading: (name: string) => `${name} has arrived; the pages are being drawn…`,
  cancel: "Cancel",
  none: "No slides yet. PowerPoint and Google Slides can save a presentation as PDF.",
  pages: (n: number) => plural(n, "page", "pages"),
  notOpen: "You can show slides as soon as you practise or go live.",
  screenFirst: "Students see your shared screen now. Stop it, and they see the slide.",
  deck: "Presentation",
  showPage: (page: number) => `Show page ${page}`,
  next: "Next",
  previous: "Previous",
  start: "Show the slides",
  hide: "Hide the slides",
  nowShown: (page: number, of: number) => `Page ${page} of ${of} is shown`,
  deletedShown: (page: number) => `Page ${page} of deleted slides is shown`,
  hidden: "No slide is shown",
  keyNames: { hide: "Hide or show the slide", turn: "Previous or next slide" },
  keys: "Keys: Page Down and Page Up turn pages, B hides and shows.",
  remove: "Delete these slides",
  removeTitle: "Delete these slides?",
  removeHint: "What was shown stays in the lesson and in its recording.",
  keep: "Keep them",
  refusals: {
    "not-slides":
      "This file is not PDF, PNG or JPEG. Save the presentation as PDF and choose that file.",
    unreadable:
      "This file is damaged or locked by a password. Save it once more without a password.",
    "too-many-pages": "A document may have 200 pages. Split it into parts.",
    "too-many-pixels": "This picture is too large. Make it smaller: 40 megapixels at most.",
    "bad-shape": "A page is too long and narrow to be a slide.",
    "too-heavy":
      "Drawing this file takes too long. Save it as PDF with smaller pictures, or in parts.",
    "too-large": "A file may have 32 MB. Save the PDF with smaller pictures, or in parts.",
    "too-many-decks": "This lesson has room for 50 files. Delete one that you no longer need.",
    "too-slow": "The file did not arrive in time. Try a smaller one, or a better connection.",
    "deck-unknown": "These slides have been deleted meanwhile, perhaps in another window.",
    "page-unknown": "There is no such page in these slides.",
    "lesson-not-open": "You can show slides as soon as you practise or go live.",
    busy: "Many files arrive just now. Try again in half a minute.",
  },
};

export default en;
export type SlideMessages = typeof en;
