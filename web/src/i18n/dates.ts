/** Dates and numbers in three languages; browsers have no data for Tajik, so the names are our own. */
import type { Language } from "../protocol/types";

const MONTHS: Record<Language, readonly string[]> = {
  tg: [
    "январ",
    "феврал",
    "март",
    "апрел",
    "май",
    "июн",
    "июл",
    "август",
    "сентябр",
    "октябр",
    "ноябр",
    "декабр",
  ],
  ru: [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
  ],
  en: [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
  ],
};

/** Sunday first, as `Date` counts. */
const DAYS: Record<Language, readonly string[]> = {
  tg: ["якшанбе", "душанбе", "сешанбе", "чоршанбе", "панҷшанбе", "ҷумъа", "шанбе"],
  ru: ["воскресенье", "понедельник", "вторник", "среда", "четверг", "пятница", "суббота"],
  en: ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
};

export interface WallTime {
  year: number;
  /** 1 to 12. */
  month: number;
  day: number;
  hour: number;
  minute: number;
}

/** Read the clock on the wall of a time zone at an instant. */
export function wallTime(at: number, zone: string): WallTime {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  }).formatToParts(at);
  const read = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  return {
    year: read("year"),
    month: read("month"),
    day: read("day"),
    hour: read("hour"),
    minute: read("minute"),
  };
}

/** Give the instant (ms) of a wall time in a zone; in a skipped hour, the time just after it. */
export function instantOf(wall: WallTime, zone: string): number {
  const asUtc = (each: WallTime) =>
    Date.UTC(each.year, each.month - 1, each.day, each.hour, each.minute);
  const wanted = asUtc(wall);
  let guess = wanted;
  // The offset at the guess may differ from the offset at the answer: two rounds settle it.
  for (let round = 0; round < 2; round += 1) guess += wanted - asUtc(wallTime(guess, zone));
  return guess;
}

const two = (n: number) => String(n).padStart(2, "0");

export function clockText(wall: WallTime): string {
  return `${two(wall.hour)}:${two(wall.minute)}`;
}

/** Days since the epoch on the wall calendar. */
function dayNumber(wall: WallTime): number {
  return Math.floor(Date.UTC(wall.year, wall.month - 1, wall.day) / 86_400_000);
}

export interface DayWords {
  today: string;
  tomorrow: string;
  yesterday: string;
  at(day: string, time: string): string;
}

/** Say when something is: "today, 15:30", "Monday, 23 November, 09:00". */
export function whenText(
  at: number,
  now: number,
  zone: string,
  language: Language,
  words: DayWords,
): string {
  const wall = wallTime(at, zone);
  const here = wallTime(now, zone);
  const away = dayNumber(wall) - dayNumber(here);
  const near = (
    { 0: words.today, 1: words.tomorrow, [-1]: words.yesterday } as Record<number, string>
  )[away];
  return words.at(near ?? dayText(wall, here.year, away, language), clockText(wall));
}

/** Days from today from which on a weekday says nothing any more. */
const NO_WEEKDAY = 7;

function dayText(wall: WallTime, thisYear: number, away: number, language: Language): string {
  const name = MONTHS[language][wall.month - 1] ?? "";
  if (wall.year !== thisYear) {
    // Tajik joins month and year with -и: 5 январи 2027.
    return `${wall.day} ${name}${language === "tg" ? "и" : ""} ${wall.year}`;
  }
  const date = `${wall.day} ${name}`;
  if (Math.abs(away) >= NO_WEEKDAY) return date;
  const weekday = DAYS[language][(dayNumber(wall) + 4) % 7] ?? "";
  return `${weekday}, ${date}`;
}

/** Name a day of the week; 0 is Monday. */
export function weekdayName(weekday: number, language: Language): string {
  return DAYS[language][(weekday + 1) % 7] ?? "";
}

/** Write a length of time as 1:02:03 or 02:03; `seconds` is rounded down. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** Write a number: 1 234,5 in Tajik and Russian, 1,234.5 in English. */
export function numberText(value: number, language: Language, digits = 0): string {
  const [whole = "", part] = Math.abs(value).toFixed(digits).split(".");
  const group = language === "en" ? "," : "\u00a0";
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, group);
  const sign = value < 0 ? "−" : "";
  return `${sign}${grouped}${part ? (language === "en" ? "." : ",") + part : ""}`;
}

/** Write the date of a zone at an instant as 2026-10-01. */
export function isoDay(at: number, zone: string): string {
  const { year, month, day } = wallTime(at, zone);
  return `${year}-${two(month)}-${two(day)}`;
}

/** Say a date (2026-10-01) without its weekday, to stand behind "until": "23 November". */
export function dateText(date: string, now: number, zone: string, language: Language): string {
  const [year = 0, month = 0, day = 0] = date.split("-").map(Number);
  const wall = { year, month, day, hour: 0, minute: 0 };
  return dayText(wall, wallTime(now, zone).year, NO_WEEKDAY, language);
}
