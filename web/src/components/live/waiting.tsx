/** What stands on a student's stage until the lesson begins. */
import { t } from "../../i18n";
import type { Lesson } from "../../protocol/types";
import { names } from "../names";
import { StageMessage } from "../stage";
import { Countdown } from "../time";

export default function Waiting({ lesson }: { lesson: Lesson }) {
  return (
    <StageMessage title={t().waitTitle} testid="waiting">
      {lesson.teachers.length > 0 && <p>{t().lessonBy(names(lesson.teachers))}</p>}
      {lesson.state === "practice" ? (
        <p class="soft">{t().practiceHint}</p>
      ) : (
        lesson.starts_at && <Countdown at={lesson.starts_at} />
      )}
      <p class="soft">{t().waitHint}</p>
    </StageMessage>
  );
}
