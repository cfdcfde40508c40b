/** Tajik texts of the lesson pack. */
import type { PackMessages } from "./en";

const tg: PackMessages = {
  play: "Гӯш кардан",
  pause: "Таваққуф",
  back: "10 сония ба қафо",
  forward: "10 сония ба пеш",
  speed: "Суръат",
  language: "Забон",
  seek: "Ҷой дар дарс",
  place: (at, of) => `${at} аз ${of}`,
  slide: (number) => `Слайди ${number}`,
  noSlide: "Дар ин ҷо слайд набуд",
  parts: "Дар паҳлуи дарс",
  chapters: "Бобҳо",
  noChapters: "Ин дарс боб надорад",
  questions: "Саволҳо",
  noQuestions: "Дар ин дарс касе чизе напурсид",
  toAnswer: (at) => `Ҷавоб дар ${at}`,
  toQuestion: (at) => `Дар ${at} пурсида шуд`,
  teacher: "Ҷавоби омӯзгор",
  classmate: "Ҷавоб",
  search: "Ҷустуҷӯ дар саволҳо ва слайдҳо",
  nothingFound: "Ин калимаҳо дар ҳеҷ ҷо нестанд",
  missing: (from, to) => `Аз ${from} то ${to} чизе сабт нашудааст`,
  loading: "Садо кушода мешавад…",
  broken:
    "Ин файл пурра нест. Онро аз нав боргирӣ кунед: браузере, ки идома дода метавонад, танҳо боқимондаро мегирад.",
  old: "Ин браузер садоро пахш карда наметавонад. Файлро бо Chrome, Firefox ё Safari-и нав кушоед.",
  offline: "Ба ин файл шабака лозим нест.",
};

export default tg;
