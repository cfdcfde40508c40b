/** Hands and turns in English; downloaded with their part of the page. Its shape is the shape of every language. */
const ordinal = (n: number) => {
  const tens = n % 100;
  const ones = tens > 10 && tens < 14 ? 0 : n % 10;
  return `${n}${["th", "st", "nd", "rd"][ones] ?? "th"}`;
};

const en = {
  title: "Speaking",

  // the student
  raise: "Raise hand",
  withCamera: "With my camera",
  lower: "Lower hand",
  raiseHint: "You want to say something: raise your hand, and the teacher invites you.",
  place: (n: number) => (n === 1 ? "You are next." : `You are ${ordinal(n)}.`),
  raisedHint: "Your hand is up. Nobody hears you yet.",
  waitsToSend: "Your hand goes up as soon as the connection is back.",
  paused: "The teacher takes no hands just now.",
  invitedTitle: "The teacher invites you to speak",
  invitedHint:
    "If you say yes, we ask for your microphone and test it in silence. Nobody hears you until you are on air.",
  accept: "Yes, test my microphone",
  decline: "Not now",
  testTitle: "Testing your microphone. Nobody hears you.",
  opening: "Allow the microphone when your browser asks.",
  here: "Speak on this device",
  hereHint: "Your hand was taken up on another page or before a reload.",
  connecting: "Checking your connection…",
  sayHello: "Say something: the bar should move.",
  tests: {
    good: "You are heard well. You are on air as soon as the teacher begins your turn.",
    weak: "Your connection is too weak to speak live just now. Send a voice note or write your question instead, or test once more.",
    silent:
      "We hear nothing from your microphone. Check that it is not switched off, then test once more.",
  },
  testAgain: "Test once more",
  noteInstead: "Record a voice note instead",
  problems: {
    unplugged: "The microphone was unplugged. Plug it in, then try again.",
    refused: "The server has closed your microphone. If it is still your turn, try again.",
  },
  onAirTitle: "You are on air: everyone hears you",
  holdToTalk: "Hold to talk",
  talking: "Talking: everyone hears you",
  tapToTalk: "Tap to talk",
  holdChoice: "Only be heard while I hold a button",
  tapInstead: "Tap once to talk and once to be silent, instead of holding",
  showCamera: "Turn my camera on",
  hideCamera: "Turn my camera off",
  ownPicture: "Your own picture, as others see it",
  cameraProblems: {
    weak: "Your connection is too weak for the camera just now. Your voice goes on.",
    unplugged: "The camera is gone. Your voice goes on.",
  },
  holdHint: "Hold the button or the T key. Nobody hears you while it is not held.",
  end: "Finish speaking",
  speaks: (name: string) => `${name} is speaking`,
  left: (time: string) => `${time} left`,
  spoken: (time: string) => `${time} so far`,

  closed: {
    teacher: "The teacher has lowered your hand.",
    missed: "The invitation has passed. Raise your hand again when you like.",
    away: "You were away for a minute, so your hand came down. Raise it again when you like.",
    time: "The time of your turn is up.",
    "lesson-ended": "The lesson is over.",
    removed: "You may not take part in this lesson any more.",
  },
  turnOver: "Your turn is over. Your microphone is off.",

  // the teacher
  count: (n: number) => (n === 1 ? "1 hand" : `${n} hands`),
  first: "First time",
  wishesCamera: "With camera",
  states: {
    raised: "Hand up",
    invited: "Invited, waiting for an answer",
    testing: "Testing the microphone",
    "on-air": "On air",
    ended: "Turn over",
    lowered: "Hand down",
  },
  verdicts: {
    good: "Ready: sound and connection are good",
    weak: "Connection too weak",
    silent: "Microphone is silent",
  },
  invite: "Invite",
  putOnAir: "Put on air",
  lowerOne: "Lower",
  lowerAll: "Lower all hands",
  next: "Next",
  endTurn: "End the turn",
  extend: "One more minute",
  silentGuest: "Holds no button: nobody hears them just now",
  listen: "Hear the student",
  settings: "Settings for hands",
  pause: "Take no hands for now",
  auto: "Who tests well goes on air by themselves",
  pushToTalk: "Students hold a button to talk",
  limit: "Length of a turn",
  limits: (seconds: number | null) =>
    seconds === null ? "No limit" : seconds < 60 ? `${seconds} seconds` : `${seconds / 60} min`,

  saidOnAir: "You are on air. Everyone hears you.",
  saidRaised: (name: string) => `${name} has raised a hand.`,

  problemTitle: "That did not work",
  refusals: {
    "hand-unknown": "This hand is not up any more.",
    "hand-state": "Meanwhile this hand has moved on. You now see its true state.",
    "hands-paused": "The teacher takes no hands just now. Try again a little later.",
    "too-many-hands": "Very many hands are up just now. Yours goes up by itself.",
    "lesson-not-open": "The lesson is not open yet. Raise your hand when it begins.",
    "lesson-ended": "The lesson is over.",
    "not-allowed": "You may not do this in this lesson.",
    unknown: (code: string) => `It could not be done (${code}). Try again in a moment.`,
  },
};

export type HandMessages = typeof en;
export default en;
