/**
 * Hands and turns as one viewer sees them, built from a snapshot and the events after it.
 *
 * Pure: the student's page, the teacher's console and the replay use it alike.
 */
import type {
  Hand,
  HandReason,
  HandSettings,
  HandState,
  HandsSnapshot,
  Verdict,
} from "../protocol/hands";
import type { LessonEvent } from "../protocol/types";

/** How a hand of ours came down. */
export interface Closed {
  readonly number: number;
  readonly state: "ended" | "lowered";
  readonly reason: HandReason;
}

export interface Hands {
  readonly seq: number;
  readonly settings: HandSettings;
  readonly known: ReadonlyMap<number, Hand>;
  /** The viewer's own hand that is up. */
  readonly mine: number | null;
  /** How the viewer's last hand came down; for a word about it. */
  readonly closed: Closed | null;
}

export const NO_HANDS: Hands = {
  seq: 0,
  settings: { paused: false, limit: null, auto: false, push_to_talk: false },
  known: new Map(),
  mine: null,
  closed: null,
};

const GONE: ReadonlySet<HandState> = new Set(["ended", "lowered"]);

type Part = Partial<Hand> & { readonly number: number };

/** What the answer to `join` says of hands. */
export interface JoinedHands {
  readonly seq: number;
  readonly hands: HandsSnapshot;
  /** What happened since the page was last told; some of it only the events say. */
  readonly events: readonly LessonEvent[];
}

/** Take a snapshot: it replaces all that was known, except why our last hand came down. */
export function joinHands(before: Hands, joined: JoinedHands, person: string | null): Hands {
  const told = joined.events.reduce((state, each) => applyHands(state, each, person), before);
  const { settings, list, mine } = joined.hands;
  const known = new Map(list.map((each) => [each.number, each]));
  return { seq: joined.seq, settings, known, mine, closed: mine === null ? told.closed : null };
}

/** Apply one event; what is known already changes nothing. */
export function applyHands(before: Hands, event: LessonEvent, person: string | null): Hands {
  if (event.seq <= before.seq) return before;
  return { ...changed(before, event, person), seq: event.seq };
}

function changed(before: Hands, event: LessonEvent, person: string | null): Hands {
  const { kind, payload } = event;
  if (kind === "hands.settings") {
    const { paused, limit, auto, push_to_talk } = payload as unknown as HandSettings;
    return { ...before, settings: { paused, limit, auto, push_to_talk } };
  }
  const part = payload.hand;
  if (!isPart(part)) return before;
  const told = withReason(before, part, payload.reason);
  const merged = { ...told.known.get(part.number), ...part };
  return GONE.has(merged.state as HandState)
    ? without(told, part.number)
    : withHand(told, merged, person);
}

function isPart(value: unknown): value is Part {
  return typeof value === "object" && value !== null && "number" in value;
}

function withReason(before: Hands, part: Part, reason: unknown): Hands {
  if (part.number !== before.mine || typeof reason !== "string") return before;
  if (part.state !== "ended" && part.state !== "lowered") return before;
  const closed = { number: part.number, state: part.state, reason: reason as HandReason };
  return { ...before, closed };
}

function without(before: Hands, number: number): Hands {
  const known = new Map(before.known);
  known.delete(number);
  return { ...before, known, mine: before.mine === number ? null : before.mine };
}

function withHand(before: Hands, hand: Part, person: string | null): Hands {
  // A piece of a hand that we were never given says nothing that could be shown.
  if (hand.person === undefined || hand.state === undefined) return before;
  const known = new Map(before.known).set(hand.number, hand as Hand);
  const own = person !== null && hand.person.id === person;
  if (!own) return { ...before, known };
  return { ...before, known, mine: hand.number, closed: null };
}

/** The hands that wait, the next first. */
export function inOrder(hands: Hands): readonly Hand[] {
  return [...hands.known.values()]
    .filter((each) => each.state !== "on-air")
    .sort((a, b) => a.order - b.order || a.number - b.number);
}

/** Give the place of a hand, counted from 1; null when it does not wait. */
export function placeOf(hands: Hands, number: number): number | null {
  const place = inOrder(hands).findIndex((each) => each.number === number);
  return place < 0 ? null : place + 1;
}

export function onAir(hands: Hands): Hand | null {
  return [...hands.known.values()].find((each) => each.state === "on-air") ?? null;
}

export function ownHand(hands: Hands): Hand | null {
  return hands.mine === null ? null : (hands.known.get(hands.mine) ?? null);
}

/** Ms a link may take to come up, and speech to be heard, before we say that it does not. */
export const LINK_PATIENCE = 12_000;
export const SPEECH_PATIENCE = 6_000;
/** Ms of a good link before we believe it. */
export const LINK_PROOF = 2_000;

/** What a silent test has seen so far; times in ms on one steady clock. */
export interface TestFacts {
  readonly startedAt: number;
  /** Since when the link has been up; null while it is not. */
  readonly linkSince: number | null;
  readonly quality: "good" | "slow" | "bad";
  readonly heard: boolean;
}

/** Judge a test; null while it is too early. */
export function verdictOf(facts: TestFacts, now: number): Verdict | null {
  const { startedAt, linkSince, quality, heard } = facts;
  if (linkSince === null) return now - startedAt >= LINK_PATIENCE ? "weak" : null;
  if (now - linkSince < LINK_PROOF) return null;
  if (quality === "bad") return "weak";
  if (heard) return "good";
  return now - linkSince >= SPEECH_PATIENCE ? "silent" : null;
}

/** Hands as plain data, for comparing and for tests. */
export function plainHands(hands: Hands) {
  const list = [...hands.known.values()].sort((a, b) => a.number - b.number);
  return { settings: hands.settings, list, mine: hands.mine };
}
