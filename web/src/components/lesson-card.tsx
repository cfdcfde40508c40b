/** One lesson in a list. */
import { t } from "../i18n";
import { durationText } from "../i18n/dates";
import type { OfferedReplay } from "../protocol/recording";
import type { Lesson } from "../protocol/types";
import { StateBadge } from "./basics";
import { Icon } from "./icon";
import { names } from "./names";
import { When } from "./time";
import { UserText } from "./user-text";

/** Ms before its end at which a replay counts as seen to the end, as the replay itself counts it. */
const NEARLY_OVER = 30_000;

/** Say where somebody left a replay, in ms; null at its beginning, at its end, or before any of it. */
export function leftAt(replay: OfferedReplay | undefined): number | null {
  const at = replay?.progress?.position ?? 0;
  if (!replay || replay.progress?.watched) return null;
  return at > replay.from && at < replay.length - NEARLY_OVER ? at : null;
}

function Seen({ replay }: { replay: OfferedReplay }) {
  const length = replay.length - replay.from;
  const share = Math.min(1, (replay.progress?.seen ?? 0) / Math.max(1, length));
  const percent = Math.round(100 * share);
  return (
    <>
      <span data-testid="replay-length">
        <Icon name="play" /> {t().replayLength(durationText(length / 1_000))}
      </span>
      {replay.progress?.watched ? (
        <span class="seen-all" data-testid="replay-seen">
          <Icon name="success" /> {t().replayWatched}
        </span>
      ) : (
        percent > 0 && (
          <span class="seen-some" data-testid="replay-seen">
            <span class="seen-bar" aria-hidden="true">
              <span style={{ width: `${percent}%` }} />
            </span>
            {t().replaySeen(percent)}
          </span>
        )
      )}
    </>
  );
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
  const left = leftAt(lesson.replay);
  const watch = left === null ? t().watchReplay : t().continueAt(durationText(left / 1_000));
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
          {lesson.replay && <Seen replay={lesson.replay} />}
        </p>
      </div>
      {ended && lesson.rights.includes("replay") && (
        <div class="card-actions">
          <a
            class="button button-plain"
            href={`/lessons/${lesson.id}/replay`}
            aria-label={`${watch}: ${lesson.title}`}
            data-testid="to-replay"
          >
            <Icon name="play" />
            <span>{watch}</span>
          </a>
        </div>
      )}
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
