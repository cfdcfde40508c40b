/** The days of the timetable with their lessons. */
import { language, t } from "../../i18n";
import { dateText, weekdayName } from "../../i18n/dates";
import { s } from "../../i18n/timetable";
import type { Classroom, Holiday, PlannedLesson } from "../../protocol/timetable";
import { serverNow, timeZone } from "../../state/app";
import { type Day, hoursText, weekdayOf } from "../../state/timetable-view";
import { Button, StateBadge } from "../basics";
import { names } from "../names";
import { UserText } from "../user-text";

interface Shown {
  classrooms: readonly Classroom[];
  holidays: readonly Holiday[];
  today: string;
  onEdit: (lesson: PlannedLesson) => void;
  /** For those who keep the holidays. */
  onWorkday?: ((day: string) => void) | undefined;
}

function Entry({ lesson, shown }: { lesson: PlannedLesson; shown: Shown }) {
  const room = shown.classrooms.find(({ id }) => id === lesson.classroom);
  const canEdit = lesson.state === "scheduled" && lesson.rights.includes("teach");
  return (
    <li class="timetable-entry" data-testid="timetable-entry">
      <p class="timetable-hours">
        {lesson.starts_at && hoursText(lesson.starts_at, lesson.ends_at, timeZone.value)}
        {lesson.state !== "scheduled" && <StateBadge state={lesson.state} />}
        {canEdit && (
          <Button
            look="quiet"
            icon="edit"
            label={`${s().edit}: ${lesson.title}`}
            testid="timetable-edit"
            onClick={() => shown.onEdit(lesson)}
          />
        )}
      </p>
      <a href={`/lessons/${lesson.id}`}>
        <UserText>{lesson.title}</UserText>
      </a>
      <p class="soft">
        {[lesson.course?.title, room?.name, names(lesson.teachers)].filter(Boolean).join(" · ")}
      </p>
    </li>
  );
}

function DayColumn({ day, shown }: { day: Day; shown: Shown }) {
  const holiday = shown.holidays.find((each) => each.day === day.day);
  const words = dateText(day.day, serverNow(), timeZone.value, language.value);
  const isToday = day.day === shown.today;
  return (
    <section class="timetable-day" aria-current={isToday ? "date" : undefined}>
      <h2>
        <span>{weekdayName(weekdayOf(day.day), language.value)}</span>{" "}
        <span class="soft">
          {words}
          {isToday && ` · ${t().today}`}
        </span>
      </h2>
      {holiday && (
        <div class="timetable-holiday">
          <p>
            {s().holiday}: <UserText>{holiday.name}</UserText>
          </p>
          {shown.onWorkday && (
            <Button look="quiet" onClick={() => shown.onWorkday?.(day.day)}>
              {s().notHoliday}
              <span class="visually-hidden">: {words}</span>
            </Button>
          )}
        </div>
      )}
      {day.lessons.length === 0 ? (
        <p class="soft">{s().nothing}</p>
      ) : (
        <ul>
          {day.lessons.map((lesson) => (
            <Entry key={lesson.id} lesson={lesson} shown={shown} />
          ))}
        </ul>
      )}
    </section>
  );
}

export function Days({ days, view, ...shown }: Shown & { days: readonly Day[]; view: string }) {
  return (
    <div class={`timetable timetable-${view}`}>
      {days.map((day) => (
        <DayColumn key={day.day} day={day} shown={shown} />
      ))}
    </div>
  );
}
