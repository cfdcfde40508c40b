/** The teacher's desk of a lesson for as long as its page follows it. */
import { useMemo } from "preact/hooks";
import type { LessonSocket } from "../../protocol/socket";
import type { Lesson } from "../../protocol/types";
import { Desk } from "../../state/desk";
import { useHands } from "../hands/room";
import { useRoom } from "../questions/room";

/** One desk for each socket, as for its questions and hands. */
const desks = new WeakMap<LessonSocket, Desk>();

export function useDesk(lesson: Lesson, socket: LessonSocket): Desk {
  const room = useRoom(lesson, socket, true);
  const hands = useHands(lesson, socket);
  return useMemo(() => {
    const known = desks.get(socket);
    if (known) return known;
    const desk = new Desk(room, hands);
    desks.set(socket, desk);
    desk.open(socket);
    return desk;
  }, [socket]);
}
