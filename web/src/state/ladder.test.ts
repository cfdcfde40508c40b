import { describe, expect, it } from "vitest";
import {
  AT_THE_DOOR,
  type Effect,
  HOLD,
  LAST_CHANCE,
  type Ladder,
  LEAST_PATIENCE,
  LOST_PATIENCE,
  look,
  MOST_PATIENCE,
  MOST_WAIT,
  nudged,
  type Sight,
  STEADY,
  TRY_TIME,
} from "./ladder";

const LOOKS = 250;
const NOTHING: Sight = {
  wanted: true,
  air: null,
  answered: false,
  reachable: true,
  recorded: true,
};
const ANSWERED: Sight = { ...NOTHING, answered: true };
const ON_AIR: Sight = { ...ANSWERED, air: "udp" };

/** Looks at a page four times a second, at a time that only the test moves. */
class Page {
  ladder: Ladder = AT_THE_DOOR;
  now = 0;
  readonly done: [at: number, effect: Effect][] = [];

  sees(sight: Sight, ms: number): this {
    for (const end = this.now + ms; this.now < end; this.now += LOOKS) {
      const { ladder, effect } = look(this.ladder, sight, this.now, 0.5);
      this.ladder = ladder;
      if (effect) this.done.push([this.now, effect]);
    }
    return this;
  }

  get effects(): Effect[] {
    return this.done.map(([, effect]) => effect);
  }

  /** When something was done last. */
  last(effect: Effect): number {
    return this.done.filter(([, each]) => each === effect).pop()?.[0] ?? Number.NaN;
  }
}

describe("the ladder of paths", () => {
  it("names the way that ICE has found", () => {
    for (const air of ["udp", "tcp", "turn"] as const) {
      expect(new Page().sees({ ...ON_AIR, air }, LOOKS).ladder.rung).toBe(air);
    }
  });

  it("falls to the web within four seconds of a tap where media is blocked and the server near", () => {
    const page = new Page().sees(NOTHING, 500).sees(ANSWERED, 8_000);
    expect(page.effects[0]).toBe("fall");
    expect(page.done[0]?.[0]).toBe(500 + LEAST_PATIENCE);
    expect(page.ladder.rung).toBe("web");
  });

  it("gives a slow network as many times as long as its answer took", () => {
    const page = new Page().sees(NOTHING, 3_000).sees(ANSWERED, 8_500);
    expect(page.effects).toEqual([]);
    expect(page.sees(ON_AIR, 60_000).effects).toEqual([]);
    const blocked = new Page().sees(NOTHING, 10_000).sees(ANSWERED, MOST_PATIENCE - LOOKS);
    expect(blocked.effects).toEqual([]);
    expect(blocked.sees(ANSWERED, 2 * LOOKS).effects).toEqual(["fall"]);
  });

  it("falls where the server does not answer the offer at all", () => {
    const page = new Page().sees(NOTHING, MOST_PATIENCE + 2 * LOOKS);
    expect(page.effects).toEqual(["fall"]);
  });

  it("falls within four seconds where what came stops, and not before", () => {
    const page = new Page().sees(ON_AIR, 60_000).sees(ANSWERED, LOST_PATIENCE);
    expect(page.effects).toEqual([]);
    expect(page.sees(ANSWERED, 2 * LOOKS).effects).toEqual(["fall"]);
  });

  it("forgives a silence that ends by itself", () => {
    const page = new Page();
    for (let n = 0; n < 20; n += 1) page.sees(ON_AIR, 1_000).sees(ANSWERED, LOST_PATIENCE - LOOKS);
    expect(page.effects).toEqual([]);
  });

  it("stays where it is while there is no recording", () => {
    const page = new Page().sees({ ...ANSWERED, recorded: false }, 60_000);
    expect(page.effects).toEqual([]);
    expect(page.sees(ANSWERED, LOOKS).effects).toEqual(["fall"]);
  });

  it("gives a connection the same time after the whole network was gone", () => {
    const page = new Page().sees(ON_AIR, 60_000).sees({ ...ANSWERED, reachable: false }, 60_000);
    page.sees(NOTHING, 1_000).sees(ANSWERED, LOST_PATIENCE);
    expect(page.effects).toEqual([]);
    expect(page.sees(ANSWERED, 2 * LOOKS).effects).toEqual(["fall"]);
  });

  it("waits for nothing while nothing is on air or somebody rewinds", () => {
    expect(new Page().sees({ ...ANSWERED, wanted: false }, 600_000).effects).toEqual([]);
    const page = new Page().sees(ANSWERED, 5_000).sees({ ...ANSWERED, wanted: false }, 600_000);
    expect(page.effects).toEqual(["fall"]);
    expect(page.ladder.rung).toBe("web");
  });
});

