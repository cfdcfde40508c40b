/** One lesson in a list. */
import { t } from "../i18n";
import type { Lesson } from "../protocol/types";
import { StateBadge } from "./basics";
import { Icon } from "./icon";
import { When } from "./time";
import { UserText } from "./user-text";

export function names(people: readonly { name: string }[]): string {
  return people.map((each) => each.name).join(", ");
}

export function LessonCard({
  lesson,
  showCourse = true,
}: {
  lesson: Lesson;
  showCourse?: boolean;
}) {
  const teaches = lesson.rights.includes("teach") || lesson.rights.includes("publish");
  const ended = lesson.state === "ended";
  const above = lesson.course && showCourse ? lesson.course.title : null;
  return (
    <article class="card lesson-card" data-testid="lesson-card">
      <div class="card-main">
        <p class="card-above">
          <StateBadge state={lesson.state} />
          {lesson.public && <span>{t().publicEvent}</span>}
          {above && <UserText>{above}</UserText>}
        </p>
        <h3 class="card-title">
          <a href={`/lessons/${lesson.id}`}>
            <UserText>{lesson.title}</UserText>
          </a>
        </h3>
        <p class="card-below soft">
          {(lesson.started_at ?? lesson.starts_at) && (
            <span>
              <Icon name="clock" /> <When at={lesson.started_at ?? lesson.starts_at} />
            </span>
          )}
          {lesson.teachers.length > 0 && <span>{t().taughtBy(names(lesson.teachers))}</span>}
        </p>
      </div>
      {!ended && (
        <div class="card-actions">
          {teaches && (
            <a
              class="button button-plain"
              href={`/lessons/${lesson.id}/teach`}
              aria-label={`${t().teach}: ${lesson.title}`}
            >
              <Icon name="camera" />
              <span>{t().teach}</span>
            </a>
          )}
          {lesson.state === "live" && (
            <a
              class="button button-primary"
              href={`/lessons/${lesson.id}`}
              aria-label={`${t().watch}: ${lesson.title}`}
            >
              <Icon name="play" />
              <span>{t().watch}</span>
            </a>
          )}
        </div>
      )}
    </article>
  );
}
