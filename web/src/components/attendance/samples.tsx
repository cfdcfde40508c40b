/** Attendance in every state, for the page that shows every component. */
import { useAttendanceTexts } from "../../i18n/attendance";
import type { AttendanceLine, AttendanceSheet } from "../../protocol/attendance";
import { AttendanceTable } from "./table";
import "../../styles/attendance.css";

const MINUTE = 60_000;

const line = (name: string, live: number, replay: number, heard: number): AttendanceLine => ({
  person: { id: name, name },
  live: live * MINUTE,
  replay: replay * MINUTE,
  heard: heard * MINUTE,
  attended: heard > 80 ? 2 : heard > 40 ? 1 : 0,
});

const lesson = (id: string): AttendanceSheet["lessons"][number] => ({
  id,
  title: "Байт чист?",
  state: "ended",
  started_at: null,
  length: 90 * MINUTE,
});

const SHEET: AttendanceSheet = {
  title: "Асосҳои информатика",
  course: "sample",
  lessons: [lesson("1"), lesson("2")],
  people: [
    line("Нигора Каримова", 170, 12, 180),
    line("Фирдавс Назаров", 31, 60, 75),
    line("Абдураҳмонзода Шамсиддин Абдуҷабборович", 0, 0, 0),
  ],
  total: 3,
  pages: 1,
};

export function AttendanceSamples() {
  if (!useAttendanceTexts()) return null;
  return (
    <>
      <AttendanceTable sheet={SHEET} label="Course" />
      <AttendanceTable sheet={{ ...SHEET, lessons: [lesson("1")] }} label="Lesson" />
    </>
  );
}
