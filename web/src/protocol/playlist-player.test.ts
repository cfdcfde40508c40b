import { describe, expect, it } from "vitest";
import { pictureAt, playlistUrl } from "./playlist-player";
import type { Picture, RunEntry } from "./recording";
import { TrackParts } from "./recording-index";

function wanted(track: Picture, ...seconds: number[]) {
  const run: RunEntry = { type: "run", run: `${track}-0001`, track, codec: "avc1", init: [0, 1] };
  const parts = new TrackParts();
  for (const second of seconds) {
    const at = second * 1_000;
    parts.add({ run, at, end: at + 1_000, bytes: [0, 9], key: true });
  }
  return { track, parts };
}

describe("the one picture where a browser has no Media Source", () => {
  const screen = wanted("screen", 0, 1, 5, 30);
  const camera = wanted("camera", 0, 1, 2, 3, 4, 5, 6, 7);
  const choose = (second: number, shown: Picture | null) =>
    pictureAt([screen, camera], second * 1_000, shown);

  it("is the first that is there", () => {
    expect(choose(0, null)).toBe("screen");
    expect(choose(2, null)).toBe("camera");
    expect(choose(5, "camera")).toBe("screen");
  });

  it("stays through a short absence, and where nothing is there at all", () => {
    expect(choose(2, "screen")).toBe("screen");
    expect(choose(6, "screen")).toBe("camera");
    expect(choose(20, "camera")).toBe("camera");
  });

  it("is none where only the voice is wanted", () => {
    expect(pictureAt([], 0, "screen")).toBeNull();
    expect(playlistUrl("7", null)).toBe("/recordings/7/audio.m3u8");
    expect(playlistUrl("7", "camera")).toBe("/recordings/7/index.m3u8?picture=camera");
  });
});
