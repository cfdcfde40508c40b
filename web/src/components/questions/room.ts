/** The questions of a lesson for as long as its page follows it. */
import { useEffect, useMemo } from "preact/hooks";
import type { LessonSocket } from "../../protocol/socket";
import type { Lesson } from "../../protocol/types";
import { person } from "../../state/app";
import { expose } from "../../state/debug";
import { QuestionRoom } from "../../state/questions";
import { plain } from "../../state/questions-reducer";

/** One room for each socket: hiding the questions and showing them again loses nothing. */
const rooms = new WeakMap<LessonSocket, QuestionRoom>();

/** Give the one room of a socket, opened. */
export function roomOf(lesson: Lesson, socket: LessonSocket, teacher: boolean): QuestionRoom {
  const known = rooms.get(socket);
  if (known) return known;
  const viewer = { person: person.value?.id ?? null, teacher };
  const room = new QuestionRoom(lesson.id, viewer, socket);
  rooms.set(socket, room);
  room.open();
  return room;
}

/** Give the questions of the lesson that a socket follows. */
export function useRoom(lesson: Lesson, socket: LessonSocket, teacher: boolean): QuestionRoom {
  const room = useMemo(() => roomOf(lesson, socket, teacher), [socket]);
  useEffect(() => expose({ questions: () => plain(room.questions.value) }), [room]);
  return room;
}
