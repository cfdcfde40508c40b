/** The class in Tajik. */
import type { ClassMessages } from "./en";

const tg: ClassMessages = {
  follow: "Шумо мефаҳмед?",
  feelings: { understood: "Мефаҳмам", lost: "Нафаҳмидам" },
  feelingHint: "Омӯзгор танҳо шумораро мебинад, на номҳоро.",
  feelingSent: "Омӯзгор хабардор шуд, бе номи шумо.",

  poll: "Пурсиш",
  polls: "Пурсишҳо",
  chooseOne: "Як ҷавобро интихоб кунед.",
  chooseSome: "Ҳамаи ҷавобҳои дурустро интихоб кунед.",
  voteKept: "Ҷавоби шумо нигоҳ дошта шуд. То пурсиш кушода аст, онро иваз кардан мумкин аст.",
  pollClosed: "Пурсиш баста шуд.",
  voters: (n: number) => `${n} ҷавоб`,
  share: (votes: number, percent: number) => `${votes} (${percent} % иштирокчиён)`,
  yours: "ҷавоби шумо",
  notSent: "Ин ба сервер нарасид. Бори дигар кӯшиш кунед.",
  pollOpen: "Пурсиши дигар кушода аст. Аввал онро бандед.",
  tooMany: "Дар ин дарс шумораи пурсишҳо ба ҳадди охир расид.",

  newPoll: "Пурсиши нав",
  pollText: "Чиро мепурсед?",
  option: (n: number) => `Ҷавоби ${n}`,
  moreOptions: "Боз як ҷавоб",
  several: "Якчанд ҷавобро интихоб кардан мумкин аст",
  askNow: "Ҳозир пурсед",
  keepDraft: "Барои баъд нигоҳ доред",
  cancel: "Бекор кардан",
  open: "Ҳозир пурсед",
  close: "Бастани пурсиш",
  show: "Натиҷаро ба донишҷӯён нишон диҳед",
  hide: "Натиҷаро аз донишҷӯён пинҳон кунед",
  remove: "Нест кардани сиёҳнавис",
  states: { draft: "Сиёҳнавис", open: "Кушода", closed: "Баста" },
  noPolls: "Ҳоло пурсиш нест. Дар даҳ сония аз ҳама чизе пурсед.",

  health: "Гурӯҳ шуморо чӣ тавр қабул мекунад",
  healths: { good: "хуб", slow: "суст", sound_only: "танҳо овоз", lost: "алоқа нест" },
  delay: (seconds: string) => `Таъхири миёна ${seconds} с`,
  silent: (n: number, of: number) => `${n} аз ${of} нафар шуморо намешунаванд`,
  silentHint: "Микрофон ва алоқаро санҷед ё дар саволҳо пурсед.",
  noReports: "Вақте донишҷӯён тамошоро сар мекунанд, ин ҷо ҳолати онҳо дида мешавад.",

  pulse: "Гурӯҳ мефаҳмад?",
  pulseWords: (understood: number, lost: number) =>
    `Мефаҳманд: ${understood}, намефаҳманд: ${lost}`,
  noPulse: "Дар се дақиқаи охир касе чизе нагуфтааст.",
};

export default tg;
