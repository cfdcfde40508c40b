import { describe, expect, it } from "vitest";
import type { IndexEntry, PartsEntry, RunEntry } from "./recording";
import { holesOf, RecordingIndex } from "./recording-index";

const run = (name: string, track: RunEntry["track"]): RunEntry => ({
  type: "run",
  run: name,
  track,
  codec: track === "voice" ? "opus" : "avc1.42e01f",
  init: [0, 700],
});

/** Parts of 1 s and 1,000 bytes, one after the other; every fourth begins with a keyframe. */
function parts(name: string, from: number, count: number, offset = 700): PartsEntry {
  const numbers = Array.from({ length: count }, (_, number) => number);
  return {
    type: "parts",
    run: name,
    at: from,
    offset,
    lengths: numbers.map(() => 1_000),
    sizes: numbers.map(() => 1_000),
    ...(name.startsWith("voice") ? {} : { keys: numbers.filter((number) => number % 4 === 0) }),
  };
}

function indexOf(...entries: IndexEntry[]): RecordingIndex {
  const index = new RecordingIndex();
  index.add(entries);
  return index;
}

const nothing = () => false;

describe("what is fetched next", () => {
  const index = indexOf(
    run("camera-0001", "camera"),
    parts("camera-0001", 0, 10),
    run("camera-0002", "camera"),
    parts("camera-0002", 40_000, 4),
  );
  const camera = index.track("camera");

  it("begins with the keyframe before the position, and joins neighbours into one request", () => {
    const request = camera.request(6_500, 20_000, 3_000, nothing);
    expect(request).toMatchObject({ from: 4_700, to: 7_700 });
    expect(request?.parts.map((part) => part.at)).toEqual([4_000, 5_000, 6_000]);
  });

  it("goes on after what is there, and stops where enough is there", () => {
    const have = (part: { at: number }) => part.at < 7_000;
    expect(camera.request(6_500, 20_000, 8_000, have)?.parts[0]?.at).toBe(7_000);
    expect(camera.request(4_500, 2_000, 8_000, have)).toBeNull();
  });

  it("does not join over the end of a run, and takes what follows a hole when it is near", () => {
    const have = (part: { run: RunEntry }) => part.run.run === "camera-0001";
    expect(camera.request(8_000, 20_000, 8_000, have)).toBeNull();
    const request = camera.request(30_000, 20_000, 8_000, nothing);
    expect(request).toMatchObject({ run: { run: "camera-0002" }, from: 700, to: 4_700 });
  });

  it("asks for nothing beyond the end", () => {
    expect(camera.request(60_000, 20_000, 8_000, nothing)).toBeNull();
    expect(index.track("screen").request(0, 20_000, 8_000, nothing)).toBeNull();
  });

  it("needs no keyframe in a voice", () => {
    const voice = indexOf(run("voice-0001", "voice"), parts("voice-0001", 0, 10)).track("voice");
    expect(voice.request(6_500, 20_000, 2_000, nothing)?.parts[0]?.at).toBe(6_000);
  });

  it("keeps what the picture being shown is decoded from", () => {
    expect(camera.entryTime(7_900)).toBe(4_000);
    expect(camera.entryTime(41_000)).toBe(40_000);
  });
});

describe("holes", () => {
  const index = indexOf(
    run("voice-0001", "voice"),
    parts("voice-0001", 0, 5),
    run("screen-0001", "screen"),
    parts("screen-0001", 2_000, 6),
    run("voice-0002", "voice"),
    parts("voice-0002", 30_000, 2),
    { type: "gap", track: "voice", at: 5_000, for: 25_000, why: "source" },
    { type: "end", at: 32_000 },
  );

  it("are where no track has anything", () => {
    expect(holesOf(index)).toEqual([{ at: 8_000, to: 30_000 }]);
  });

  it("are known of each track", () => {
    const voice = index.track("voice");
    expect([0, 4_999, 5_000, 29_999, 30_000, 32_000].map((at) => voice.covers(at))).toEqual([
      true,
      true,
      false,
      false,
      true,
      false,
    ]);
    expect(voice.nextStart(10_000)).toBe(30_000);
    expect(voice.nextStart(31_000)).toBeNull();
    expect(index).toMatchObject({ edge: 32_000, ended: true });
  });

  it("come to be where something can not be decoded", () => {
    const voice = indexOf(run("voice-0001", "voice"), parts("voice-0001", 0, 10)).track("voice");
    voice.leaveOut(5_500, 6_500);
    expect(voice.stretches).toEqual([
      { at: 0, to: 5_000 },
      { at: 7_000, to: 10_000 },
    ]);
    expect(voice.request(5_500, 20_000, 8_000, nothing)?.parts[0]?.at).toBe(7_000);
  });

  it("are not the seams of clocks", () => {
    const later = parts("voice-0001", 1_120, 1, 1_700);
    const seamed = indexOf(run("voice-0001", "voice"), parts("voice-0001", 0, 1), later);
    expect(seamed.track("voice").stretches).toEqual([{ at: 0, to: 2_120 }]);
  });
});

describe("an index", () => {
  it("passes over what it does not know, and parts of runs it was not told of", () => {
    const index = indexOf(parts("camera-0009", 0, 2), {
      type: "later",
    } as unknown as IndexEntry);
    expect(index.edge).toBe(0);
  });

  it("says which picture is seen, and which comes next, however late it was told", () => {
    const still = (number: number, at: number) =>
      ({ type: "still", number, at, widths: [320] }) as const;
    const index = indexOf(still(1, 1_000), still(3, 9_000), still(2, 5_000));
    const numbers = [500, 1_000, 6_000, 20_000].map((position) => {
      const { now, next } = index.seen(position);
      return [now?.number, next?.number];
    });
    expect(numbers).toEqual([
      [undefined, 1],
      [1, 2],
      [2, 3],
      [3, undefined],
    ]);
  });

  it("puts a part that comes late where it belongs", () => {
    const first = parts("voice-0001", 0, 1);
    const second = parts("voice-0001", 1_000, 1, 1_700);
    const voice = indexOf(run("voice-0001", "voice"), second, first).track("voice");
    expect(voice.parts.map((part) => part.at)).toEqual([0, 1_000]);
    expect(voice.stretches).toEqual([{ at: 0, to: 2_000 }]);
  });
});
