import { expect, test } from "vitest";
import { Resting, TRUST } from "./resting";

/** A sender that keeps what it was told. */
function senderOf(rids: readonly string[]) {
  let encodings: RTCRtpEncodingParameters[] = rids.map((rid) => ({ rid, active: true }));
  let changes = 0;
  return {
    getParameters: () => ({ encodings: encodings.map((each) => ({ ...each })) }),
    setParameters: (parameters: { encodings: RTCRtpEncodingParameters[] }) => {
      encodings = parameters.encodings;
      changes += 1;
      return Promise.resolve();
    },
    sends: () => encodings.filter((each) => each.active).map((each) => each.rid),
    changes: () => changes,
  };
}

/** A clock with at most one thing to come. */
function handClock() {
  let waiting: { ms: number; call: () => void } | null = null;
  return {
    now: () => 0,
    random: () => 0,
    after: (ms: number, call: () => void) => {
      const own = { ms, call };
      waiting = own;
      return () => {
        if (waiting === own) waiting = null;
      };
    },
    waiting: () => waiting,
  };
}

function scene(rids: readonly string[]) {
  const sender = senderOf(rids);
  const clock = handClock();
  const pc = { getSenders: () => [sender] } as unknown as RTCPeerConnection;
  return { sender, clock, resting: new Resting(() => pc, clock) };
}

test("what nobody wants is not sent, and is sent again at a word", () => {
  const { sender, clock, resting } = scene(["low", "mid", "high"]);
  resting.take(["mid", "high"]);
  expect(sender.sends()).toEqual(["low"]);
  resting.take(["mid"]);
  expect(sender.sends()).toEqual(["low", "high"]);
  resting.take([]);
  expect(sender.sends()).toEqual(["low", "mid", "high"]);
  expect(clock.waiting()).toBeNull();
});

test("the same word again changes nothing", () => {
  const { sender, resting } = scene(["low", "high"]);
  resting.take(["high"]);
  resting.take(["high"]);
  expect(sender.changes()).toBe(1);
});

test("everything is sent when the server says nothing for long", () => {
  const { sender, clock, resting } = scene(["low", "mid", "high"]);
  resting.take(["mid"]);
  expect(clock.waiting()?.ms).toBe(TRUST);
  clock.waiting()?.call();
  expect(sender.sends()).toEqual(["low", "mid", "high"]);
});

test("a picture in one size and the voice are left alone", () => {
  const { sender, resting } = scene([""]);
  resting.take(["high"]);
  expect(sender.changes()).toBe(0);
});
