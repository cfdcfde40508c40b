/** Sends a voice note piece by piece, and goes on where it was cut off (docs/voice-notes-protocol.md). */
import { ApiError } from "./api";
import type { NewNote, NoteStatus } from "./notes";
import type { Acknowledgement, Command, CommandError } from "./questions";

/** Bytes of one piece: 5 s of a link of 24 kbit/s, and little to lose with it. */
export const PIECE = 16 * 1024;
/** Answers in a row that bring nothing further before we call it no answer. */
const STANDSTILL = 3;

/** Ms until a piece without an answer is given up: a link that needs longer is as good as none. */
const PATIENCE = 60_000;

/** What is kept of a recording until the server has it. */
export interface NoteArgs extends Record<string, unknown> {
  readonly sound: ArrayBuffer;
  /** Of the recording, in ms. */
  readonly length: number;
  /** Lesson position at which it was recorded, in ms. */
  readonly at: number | null;
}

/** What it needs of the HTTP interface. */
export interface NoteDoor {
  announceNote(lesson: string, note: NewNote): Promise<NoteStatus>;
  sendNotePiece(
    lesson: string,
    note: string,
    offset: number,
    piece: Uint8Array<ArrayBuffer>,
  ): Promise<NoteStatus>;
}

/** Send a note, from wherever it has come; null when no answer came. `told` hears the share sent, 0 to 1. */
export async function sendNote(
  door: NoteDoor,
  command: Command,
  told: (share: number) => void,
): Promise<Acknowledgement | null> {
  const { id, lesson } = command;
  const { sound, at } = command.args as NoteArgs;
  const size = sound.byteLength;
  try {
    let status = await door.announceNote(lesson, { id, size, ...(at === null ? {} : { at }) });
    let still = 0;
    while (status.state === "sending") {
      told(status.offset / size);
      const before = status.offset;
      const piece = new Uint8Array(sound.slice(before, before + PIECE));
      status = await sendPiece(door, command, status, piece);
      still = status.state === "sending" && status.offset <= before ? still + 1 : 0;
      if (still >= STANDSTILL) return null;
    }
    if (status.refusal !== null) return refused({ code: status.refusal, detail: "" });
    const { state, number, length } = status;
    return { ok: true, id, seq: null, result: { state, number, length } };
  } catch (error) {
    return answerOf(error);
  }
}

async function sendPiece(
  door: NoteDoor,
  { id, lesson }: Command,
  status: NoteStatus,
  piece: Uint8Array<ArrayBuffer>,
): Promise<NoteStatus> {
  try {
    return await inTime(door.sendNotePiece(lesson, id, status.offset, piece));
  } catch (error) {
    const offset = error instanceof ApiError && error.code === "offset-gap" && error.problem.offset;
    if (typeof offset !== "number") throw error;
    return { ...status, offset };
  }
}

/** Wait for an answer, but not for ever; the server takes a piece that arrives late for what it is. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ApiError("offline", 0)), PATIENCE);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Sort an error: no answer, or the server's word. */
function answerOf(error: unknown): Acknowledgement | null {
  if (!(error instanceof ApiError)) return null;
  // A proxy's page about a server that is away is no answer of the server.
  if (error.status === 0 || /^http-(?:408|429|5\d\d)$/.test(error.code)) return null;
  const { code, detail, retryAfter } = error;
  return refused({ code, detail, ...(retryAfter === null ? {} : { retry_after: retryAfter }) });
}

function refused(error: CommandError): Acknowledgement {
  return { ok: false, error };
}
