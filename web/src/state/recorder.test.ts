import { describe, expect, it } from "vitest";
import { NOTE_MAX, recordingProblem, recordingType } from "./recorder";

describe("a recording", () => {
  it.each([
    ["Chromium and Firefox", ["audio/webm;codecs=opus"], "audio/webm;codecs=opus"],
    ["a new Safari", ["audio/mp4", "audio/mp4;codecs=opus"], "audio/mp4;codecs=opus"],
    ["an old Safari", ["audio/mp4"], "audio/mp4"],
    ["a browser of something else", ["audio/ogg"], null],
  ])("of %s has the container that both sides know", (_, supported, type) => {
    expect(recordingType((each) => supported.includes(each))).toBe(type);
  });

  it.each([
    ["a touch by chance", 200, 900, "short"],
    ["nothing at all", 2_000, 0, "failed"],
    ["more than the server takes", NOTE_MAX, 300_000, "large"],
    ["half a minute of speech", NOTE_MAX, 95_000, null],
  ] as const)("that is %s is judged before it is sent", (_, length, size, problem) => {
    expect(recordingProblem(length, size)).toBe(problem);
  });
});
