/** Slides in Russian. */
import type { SlideMessages } from "./en";

const rules = new Intl.PluralRules("ru");
const plural = (n: number, one: string, few: string, many: string) => {
  const form = rules.select(n);
  return `${n} ${form === "one" ? one : form === "few" ? few : many}`;
};

const ru: SlideMessages = {
  slide: (page: number) => `Слайд ${page}`,
  slideWith: (page: number, text: string) => `Слайд ${page}: ${text}`,
  screen: "Что показано на экране преподавателя",
  enlarge: "Увеличить слайд",
  enlarged: "Слайд крупно",
  larger: "Крупнее",
  smaller: "Мельче",
  close: "Закрыть",

  slides: "Слайды",
  hint: "Каждая страница приходит студентам картинкой в несколько килобайт.",
  choose: "Загрузить слайды (PDF, PNG, JPEG)",
  sending: (name: string, percent: number) => `${name}: отправлено ${percent} %`,
  reading: (name: string) => `Файл ${name} получен, страницы готовятся…`,
  cancel: "Отмена",
  none: "Слайдов пока нет. PowerPoint и Google Презентации умеют сохранять в PDF.",
  pages: (n: number) => plural(n, "страница", "страницы", "страниц"),
  notOpen: "Показывать слайды можно, когда начнётся репетиция или эфир.",
  screenFirst: "Сейчас студенты видят ваш экран. Остановите показ экрана, и они увидят слайд.",
  deck: "Презентация",
  showPage: (page: number) => `Показать страницу ${page}`,
  next: "Дальше",
  previous: "Назад",
  start: "Показать слайды",
  hide: "Скрыть слайды",
  nowShown: (page: number, of: number) => `Показана страница ${page} из ${of}`,
  deletedShown: (page: number) => `Показана страница ${page} удалённых слайдов`,
  hidden: "Слайды не показаны",
  keyNames: { hide: "Скрыть или показать слайд", turn: "Предыдущий или следующий слайд" },
  keys: "Клавиши: Page Down и Page Up листают, B скрывает и показывает.",
  remove: "Удалить эти слайды",
  removeTitle: "Удалить эти слайды?",
  removeHint: "То, что уже показано, останется в занятии и в записи.",
  keep: "Оставить",
  refusals: {
    "not-slides":
      "Это не PDF, PNG и не JPEG. Сохраните презентацию в формате PDF и выберите этот файл.",
    unreadable: "Файл повреждён или защищён паролем. Сохраните его ещё раз без пароля.",
    "too-many-pages": "В документе может быть не больше 200 страниц. Разделите его на части.",
    "too-many-pixels": "Картинка слишком большая. Уменьшите её: не больше 40 мегапикселей.",
    "bad-shape": "Страница слишком длинная и узкая для слайда.",
    "too-heavy":
      "Файл обрабатывается слишком долго. Сохраните PDF с картинками поменьше или по частям.",
    "too-large":
      "Файл может занимать не больше 32 МБ. Сохраните PDF с картинками поменьше или по частям.",
    "too-many-decks": "В занятии может быть не больше 50 файлов. Удалите ненужный.",
    "too-slow": "Файл не успел дойти. Попробуйте файл поменьше или связь получше.",
    "deck-unknown": "Эти слайды уже удалены, возможно, в другом окне.",
    "page-unknown": "В этих слайдах нет такой страницы.",
    "lesson-not-open": "Показывать слайды можно, когда начнётся репетиция или эфир.",
    busy: "Сейчас загружают много файлов. Попробуйте через полминуты.",
  },
};

export default ru;
