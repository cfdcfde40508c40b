/** Voice notes in English; downloaded with their part of the page. Its shape is the shape of every language. */
const en = {
  title: "Voice note",
  open: "Voice note",
  hint: "Say it in up to 30 seconds. The microphone opens only while you record, and nobody hears it before the teacher plays it.",
  missing:
    "This browser cannot record sound. Write your question instead, or open this page in a current browser.",
  hold: "Hold to record",
  tap: "Start recording",
  stop: "Stop",
  recording: "Recording. Nobody hears you live.",
  opening: "Allow the microphone when your browser asks, then begin again.",
  holdHint: "You can also hold the space bar.",
  tapInstead: "Tap once to start and once to stop",
  elapsed: (now: string, most: string) => `${now} of ${most}`,
  listen: "Listen to your recording",
  send: "Send",
  again: "Record again",
  discard: "Discard",
  close: "Close",
  problems: {
    short: "That was too short. Hold the button while you speak.",
    large: "Your browser has recorded more than can be sent. Say it a little shorter.",
    failed: "The recording did not work. Try once more.",
    unplugged: "The microphone was unplugged. Plug it in, then record again.",
  },

  mine: "Your voice notes",
  one: (length: string) => `Voice note, ${length}`,
  states: {
    waiting: "Waiting to be sent",
    sent: "With the teacher",
    playing: "On air now",
    played: "Played",
    dismissed: "Put aside by the teacher",
    refused: "Not sent",
  },
  sending: (percent: number) => `Sending ${percent} %`,
  kept: "Kept on this device. It is sent as soon as the connection is back.",
  withdraw: "Take back",
  forget: "Remove",
  others: (name: string) => `A voice note from ${name} is playing`,
  own: "Your voice note is playing: everyone hears it",

  saidRecording: "Recording.",
  saidMade: "Recorded. You can listen, send or discard it.",
  saidReady: "Your voice note is with the teacher.",
  problemTitle: "That did not work",
  refusals: {
    "not-sound": "The recording cannot be played. Record it once more.",
    "too-long": "The recording is longer than 30 seconds. Say it a little shorter.",
    "too-short": "There is hardly anything to hear. Record it once more.",
    "cut-off": "The end of the recording is missing. Record it once more.",
    "too-much": "The recording arrived damaged. Record it once more.",
    "offset-gap": "The recording arrived damaged. Record it once more.",
    "note-id-taken":
      "This recording was sent before. Record it once more if it is not in your list.",
    "note-state": "Meanwhile this voice note has moved on. You now see its true state.",
    "note-unknown": "This voice note is not in this lesson.",
    "too-many-notes":
      "Three of your voice notes wait already. This one is sent when one of them was heard.",
    "too-many-tries": "That was very often just now. It goes on by itself in a moment.",
    busy: "Many voice notes arrive just now. Yours is sent in a moment.",
    "too-large": "The recording is larger than the server takes. Say it a little shorter.",
    "lesson-not-open": "The lesson is not open yet. Send it when it begins.",
    "lesson-ended":
      "The lesson is over. Write your question into the course's question book instead.",
    "not-allowed": "You may not do this in this lesson.",
    "not-found": "This lesson takes no voice note of yours.",
    "not-signed-in": "You are signed out. Sign in, then record it once more.",
    unknown: (code: string) => `It could not be done (${code}). Try again in a moment.`,
  },
};

export type NoteMessages = typeof en;
export default en;
