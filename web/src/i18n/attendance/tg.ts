/** Tajik texts of attendance. */
import type { AttendanceMessages } from "./en";

const tg: AttendanceMessages = {
  lead: "Дақиқаҳое, ки мустақим ё дар сабт шунида шуданд. Он чи ду бор шунида шуд, як бор ҳисоб мешавад.",
  lesson: "Дарс",
  wholeCourse: "Тамоми курс",
  sort: "Тартиб",
  sorts: {
    name: "Аз рӯи ном",
    most: "Аввал дақиқаи зиёдтар",
    least: "Аввал дақиқаи камтар",
    live: "Аввал мустақими зиёдтар",
    lessons: "Аввал дарси зиёдтар",
  },
  name: "Ном",
  live: "Мустақим",
  replay: "Дар сабт",
  heard: "Ҳамагӣ",
  lessons: "Дарсҳо",
  minutes: (count) => `${count} дақ.`,
  attended: (count, of) => `${count} аз ${of}`,
  attendedHint: "Дарс ба ҳисоб меравад, агар ақаллан нисфи дақиқаҳои он шунида шавад.",
  share: (percent) => `${percent} % дарс`,
  shareOfAll: (percent) => `${percent} % ҳамаи дарсҳо`,
  xlsx: "Ҷадвал (XLSX)",
  people: (count) => `${count} нафар`,
  empty: "Ҳоло касе нест",
  emptyHint: "Ҳар кӣ дарсро гӯш кунад, пас аз чанд сония дар ин ҷо пайдо мешавад.",
  noLessons: "Дар ин курс ҳанӯз ягон дарс нашудааст.",
  pager: "Саҳифаҳо",
  previous: "Қаблӣ",
  next: "Баъдӣ",
  page: (page, pages) => `Саҳифаи ${page} аз ${pages}`,
};

export default tg;
