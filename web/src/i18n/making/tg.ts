/** Tajik texts of what is made in the background. */
import type { MakingMessages } from "./en";

const tg: MakingMessages = {
  hint: "Файл як бор омода мешавад. Агар алоқа канда шавад, боргирӣ аз ҳамон ҷо идома меёбад.",
  none: "Барои боргирӣ чизе нест.",
  names: {
    screen: "Слайдҳо ва овоз",
    camera: "Омӯзгор ва овоз",
    voice: "Танҳо овоз",
    pack: "Дарси пурра: овоз, слайдҳо, саволҳо",
  },
  kinds: {
    mp4: "видеои MP4",
    m4a: "овози M4A",
    html: "як саҳифа, ки бе интернет кушода мешавад",
  },
  about: (size: string) => `тақрибан ${size}`,
  MB: "МБ",
  GB: "ГБ",
  prepare: "Омода кардан",
  again: "Аз нав кӯшидан",
  save: "Нигоҳ доштан",
  waiting: "Навбаташро интизор аст…",
  working: (percent: string) => `Омода мешавад: ${percent} %`,
  minutes: (minutes: string) => `тақрибан ${minutes} дақиқа монд`,
  soon: "камтар аз як дақиқа монд",
  failed: "Омода нашуд. Аз нав кӯшиш кунед ё ба масъулони ин сервер муроҷиат намоед.",
  jobs: "Корҳои пасзамина",
  kindsOfJobs: {
    h264: "Видео барои ҳамаи браузерҳо (H.264)",
    aac: "Овоз барои ҳамаи плеерҳо (AAC)",
    download: "Файл барои боргирӣ",
    pack: "Дарси пурра",
    captions: "Сиёҳнависи зернавис",
    other: "Кори пасзамина",
  },
  states: {
    queued: "Интизор",
    running: "Иҷро мешавад",
    done: "Тайёр",
    failed: "Нашуд",
    cancelled: "Бекор шуд",
  },
  reasons: {
    "disk-full": "Диск пур аст. Ҷой холӣ кунед, кор идома меёбад.",
    "recording-gone": "Сабт нест карда шудааст.",
    "nothing-left": "Дар ин сабт чизе барои пахш нест.",
    other: "Сабаб дар рӯйдоднома навишта шудааст.",
  },
  log: "Рӯйдоднома",
  cancel: "Бекор кардан",
  retry: "Аз нав кӯшидан",
};

export default tg;
