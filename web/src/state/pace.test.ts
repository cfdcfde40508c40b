import { describe, expect, it } from "vitest";
import { FARTHEST, FIRST_PACE, NEAREST, type Pace, pace } from "./pace";

/** Play at a pace for so many ms of which a look is taken ten times a second. */
function play(from: Pace, behind: number, ms: number): { pace: Pace; behind: number } {
  let now = pace(from, behind, false, 0);
  let left = behind;
  for (let at = 0; at < ms; at += 100) {
    left -= 100 * (now.rate - 1);
    now = pace(now, left, false, at);
  }
  return { pace: now, behind: left };
}

describe("keeping close behind a lesson", () => {
  it("plays as it comes within six seconds of live", () => {
    expect(pace(FIRST_PACE, 5_700, false, 0).rate).toBe(1);
  });

  it("hurries from farther behind until it is there, and no more after", () => {
    const caught = play(FIRST_PACE, 12_000, 120_000);
    expect(caught.behind).toBeGreaterThan(NEAREST - 100);
    expect(caught.behind).toBeLessThanOrEqual(NEAREST);
    expect(caught.pace.rate).toBe(1);
  });

  it("jumps where hurrying would take minutes", () => {
    expect(pace(FIRST_PACE, 40_000, false, 0)).toMatchObject({ jump: true, rate: 1 });
    expect(pace(FIRST_PACE, 20_000, false, 0).jump).toBe(false);
  });

  it("stays farther behind after each stop, to a limit, and leaves pictures out", () => {
    let now = pace(FIRST_PACE, NEAREST, false, 0);
    for (let stop = 1; stop <= 20; stop += 1) {
      now = pace(now, NEAREST, true, stop * 3_000);
      now = pace(now, NEAREST, true, stop * 3_000 + 1_000);
      expect(now.stops).toBe(stop);
      now = pace(now, NEAREST, false, stop * 3_000 + 2_000);
      if (stop === 1) expect(now).toMatchObject({ distance: NEAREST + 2_000, starved: false });
      if (stop === 2) expect(now.starved).toBe(true);
    }
    expect(now.distance).toBe(FARTHEST);
  });

  it("comes nearer again when it has not stopped for a minute", () => {
    const stopped = pace(FIRST_PACE, NEAREST, true, 1_000);
    const plays = pace(stopped, NEAREST, false, 2_000);
    expect(pace(plays, NEAREST, false, 60_000).distance).toBeGreaterThan(NEAREST);
    expect(pace(plays, NEAREST, false, 62_000).distance).toBe(NEAREST);
  });
});
