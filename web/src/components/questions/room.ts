/** The questions of a lesson for as long as a part of a page shows them. */
import { useEffect, useMemo } from "preact/hooks";
import type { LessonSocket } from "../../protocol/socket";
import type { Lesson } from "../../protocol/types";
import { person } from "../../state/app";
import { expose } from "../../state/debug";
import { QuestionRoom } from "../../state/questions";
import { plain } from "../../state/questions-reducer";

/** Make the room of a lesson for as long as its part of the page is there. */
export function useRoom(lesson: Lesson, socket: LessonSocket, teacher: boolean): QuestionRoom {
  const who = person.value?.id ?? null;
  const room = useMemo(
    () => new QuestionRoom(lesson.id, { person: who, teacher }, socket),
    [lesson.id, who, teacher, socket],
  );
  useEffect(() => {
    room.open();
    expose({ questions: () => plain(room.questions.value) });
    return () => room.close();
  }, [room]);
  return room;
}
