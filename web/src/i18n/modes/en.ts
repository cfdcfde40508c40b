/** Modes in English. Its shape is the shape of every language. */
const en = {
  title: "How much to receive",
  open: (name: string) => `Data: ${name}`,
  names: {
    auto: "Automatic",
    everything: "Everything",
    low: "Low",
    slides: "Slides and sound",
    sound: "Sound only",
  },
  hints: {
    auto: "As much as your connection carries; sound comes first",
    everything: "Moving pictures as large as they come",
    low: "A small speaker, slides as still pictures",
    slides: "Slides as still pictures, no video",
    sound: "Every word, no pictures",
  },
  perHour: (amount: string) => `${amount} MB per hour`,
  upTo: (amount: string) => `up to ${amount} MB per hour`,
  remembered: "Your choice is remembered for this network.",
  carries: (kbits: string) => `Your connection carries about ${kbits} kbit/s.`,
  gets: {
    everything: "You receive everything now.",
    low: "You receive smaller pictures now, so that the sound is not cut off.",
    slides: "You receive slides and sound now, so that the sound is not cut off.",
    sound: "You receive only sound now: there is no room for pictures.",
  },
  screenHeld: "The screen comes as still pictures: they stay sharp.",
  failed: "The server did not hear your choice. It will be told again.",
  thisLesson: "This lesson",
  thisMonth: "This month on this device",
  megabytes: (amount: string) => `${amount} MB`,
  withPrice: (data: string, price: string) => `${data} (about ${price})`,
  cap: "At most in a month",
  noCap: "No limit",
  capHint: "The server sends less in good time before it is used up; the sound goes on.",
  nearCap: (left: string) =>
    `${left} MB of your month are left. From now on you are sent less, so that they last.`,
  overCap: "Your month is used up. Only the sound goes on; you can raise the limit.",
  listen: {
    title: "Listening with the screen off",
    open: "Listen with the screen off",
    play: "Listen",
    pause: "Pause",
    back: "Back to the lesson, to ask or to watch",
    hint: "You can lock the phone: the sound goes on, and the lock screen has the buttons. While it is paused nothing is received.",
    states: {
      idle: "Nothing is received now.",
      connecting: "Connecting… The sound comes by itself.",
      playing: "You hear the lesson.",
      over: "The lesson is over.",
    },
  },
};

export default en;
export type ModeMessages = typeof en;
