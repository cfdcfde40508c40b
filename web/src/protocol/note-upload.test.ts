import { describe, expect, it } from "vitest";
import { ApiError } from "./api";
import { type NoteDoor, PIECE, sendNote } from "./note-upload";
import { NOTE_SEND, type NoteStatus } from "./notes";

const SIZE = PIECE * 2 + 100;
const COMMAND = {
  id: "n1",
  lesson: "l",
  name: NOTE_SEND,
  args: { sound: new Uint8Array(SIZE).map((_, index) => index % 251).buffer, length: 900, at: 7 },
};

/** A server that keeps what arrives; `trouble` may answer instead of it. */
class Door implements NoteDoor {
  here: number[] = [];
  asked: string[] = [];
  state: NoteStatus["state"] = "sending";
  trouble: (call: string) => void = () => {};

  #status(): NoteStatus {
    const ready = this.state === "ready";
    return {
      id: "n1",
      state: this.state,
      size: SIZE,
      offset: this.here.length,
      number: ready ? 4 : null,
      length: ready ? 900 : null,
      refusal: null,
    };
  }

  async announceNote(_: string, note: { size: number; at?: number }) {
    this.asked.push(`announce ${note.size} at ${note.at}`);
    this.trouble("announce");
    return this.#status();
  }

  async sendNotePiece(_: string, __: string, offset: number, piece: Uint8Array<ArrayBuffer>) {
    this.asked.push(`piece ${offset}`);
    this.trouble(`before ${offset}`);
    this.here.push(...piece.subarray(this.here.length - offset));
    if (this.here.length === SIZE) this.state = "ready";
    this.trouble(`after ${offset}`);
    return this.#status();
  }
}

describe("sending a voice note", () => {
  it("announces it with its place in the lesson, sends every byte once, tells how far it is", async () => {
    const door = new Door();
    const shares: number[] = [];
    const answer = await sendNote(door, COMMAND, (share) => shares.push(share));
    expect(answer).toEqual({
      ok: true,
      id: "n1",
      seq: null,
      result: { state: "ready", number: 4, length: 900 },
    });
    expect(door.asked[0]).toBe(`announce ${SIZE} at 7`);
    expect(Uint8Array.from(door.here).buffer).toEqual(COMMAND.args.sound);
    expect(shares).toEqual([0, PIECE / SIZE, (2 * PIECE) / SIZE]);
  });

  it("is no answer when the network goes, and goes on from there the next time", async () => {
    const door = new Door();
    door.trouble = (call) => {
      if (call === `after ${PIECE}`) throw new ApiError("offline", 0);
    };
    expect(await sendNote(door, COMMAND, () => {})).toBeNull();
    door.trouble = () => {};
    expect((await sendNote(door, COMMAND, () => {}))?.ok).toBe(true);
    expect(door.asked.slice(-2)).toEqual([`announce ${SIZE} at 7`, `piece ${2 * PIECE}`]);
    expect(door.here.length).toBe(SIZE);
  });

  it("asks for the check of a note that is whole and not checked yet", async () => {
    const door = new Door();
    door.here = [...new Uint8Array(COMMAND.args.sound)];
    expect((await sendNote(door, COMMAND, () => {}))?.ok).toBe(true);
    expect(door.asked).toEqual([`announce ${SIZE} at 7`, `piece ${SIZE}`]);
  });

  it("goes back to what the server says is there", async () => {
    const door = new Door();
    let told = false;
    door.trouble = (call) => {
      if (call !== `before ${PIECE}` || told) return;
      told = true;
      door.here.length = 10;
      throw new ApiError("offset-gap", 409, { offset: 10 });
    };
    expect((await sendNote(door, COMMAND, () => {}))?.ok).toBe(true);
    expect(Uint8Array.from(door.here).buffer).toEqual(COMMAND.args.sound);
  });

  it.each([
    ["not-sound", 422, null],
    ["too-many-notes", 429, 60],
    ["lesson-ended", 409, null],
  ] as const)("hands on the server's word %s", async (code, status, retryAfter) => {
    const door = new Door();
    door.trouble = () => {
      throw new ApiError(code, status, { detail: "no" }, retryAfter);
    };
    const error = { code, detail: "no", ...(retryAfter === null ? {} : { retry_after: 60 }) };
    expect(await sendNote(door, COMMAND, () => {})).toEqual({ ok: false, error });
  });

  it("does not take a proxy's page, or a server that stands still, for an answer", async () => {
    const away = new Door();
    away.trouble = () => {
      throw new ApiError("http-502", 502);
    };
    expect(await sendNote(away, COMMAND, () => {})).toBeNull();
    const stuck = new Door();
    stuck.sendNotePiece = async () => stuck.announceNote("l", { size: SIZE });
    expect(await sendNote(stuck, COMMAND, () => {})).toBeNull();
  });
});
