/** English texts of attendance. */
const en = {
  lead: "Minutes heard live or in the replay. What was heard twice counts once.",
  lesson: "Lesson",
  wholeCourse: "The whole course",
  sort: "Order",
  sorts: {
    name: "By name",
    most: "Most minutes first",
    least: "Fewest minutes first",
    live: "Most live first",
    lessons: "Most lessons first",
  },
  name: "Name",
  live: "Live",
  replay: "Replay",
  heard: "In all",
  lessons: "Lessons",
  minutes: (count: string) => `${count} min`,
  attended: (count: number, of: number) => `${count} of ${of}`,
  attendedHint: "A lesson counts from half of its minutes on.",
  share: (percent: number) => `${percent} % of the lesson`,
  shareOfAll: (percent: number) => `${percent} % of all lessons`,
  xlsx: "Spreadsheet (XLSX)",
  people: (count: number) => (count === 1 ? "1 person" : `${count} people`),
  empty: "Nobody yet",
  emptyHint: "Whoever listens to a lesson appears here within seconds.",
  noLessons: "No lesson of this course has taken place yet.",
  pager: "Pages",
  previous: "Previous",
  next: "Next",
  page: (page: number, pages: number) => `Page ${page} of ${pages}`,
};

export type AttendanceMessages = typeof en;
export default en;
