/** The hands of a lesson for as long as its page follows it. */
import { useEffect, useMemo } from "preact/hooks";
import type { LessonSocket } from "../../protocol/socket";
import type { Lesson } from "../../protocol/types";
import { expose } from "../../state/debug";
import { HandRoom } from "../../state/hands";
import { plainHands } from "../../state/hands-reducer";
import { roomOf } from "../questions/room";

const rooms = new WeakMap<LessonSocket, HandRoom>();

function handRoomOf(lesson: Lesson, socket: LessonSocket): HandRoom {
  const known = rooms.get(socket);
  if (known) return known;
  const line = roomOf(lesson, socket, lesson.rights.includes("moderate"));
  const room = new HandRoom(line, socket);
  rooms.set(socket, room);
  room.open();
  return room;
}

/** Give the hands of the lesson that a socket follows. */
export function useHands(lesson: Lesson, socket: LessonSocket): HandRoom {
  const room = useMemo(() => handRoomOf(lesson, socket), [socket]);
  useEffect(
    () => expose({ hands: () => plainHands(room.hands.value), guest: () => room.guest.pc }),
    [room],
  );
  return room;
}
