/** Russian texts of what opens without a network. */
import type { OfflineMessages } from "./en";

function lessons(n: number): string {
  const [ten, hundred] = [n % 10, n % 100];
  if (ten === 1 && hundred !== 11) return `сохранён ${n} урок`;
  if (ten >= 2 && ten <= 4 && (hundred < 12 || hundred > 14)) return `сохранено ${n} урока`;
  return `сохранено ${n} уроков`;
}

const ru: OfflineMessages = {
  title: "Сохранено на телефоне",
  lead: "Эти уроки открываются без интернета.",
  away: "Сейчас нет интернета",
  awayHint:
    "Сохранённое всё равно открывается. Написанное вами не пропадёт: оно уйдёт, когда появится связь.",
  empty: "Пока ничего не сохранено",
  emptyHint:
    "Откройте запись урока, выберите «Скачать», а затем «Сохранить на телефоне» рядом с уроком целиком.",
  room: (used: string, free: string) => `Занято ${used}, свободно около ${free}.`,
  open: "Открыть",
  remove: "Удалить",
  removeConfirm: (title: string) => `Удалить «${title}» с этого телефона?`,
  keep: "Сохранить на телефоне",
  goOn: "Продолжить",
  stop: "Остановить",
  keeping: (percent: string) => `Сохраняется: ${percent} %`,
  stopped: "Загрузка остановилась. Скачанное остаётся здесь: продолжите, когда связь станет лучше.",
  noRoom: "На телефоне не хватает места. Освободите его и продолжите.",
  refused: "Этот урок больше нельзя получить файлом.",
  kept: "Урок на телефоне и открывается без интернета.",
  toList: "Всё сохранённое",
  unable:
    "Этот браузер не умеет хранить уроки. Скачайте файл или откройте Дарсгоҳ в Chrome, Firefox или Safari.",
  signOut: (count: number) =>
    `На этом телефоне ${lessons(count)}. При выходе сохранённое удаляется. Выйти?`,
  update: "Вышла новая версия Дарсгоҳ.",
  updateNow: "Обновить сейчас",
  later: "Позже",
  install: "Добавить Дарсгоҳ на главный экран",
  installHint: "Тогда он открывается как приложение, даже без интернета.",
};

export default ru;
