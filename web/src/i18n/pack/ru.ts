/** Russian texts of the lesson pack. */
import type { PackMessages } from "./en";

const ru: PackMessages = {
  play: "Слушать",
  pause: "Пауза",
  back: "Назад на 10 с",
  forward: "Вперёд на 10 с",
  speed: "Скорость",
  language: "Язык",
  seek: "Место в уроке",
  place: (at, of) => `${at} из ${of}`,
  slide: (number) => `Слайд ${number}`,
  noSlide: "Здесь слайдов не было",
  parts: "Рядом с уроком",
  chapters: "Главы",
  noChapters: "В этом уроке нет глав",
  questions: "Вопросы",
  noQuestions: "На этом уроке ничего не спросили",
  toAnswer: (at) => `Ответ в ${at}`,
  toQuestion: (at) => `Задан в ${at}`,
  teacher: "Ответ преподавателя",
  classmate: "Ответ",
  search: "Искать в вопросах и слайдах",
  nothingFound: "Таких слов нигде нет",
  missing: (from, to) => `С ${from} до ${to} ничего не записано`,
  loading: "Звук распаковывается…",
  broken:
    "Этот файл скачан не полностью. Скачайте его ещё раз: браузер, который умеет продолжать, докачает остаток.",
  old: "Этот браузер не может воспроизвести звук. Откройте файл в свежем Chrome, Firefox или Safari.",
  offline: "Этому файлу не нужна сеть.",
};

export default ru;
