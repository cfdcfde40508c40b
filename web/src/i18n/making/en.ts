/** English texts of what is made in the background: files to keep, jobs. */
const en = {
  hint: "Made once, then sent in one piece: a download that breaks off goes on where it was.",
  none: "There is nothing to download.",
  names: {
    screen: "Slides and voice",
    camera: "Teacher and voice",
    voice: "Sound only",
    pack: "Lesson pack: sound, slides, questions",
  },
  kinds: { mp4: "MP4 video", m4a: "M4A sound", html: "one page that opens without a network" },
  about: (size: string) => `about ${size}`,
  MB: "MB",
  GB: "GB",
  prepare: "Prepare",
  again: "Try again",
  save: "Save",
  waiting: "It waits for its turn…",
  working: (percent: string) => `Being prepared: ${percent} %`,
  minutes: (minutes: string) => `about ${minutes} min left`,
  soon: "less than a minute left",
  failed: "It could not be made. Try again, or ask the people who run this server.",
  jobs: "In the background",
  kindsOfJobs: {
    h264: "Pictures for every browser (H.264)",
    aac: "Voice for every player (AAC)",
    download: "File to keep",
    pack: "Lesson pack",
    captions: "Draft of captions",
    other: "Background work",
  },
  states: {
    queued: "Waiting",
    running: "At work",
    done: "Done",
    failed: "Failed",
    cancelled: "Cancelled",
  },
  reasons: {
    "disk-full": "The disk is full. Free some space; it is then tried again.",
    "recording-gone": "The recording was deleted.",
    "nothing-left": "Nothing of this recording can be played.",
    other: "The log says what went wrong.",
  },
  log: "Log",
  cancel: "Cancel",
  retry: "Try again",
};

export type MakingMessages = typeof en;
export default en;
