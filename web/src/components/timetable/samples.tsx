/** The timetable in every state, for the page that shows every component. */
import { useTimetableTexts } from "../../i18n/timetable";
import { ApiError } from "../../protocol/api";
import type { Outcome, PlannedLesson } from "../../protocol/timetable";
import { CalendarLinks } from "./calendar";
import { Days } from "./days";
import { OutcomeView, PlanProblem } from "./outcome";
import { RulesForm } from "./rules";
import "../../styles/timetable.css";

const lesson = (state: PlannedLesson["state"], starts: string): PlannedLesson => ({
  id: state,
  course: { id: "sample", title: "Асосҳои информатика" },
  title: "Байт чист? Ҳашт бит якҷоя",
  public: false,
  state,
  starts_at: starts,
  started_at: null,
  ended_at: null,
  ends_at: state === "live" ? null : starts.replace("04:00", "05:30"),
  teachers: [{ id: "z", name: "Зарина Раҳимова" }],
  rights: ["see", "watch", "teach"],
  series: true,
  classroom: "12",
});

const OUTCOME: Outcome = {
  saved: false,
  lessons: [
    { starts_at: "2026-09-08T04:00:00.000Z", ends_at: "2026-09-08T05:30:00.000Z" },
    { starts_at: "2026-12-29T04:00:00.000Z", ends_at: "2026-12-29T05:30:00.000Z" },
  ],
  skipped: [{ day: "2026-11-06", name: "Рӯзи Конститутсия" }],
  clashes: [
    {
      starts_at: "2026-09-08T04:00:00.000Z",
      teacher: "Зарина Раҳимова",
      title: "Нур ва соя",
      from: "2026-09-08T03:30:00.000Z",
      to: "2026-09-08T05:00:00.000Z",
    },
    {
      starts_at: "2026-09-08T04:00:00.000Z",
      teacher: null,
      title: null,
      from: "2026-09-08T05:00:00.000Z",
      to: "2026-09-08T06:00:00.000Z",
    },
  ],
  clash_count: 2,
};

export function TimetableSamples() {
  if (!useTimetableTexts()) return null;
  return (
    <>
      <Days
        view="week"
        days={[
          { day: "2026-09-07", lessons: [] },
          { day: "2026-09-08", lessons: [lesson("scheduled", "2026-09-08T04:00:00.000Z")] },
          { day: "2026-09-09", lessons: [lesson("live", "2026-09-09T04:00:00.000Z")] },
          { day: "2026-09-10", lessons: [lesson("ended", "2026-09-10T04:00:00.000Z")] },
        ]}
        classrooms={[{ id: "12", name: "12", place: "Душанбе" }]}
        holidays={[{ day: "2026-09-07", name: "Рӯзи дониш" }]}
        today="2026-09-08"
        onEdit={() => {}}
        onWorkday={() => {}}
      />
      <CalendarLinks
        links={[{ id: "1", course: null, classroom: null, created_at: "2026-09-01T04:00:00.000Z" }]}
        courses={[]}
        classrooms={[]}
        make={async () => ({
          id: "2",
          course: null,
          classroom: null,
          created_at: "2026-09-01T04:00:00.000Z",
          url: "https://dars.example/calendar/SAMPLE.ics",
        })}
        revoke={async () => {}}
      />
      <OutcomeView outcome={OUTCOME} />
      <OutcomeView outcome={{ ...OUTCOME, clashes: [], clash_count: 0, skipped: [] }} />
      <PlanProblem error={new ApiError("bad-rule", 422)} />
      <div class="card">
        <RulesForm rules={{ automatic: true, margin_minutes: 15 }} save={async () => {}} />
      </div>
    </>
  );
}
