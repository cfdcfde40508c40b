import { describe, expect, it } from "vitest";
import { CAMERA_ENCODING, encodings, GUEST_ENCODING, SCREEN_ENCODING } from "./whip";

const HD = { width: 1280, height: 720 };

describe("how a picture is encoded", () => {
  it("sends a camera in three sizes, smallest first as browsers want it", () => {
    const sent = encodings(CAMERA_ENCODING, HD);
    expect(sent.map((one) => one.rid)).toEqual(["low", "mid", "high"]);
    expect(sent.map((one) => one.scaleResolutionDownBy)).toEqual([4, 2, 1]);
    expect(sent.map((one) => one.maxFramerate)).toEqual([30, 30, 30]);
  });

  it("never asks for more sizes than the browser sends, for it would leave out the largest", () => {
    const names = (width: number, height: number) =>
      encodings(CAMERA_ENCODING, { width, height }).map((one) => one.rid);
    expect(names(720, 1280)).toEqual(["low", "mid", "high"]);
    expect(names(640, 480)).toEqual(["mid", "high"]);
    expect(names(320, 240)).toEqual([undefined]);
    expect(encodings(CAMERA_ENCODING, {})).toEqual([{ maxBitrate: 1_200_000, maxFramerate: 30 }]);
  });

  it("keeps slides and guests in one size", () => {
    for (const encoding of [SCREEN_ENCODING, GUEST_ENCODING]) {
      const { maxBitrate, maxFramerate } = encoding;
      expect(encodings(encoding, HD)).toEqual([{ maxBitrate, maxFramerate }]);
    }
  });
});
