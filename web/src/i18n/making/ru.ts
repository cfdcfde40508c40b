/** Russian texts of what is made in the background. */
import type { MakingMessages } from "./en";

const ru: MakingMessages = {
  hint: "Файл готовится один раз. Если связь прервётся, загрузка продолжится с того же места.",
  none: "Скачивать пока нечего.",
  names: {
    screen: "Слайды и голос",
    camera: "Преподаватель и голос",
    voice: "Только звук",
    pack: "Урок целиком: звук, слайды, вопросы",
  },
  kinds: {
    mp4: "видео MP4",
    m4a: "звук M4A",
    html: "одна страница, открывается без интернета",
  },
  about: (size: string) => `около ${size}`,
  MB: "МБ",
  GB: "ГБ",
  prepare: "Подготовить",
  again: "Попробовать ещё раз",
  save: "Сохранить",
  waiting: "Ждёт своей очереди…",
  working: (percent: string) => `Готовится: ${percent} %`,
  minutes: (minutes: string) => `осталось около ${minutes} мин`,
  soon: "осталось меньше минуты",
  failed: "Не получилось. Попробуйте ещё раз или обратитесь к тем, кто ведёт этот сервер.",
  jobs: "В фоне",
  kindsOfJobs: {
    h264: "Видео для всех браузеров (H.264)",
    aac: "Голос для всех плееров (AAC)",
    download: "Файл для скачивания",
    pack: "Урок целиком",
    captions: "Черновик субтитров",
    other: "Фоновая работа",
  },
  states: {
    queued: "Ждёт",
    running: "Выполняется",
    done: "Готово",
    failed: "Не получилось",
    cancelled: "Отменено",
  },
  reasons: {
    "disk-full": "Диск заполнен. Освободите место, и работа продолжится.",
    "recording-gone": "Запись удалена.",
    "nothing-left": "В этой записи нечего воспроизвести.",
    other: "Причина указана в журнале.",
  },
  log: "Журнал",
  cancel: "Отменить",
  retry: "Попробовать ещё раз",
};

export default ru;