describe("on the web", () => {
  const fallen = () => new Page().sees(ANSWERED, LEAST_PATIENCE + LOOKS);

  it("lets the connection go on for a while, then tries anew, less and less often", () => {
    const page = fallen();
    const fell = page.last("fall");
    page.sees(ANSWERED, 600_000);
    expect(page.effects.slice(0, 5)).toEqual(["fall", "rest", "try", "rest", "try"]);
    expect(page.done[1]?.[0]).toBe(fell + LAST_CHANCE);
    const tries = page.done.filter(([, effect]) => effect === "try").map(([at]) => at);
    expect(tries[0]).toBeLessThanOrEqual(fell + LAST_CHANCE + 3_000);
    const waits = tries.slice(1).map((at, n) => at - (tries[n] ?? 0) - TRY_TIME);
    expect([...waits].sort((a, b) => a - b)).toEqual(waits);
    expect(Math.max(...waits)).toBeLessThanOrEqual(MOST_WAIT * 1.25);
  });

  it("climbs once media has come for a moment", () => {
    const page = fallen().sees(ON_AIR, HOLD);
    expect(page.effects).toEqual(["fall"]);
    page.sees(ON_AIR, LOOKS);
    expect(page.effects).toEqual(["fall", "climb"]);
    expect(page.ladder.rung).toBe("udp");
  });

  it("does not climb for media that comes and goes", () => {
    const page = fallen();
    for (let n = 0; n < 50; n += 1) page.sees(ON_AIR, HOLD - LOOKS).sees(ANSWERED, LOOKS);
    expect(page.effects).not.toContain("climb");
  });

  it("does not flap: after each fall the next try comes later, until it has stayed up for long", () => {
    const page = fallen();
    const waited: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      page.sees(ANSWERED, LAST_CHANCE);
      const rested = page.now;
      while (page.effects[page.effects.length - 1] !== "try") page.sees(ANSWERED, LOOKS);
      waited.push(page.now - rested);
      page.sees(ON_AIR, 10_000).sees(ANSWERED, LOST_PATIENCE + LOOKS);
    }
    expect(waited[5]).toBeGreaterThan(10 * (waited[0] ?? 0));
    page.sees(ON_AIR, HOLD + STEADY + 2 * LOOKS);
    expect(page.ladder.falls).toBe(0);
  });

  it("tries at once when the network has changed", () => {
    const page = fallen().sees(ANSWERED, 200_000);
    while (page.ladder.trying) page.sees(ANSWERED, LOOKS);
    page.ladder = nudged(page.ladder, page.now);
    const before = page.done.length;
    page.sees(ANSWERED, LOOKS);
    expect(page.effects.slice(before)).toEqual(["try"]);
    expect(nudged(AT_THE_DOOR, 5)).toBe(AT_THE_DOOR);
  });

  it("spreads the tries of a class", () => {
    const { ladder } = fallen();
    const at = (random: number) =>
      look(ladder, ANSWERED, ladder.deadline, random).ladder.deadline - ladder.deadline;
    expect(at(0.99)).toBeGreaterThan(1.4 * at(0));
  });
});
