import { describe, expect, it } from "vitest";
import { reportOf, type Sample, sampleOf } from "./stats";

const ALL = { voice: true, picture: true };

function sample(parts: Partial<Sample> = {}): Sample {
  return { ...sampleOf([], 0), ...parts };
}

describe("a report to the server", () => {
  const before = sample({ at: 0, received: 1000, lost: 10, sound: 500, framesDecoded: 100 });

  it("tells what arrived since the last one", () => {
    const after = sample({
      at: 5000,
      received: 1090,
      lost: 20,
      sound: 600,
      framesDecoded: 150,
      roundTrip: 0.1,
      bufferDelay: 20,
      bufferCount: 100,
    });
    expect(reportOf(before, after, ALL)).toEqual({
      loss: 0.1,
      rtt: 100,
      delay: 250,
      sound: true,
      frames: 50,
    });
  });

  it("tells of silence only where there is a voice, and of no picture only where there is one", () => {
    const after = { ...before, at: 5000 };
    expect(reportOf(before, after, ALL)).toMatchObject({ sound: false, frames: 0 });
    const nobody = { voice: false, picture: false };
    expect(reportOf(before, after, nobody)).toMatchObject({ sound: null, frames: null });
  });

  it("tells that nothing arrives without a connection", () => {
    expect(reportOf(before, null, ALL)).toEqual({
      loss: 1,
      rtt: null,
      delay: null,
      sound: false,
      frames: 0,
    });
  });

  it("begins anew with a new connection and stays within what the server takes", () => {
    const after = sample({ received: 5, sound: 5, framesDecoded: 99_999, roundTrip: 1e9 });
    expect(reportOf(before, after, ALL)).toMatchObject({
      loss: 0,
      rtt: 60_000,
      sound: true,
      frames: 10_000,
    });
  });

  it("counts the packets of sound apart", () => {
    const entries = [
      { type: "inbound-rtp", kind: "audio", packetsReceived: 7 },
      { type: "inbound-rtp", kind: "video", packetsReceived: 9 },
    ];
    expect(sampleOf(entries, 0)).toMatchObject({ received: 16, sound: 7 });
  });
});
