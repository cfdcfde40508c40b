import { describe, expect, it } from "vitest";
import { type Hand, isOfHands } from "../protocol/hands";
import type { LessonEvent } from "../protocol/types";
import {
  applyHands,
  type Hands,
  inOrder,
  joinHands,
  LINK_PATIENCE,
  LINK_PROOF,
  NO_HANDS,
  onAir,
  ownHand,
  placeOf,
  plainHands,
  SPEECH_PATIENCE,
  type TestFacts,
  verdictOf,
} from "./hands-reducer";

const SETTINGS = { paused: false, limit: 120, auto: false, push_to_talk: false };

function hand(number: number, changes: Partial<Hand> = {}): Hand {
  return {
    number,
    person: { id: `p${number}`, name: `Student ${number}` },
    state: "raised",
    at: number * 1_000,
    order: number * 1_000,
    first: false,
    camera: false,
    from: null,
    to: null,
    until: null,
    talking: true,
    test: null,
    ...changes,
  };
}

function event(seq: number, kind: string, payload: Record<string, unknown>): LessonEvent {
  return { lesson: "l", seq, position: seq * 100, kind, payload };
}

function play(events: readonly LessonEvent[], start: Hands = NO_HANDS, person = "p1"): Hands {
  return events.reduce((state, each) => applyHands(state, each, person), start);
}

function joined(
  seq: number,
  list: readonly Hand[],
  mine: number | null,
  events: readonly LessonEvent[] = [],
) {
  return { seq, hands: { settings: SETTINGS, list, mine }, events };
}

const THREE = joinHands(
  NO_HANDS,
  joined(5, [hand(3, { order: 500 }), hand(1), hand(2, { order: 1_000 })], 1),
  "p1",
);

describe("a snapshot of hands", () => {
  it("replaces what was known, in the order of the queue", () => {
    const other = joinHands(THREE, joined(9, [hand(4)], null), "p1");
    expect(inOrder(THREE).map((each) => each.number)).toEqual([3, 1, 2]);
    expect(plainHands(other).list).toEqual([hand(4)]);
    expect(ownHand(other)).toBeNull();
  });

  it("keeps the word about one's own hand that only the events say", () => {
    const dropped = { hand: { number: 1, state: "lowered" }, reason: "teacher" };
    const told = [event(6, "hand.dropped", dropped)];
    expect(joinHands(THREE, joined(7, [], null, told), "p1").closed?.reason).toBe("teacher");
    expect(joinHands(THREE, joined(7, [hand(5)], 5, told), "p1").closed).toBeNull();
  });

  it("tells one's own place, counted from 1", () => {
    expect(placeOf(THREE, 1)).toBe(2);
    expect(placeOf(THREE, 9)).toBeNull();
  });
});

describe("events of hands", () => {
  it("lead a hand from raised to the air and off it", () => {
    const steps: [string, Record<string, unknown>][] = [
      ["hand.raised", { hand: hand(1) }],
      ["turn.invited", { hand: { number: 1, state: "invited" } }],
      ["turn.accepted", { hand: { number: 1, state: "testing" } }],
      ["turn.tested", { hand: { number: 1, test: "good" } }],
      ["turn.started", { hand: hand(1, { state: "on-air", from: 400, until: 900 }) }],
      ["turn.talking", { hand: { number: 1, talking: false } }],
      ["turn.extended", { hand: { number: 1, until: 1_500 } }],
    ];
    const events = steps.map(([kind, payload], index) => event(index + 1, kind, payload));
    const states = events.map((_, index) => ownHand(play(events.slice(0, index + 1)))?.state);
    expect(states).toEqual([
      "raised",
      "invited",
      "testing",
      "testing",
      "on-air",
      "on-air",
      "on-air",
    ]);
    expect(ownHand(play(events.slice(0, 4)))?.test).toBe("good");
    const whole = play(events);
    expect(onAir(whole)).toMatchObject({ talking: false, until: 1_500 });
    expect(placeOf(whole, 1)).toBeNull();
    const over = event(9, "turn.ended", {
      hand: { number: 1, state: "ended", to: 800 },
      reason: "time",
    });
    const ended = play([over], whole);
    expect(ownHand(ended)).toBeNull();
    expect(onAir(ended)).toBeNull();
    expect(ended.closed).toEqual({ number: 1, state: "ended", reason: "time" });
  });

  it("change nothing when they are told twice", () => {
    const events = [event(6, "hand.raised", { hand: hand(4) })];
    const once = play(events, THREE);
    expect(play(events, once)).toBe(once);
  });

  it("say why one's own hand came down, and nothing of others'", () => {
    const dropped = { hand: { number: 1, state: "lowered" }, reason: "missed" };
    const down = play(
      [
        event(6, "hand.dropped", dropped),
        event(7, "hand.lowered", { hand: { number: 1, state: "lowered" } }),
      ],
      THREE,
    );
    expect(down.closed?.reason).toBe("missed");
    expect(down.known.has(1)).toBe(false);
    const theirs = event(6, "hand.dropped", {
      hand: { number: 2, state: "lowered" },
      reason: "teacher",
    });
    expect(play([theirs], THREE).closed).toBeNull();
  });

  it("forget the word about the last hand when a new one goes up", () => {
    const before: Hands = { ...NO_HANDS, closed: { number: 1, state: "ended", reason: "self" } };
    const up = play(
      [event(1, "hand.raised", { hand: hand(8, { person: { id: "p1", name: "" } }) })],
      before,
    );
    expect(up).toMatchObject({ mine: 8, closed: null });
  });

  it("bring settings, and pass over pieces of hands that were never given", () => {
    const settings = { paused: true, limit: null, auto: true, push_to_talk: true };
    const set = play(
      [event(6, "hands.settings", { ...settings, by: { id: "t", name: "T" } })],
      THREE,
    );
    expect(set.settings).toEqual(settings);
    const piece = event(6, "turn.talking", { hand: { number: 77, talking: false } });
    expect(play([piece], THREE).known).toEqual(THREE.known);
    const strange = event(6, "hand.raised", { hand: "?" });
    expect(play([strange], THREE).known).toEqual(THREE.known);
  });
});

it("tells hands and turns from everything else", () => {
  const ours = ["hand.raised", "hands.settings", "turn.ended", "hand_raise", "turn_next"];
  expect(ours.every(isOfHands)).toBe(true);
  expect(["handout.shown", "question.asked", "turnip", "source.added"].some(isOfHands)).toBe(false);
});

describe("the silent test", () => {
  const fresh: TestFacts = { startedAt: 0, linkSince: null, quality: "good", heard: false };
  const up: TestFacts = { ...fresh, linkSince: 1_000 };

  it.each([
    ["waits for the link", fresh, LINK_PATIENCE - 1, null],
    ["gives up on a link that never comes", fresh, LINK_PATIENCE, "weak"],
    ["does not believe a link at once", { ...up, heard: true }, 1_000 + LINK_PROOF - 1, null],
    ["is good with speech and link", { ...up, heard: true }, 1_000 + LINK_PROOF, "good"],
    ["is weak when too much is lost", { ...up, heard: true, quality: "bad" }, 5_000, "weak"],
    ["lets people breathe", up, 1_000 + SPEECH_PATIENCE - 1, null],
    ["says that nothing is heard", up, 1_000 + SPEECH_PATIENCE, "silent"],
    ["still is good with some loss", { ...up, heard: true, quality: "slow" }, 5_000, "good"],
  ] as const)("%s", (_, facts, now, verdict) => {
    expect(verdictOf(facts, now)).toBe(verdict);
  });
});
