/** The class in Russian. */
import type { ClassMessages } from "./en";

const rules = new Intl.PluralRules("ru");
const plural = (n: number, one: string, few: string, many: string) => {
  const form = rules.select(n);
  return `${n} ${form === "one" ? one : form === "few" ? few : many}`;
};

const ru: ClassMessages = {
  follow: "Вам понятно?",
  feelings: { understood: "Понятно", lost: "Я не успеваю" },
  feelingHint: "Преподаватель видит только, сколько вас, но не кто.",
  feelingSent: "Преподаватель узнал об этом, без вашего имени.",

  poll: "Опрос",
  polls: "Опросы",
  chooseOne: "Выберите один ответ.",
  chooseSome: "Выберите все подходящие ответы.",
  voteWaits: "Сохранено на этом устройстве и уйдёт, как только вернётся связь.",
  voteLate: "Опрос закрыли раньше, чем дошёл ваш ответ.",
  voteKept: "Ответ сохранён. Пока опрос открыт, его можно изменить.",
  pollClosed: "Опрос закрыт.",
  voters: (n: number) => plural(n, "ответ", "ответа", "ответов"),
  share: (votes: number, percent: number) => `${votes} (${percent} % ответивших)`,
  yours: "ваш ответ",
  notSent: "Не дошло до сервера. Попробуйте ещё раз.",
  pollOpen: "Открыт другой опрос. Сначала закройте его.",
  tooMany: "В этом занятии уже предельное число опросов.",

  newPoll: "Новый опрос",
  pollText: "О чём вы спрашиваете?",
  option: (n: number) => `Ответ ${n}`,
  moreOptions: "Ещё ответ",
  several: "Можно выбрать несколько ответов",
  askNow: "Спросить сейчас",
  keepDraft: "Сохранить на потом",
  cancel: "Отмена",
  open: "Спросить сейчас",
  close: "Закрыть опрос",
  show: "Показать результат студентам",
  hide: "Скрыть результат от студентов",
  remove: "Удалить черновик",
  states: { draft: "Черновик", open: "Открыт", closed: "Закрыт" },
  noPolls: "Опросов пока нет. Спросите всю группу за десять секунд.",

  health: "Как вас принимает группа",
  healths: { good: "хорошо", slow: "медленно", sound_only: "только звук", lost: "нет связи" },
  delay: (seconds: string) => `Обычная задержка ${seconds} с`,
  silent: (n: number, of: number) => `${n} из ${of} вас не слышат`,
  silentHint: "Проверьте микрофон и связь или спросите в вопросах.",
  noReports: "Когда студенты начнут смотреть, здесь будет видно, как вас принимают.",

  pulse: "Группа успевает?",
  pulseWords: (understood: number, lost: number) => `Понятно: ${understood}, не успевают: ${lost}`,
  noPulse: "За последние три минуты никто ничего не отметил.",
};

export default ru;
