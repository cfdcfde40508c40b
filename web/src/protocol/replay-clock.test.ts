import { describe, expect, it } from "vitest";
import type { RunEntry } from "./recording";
import { TrackParts } from "./recording-index";
import { afterHole, caughtUp, follow, leader, parseTime, timeParameter } from "./replay-clock";
import { afterSilence, silences } from "./silence";

const RUN: RunEntry = {
  type: "run",
  run: "voice-0001",
  track: "voice",
  codec: "opus",
  init: [0, 1],
};

function track(...sizes: [at: number, bytes: number][]): TrackParts {
  const made = new TrackParts();
  for (const [at, bytes] of sizes)
    made.add({ run: RUN, at, end: at + 1_000, bytes: [0, bytes], key: true });
  return made;
}

describe("a picture that follows the voice", () => {
  it("is left alone while nobody notices, walks back, and jumps when it is far off", () => {
    expect(follow(0.03, 1)).toEqual({ seek: false, rate: 1 });
    expect(follow(0.15, 1)).toEqual({ seek: false, rate: 0.9 });
    expect(follow(-0.15, 2)).toEqual({ seek: false, rate: 2.2 });
    expect(follow(-0.5, 1)).toEqual({ seek: true });
    expect(follow(0.5, 2)).toMatchObject({ seek: false });
  });
});

describe("the clock", () => {
  const voice = { track: "voice", parts: track([0, 9], [1_000, 9], [9_000, 9]) };
  const camera = { track: "camera", parts: track([0, 9], [1_000, 9], [2_000, 9]) };

  it("is led by the first track that has something there", () => {
    expect([500, 2_500, 4_000, 9_500].map((at) => leader([voice, camera], at))).toEqual([
      "voice",
      "camera",
      null,
      "voice",
    ]);
  });

  it("goes on after a hole, and knows when nothing follows", () => {
    expect(afterHole([voice, camera], 4_000)).toBe(9_000);
    expect(afterHole([voice, camera], 10_000)).toBeNull();
  });

  it("arrives at the live edge", () => {
    expect(caughtUp(55_000, 60_000)).toBe(false);
    expect(caughtUp(57_500, 60_000)).toBe(true);
  });
});

describe("times in addresses", () => {
  it.each([
    ["1h2m3s", 3_723_000],
    ["2m", 120_000],
    ["90", 90_000],
    ["90s", 90_000],
    ["1:02:03", 3_723_000],
    ["", null],
    ["soon", null],
    ["-5", null],
    ["1m1h", null],
    ["9999999999999h", null],
  ])("%s", (text, position) => {
    expect(parseTime(text)).toBe(position);
  });

  it("are written as they are read", () => {
    for (const at of [0, 59_000, 60_000, 3_723_000]) expect(parseTime(timeParameter(at))).toBe(at);
    expect(timeParameter(3_723_900)).toBe("1h2m3s");
  });
});

describe("silence", () => {
  const voice = track(
    ...[6_000, 6_200, 5_900, 900, 800, 850, 6_100, 700, 6_000, 6_000].map(
      (bytes, second): [number, number] => [second * 1_000, bytes],
    ),
  );

  it("is where the voice needs few bytes for a while; a short pause stays", () => {
    expect(silences(voice)).toEqual([{ at: 3_300, to: 5_700 }]);
  });

  it("is jumped over from within", () => {
    const pauses = silences(voice);
    expect([3_000, 3_300, 5_000, 5_700].map((at) => afterSilence(pauses, at))).toEqual([
      null,
      5_700,
      5_700,
      null,
    ]);
  });

  it("is not found in a voice that always needs the same", () => {
    expect(silences(track([0, 60], [1_000, 60], [2_000, 60], [3_000, 60]))).toEqual([]);
  });
});
