import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Listening, type Player, streamOf } from "./listening";

class FakePlayer implements Player {
  src = "";
  currentTime = 0;
  ended = false;
  opened = 0;
  play = async () => {
    this.opened += 1;
  };
  pause = () => {};
  load = () => {};
  removeAttribute = () => {
    this.src = "";
  };
}

describe("listening", () => {
  let player: FakePlayer;
  let over: boolean;
  let listening: Listening;

  beforeEach(() => {
    vi.useFakeTimers();
    player = new FakePlayer();
    over = false;
    const isOver = async () => over;
    listening = new Listening(player, "/recordings/one/listen.webm", isOver, () => 0.5);
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("opens the stream, and closes it while it is paused", () => {
    listening.play();
    expect([listening.state.value, player.src]).toEqual([
      "connecting",
      "/recordings/one/listen.webm",
    ]);
    listening.onPlaying();
    expect(listening.state.value).toBe("playing");
    listening.stop();
    expect([listening.state.value, player.src]).toEqual(["idle", ""]);
  });

  it("is closed when the phone pauses it, and not when the stream ends", () => {
    listening.play();
    listening.onPlaying();
    player.ended = true;
    listening.onPause();
    expect(listening.state.value).toBe("playing");
    player.ended = false;
    listening.onPause();
    expect(listening.state.value).toBe("idle");
  });

  it("is opened again after it broke off, later each time, and at once after it was heard", async () => {
    listening.play();
    listening.onBroken();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(player.opened).toBe(2);
    listening.onBroken();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(player.opened).toBe(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(player.opened).toBe(3);
    listening.onPlaying();
    listening.onBroken();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(player.opened).toBe(4);
  });

  it("ends with the lesson", async () => {
    listening.play();
    listening.onPlaying();
    over = true;
    listening.onBroken();
    await vi.advanceTimersByTimeAsync(2_000);
    expect([listening.state.value, player.opened]).toEqual(["over", 1]);
    listening.play();
    expect(player.opened).toBe(1);
  });

  it("is not opened again by a retry after somebody stopped it", async () => {
    listening.play();
    listening.onBroken();
    listening.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([listening.state.value, player.opened]).toEqual(["idle", 1]);
  });

  it("is opened again when nothing is heard though nobody said so", async () => {
    listening.play();
    listening.onPlaying();
    for (let second = 1; second <= 20; second += 1) {
      player.currentTime = second;
      listening.look();
    }
    for (let look = 0; look < 4; look += 1) listening.look();
    expect(listening.state.value).toBe("connecting");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(player.opened).toBe(2);
  });
});

it("a browser without Opus in WebM hears AAC", () => {
  expect(streamOf("one", () => "probably")).toBe("/recordings/one/listen.webm");
  expect(streamOf("one", () => "")).toBe("/recordings/one/listen.aac");
});
