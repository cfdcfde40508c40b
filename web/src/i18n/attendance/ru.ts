/** Russian texts of attendance. */
import type { AttendanceMessages } from "./en";

const ru: AttendanceMessages = {
  lead: "Минуты, услышанные вживую или в записи. Услышанное дважды считается один раз.",
  lesson: "Урок",
  wholeCourse: "Весь курс",
  sort: "Порядок",
  sorts: {
    name: "По имени",
    most: "Сначала больше минут",
    least: "Сначала меньше минут",
    live: "Сначала больше вживую",
    lessons: "Сначала больше уроков",
  },
  name: "Имя",
  live: "Вживую",
  replay: "В записи",
  heard: "Всего",
  lessons: "Уроки",
  minutes: (count) => `${count} мин`,
  attended: (count, of) => `${count} из ${of}`,
  attendedHint: "Урок засчитывается, если услышана хотя бы половина его минут.",
  share: (percent) => `${percent} % урока`,
  shareOfAll: (percent) => `${percent} % всех уроков`,
  xlsx: "Таблица (XLSX)",
  people: (count) => `${count} чел.`,
  empty: "Пока никого",
  emptyHint: "Кто слушает урок, появляется здесь через несколько секунд.",
  noLessons: "В этом курсе ещё не было ни одного урока.",
  pager: "Страницы",
  previous: "Назад",
  next: "Дальше",
  page: (page, pages) => `Страница ${page} из ${pages}`,
};

export default ru;
