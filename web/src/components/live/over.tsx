/** What stands on a student's stage when the lesson is over. */
import { t } from "../../i18n";
import type { Lesson } from "../../protocol/types";
import { LinkButton } from "../basics";
import { useLater } from "../questions/later";
import { StageMessage } from "../stage";
import type { Classroom } from "./classroom";

/** The recording: by itself for those who were here until the end, by a tap for those who come later. */
function Onward({ room, lesson }: { room: Classroom; lesson: Lesson }) {
  const Later = useLater(() => import("../rewind/onward"));
  return Later && <Later room={room} lesson={lesson} />;
}

export default function Over({ room, lesson }: { room: Classroom; lesson: Lesson }) {
  const stayed = room.live.watching.value;
  return (
    <StageMessage title={t().endedTitle} testid="ended">
      <p class="soft">{t().endedHint}</p>
      {stayed && <Onward room={room} lesson={lesson} />}
      {!stayed && lesson.rights.includes("replay") && (
        <LinkButton
          look="primary"
          icon="play"
          href={`/lessons/${lesson.id}/replay`}
          testid="to-replay"
        >
          {t().watchReplay}
        </LinkButton>
      )}
      <LinkButton href={lesson.course ? `/courses/${lesson.course.id}` : "/"}>
        {lesson.course ? lesson.course.title : t().toStart}
      </LinkButton>
    </StageMessage>
  );
}
