/** Reading getStats: from raw reports to a few numbers, and from numbers to words; pure. */
import type { Report } from "../protocol/class-feed";

export interface Sample {
  /** Ms on any steady clock. */
  readonly at: number;
  readonly received: number;
  /** Packets of sound. */
  readonly sound: number;
  readonly lost: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Seconds. */
  readonly roundTrip: number | null;
  readonly framesDecoded: number;
  /** The same of each picture. */
  readonly pictures: readonly number[];
  readonly framesEncoded: number;
  /** What the far end says it lost of ours, 0 to 1. */
  readonly remoteLoss: number;
  /** Seconds spent in, and packets through, the player's buffers. */
  readonly bufferDelay: number;
  readonly bufferCount: number;
  readonly width: number;
  readonly height: number;
  readonly protocol: string;
  readonly address: string;
}

export interface Rates {
  /** bit/s. */
  readonly down: number;
  readonly up: number;
  /** 0 to 1, of the packets of this period. */
  readonly loss: number;
  readonly fps: number;
  /** Pictures of which new frames came. */
  readonly moving: number;
  /** ms. */
  readonly bufferMs: number | null;
}

type Entry = Record<string, unknown>;
const number = (entry: Entry, key: string) =>
  typeof entry[key] === "number" ? (entry[key] as number) : 0;

/** Add up the entries of one getStats report. */
export function sampleOf(entries: Iterable<Entry>, at: number): Sample {
  const sum = {
    received: 0,
    sound: 0,
    lost: 0,
    framesDecoded: 0,
    framesEncoded: 0,
    remoteLoss: 0,
    bufferDelay: 0,
    bufferCount: 0,
    width: 0,
    height: 0,
    bytesIn: 0,
    bytesOut: 0,
  };
  const pictures: number[] = [];
  let roundTrip: number | null = null;
  let pair: Entry | null = null;
  const candidates = new Map<string, Entry>();
  for (const entry of entries) {
    if (entry.type === "inbound-rtp") {
      sum.received += number(entry, "packetsReceived");
      if (entry.kind === "audio") sum.sound += number(entry, "packetsReceived");
      else pictures.push(number(entry, "framesDecoded"));
      sum.lost += Math.max(0, number(entry, "packetsLost"));
      sum.framesDecoded += number(entry, "framesDecoded");
      sum.bufferDelay += number(entry, "jitterBufferDelay");
      sum.bufferCount += number(entry, "jitterBufferEmittedCount");
      if (number(entry, "frameWidth") >= sum.width) {
        sum.width = number(entry, "frameWidth");
        sum.height = number(entry, "frameHeight");
      }
    } else if (entry.type === "outbound-rtp") {
      sum.framesEncoded += number(entry, "framesEncoded");
    } else if (entry.type === "remote-inbound-rtp") {
      sum.remoteLoss = Math.max(sum.remoteLoss, number(entry, "fractionLost"));
    } else if (entry.type === "candidate-pair" && entry.nominated === true) {
      if (entry.state === "succeeded" || pair === null) pair = entry;
    } else if (entry.type === "local-candidate" || entry.type === "remote-candidate") {
      candidates.set(String(entry.id), entry);
    }
  }
  if (pair) {
    sum.bytesIn = number(pair, "bytesReceived");
    sum.bytesOut = number(pair, "bytesSent");
    if (typeof pair.currentRoundTripTime === "number") roundTrip = pair.currentRoundTripTime;
  }
  const remote = pair ? candidates.get(String(pair.remoteCandidateId)) : undefined;
  const local = pair ? candidates.get(String(pair.localCandidateId)) : undefined;
  return {
    at,
    ...sum,
    pictures,
    roundTrip,
    protocol: local?.candidateType === "relay" ? "turn" : String(remote?.protocol ?? ""),
    address: remote ? `${remote.address ?? remote.ip ?? ""}:${remote.port ?? ""}` : "",
  };
}

/** Give the rates between two samples; a new connection starts from zero. */
export function ratesOf(before: Sample | null, after: Sample): Rates {
  const from =
    before && before.received <= after.received && before.bytesIn <= after.bytesIn ? before : null;
  const seconds = from ? Math.max(0.001, (after.at - from.at) / 1000) : 1;
  const gained = (key: "received" | "lost" | "bytesIn" | "bytesOut" | "framesDecoded") =>
    from ? Math.max(0, after[key] - from[key]) : 0;
  const packets = gained("received") + gained("lost");
  const buffered = from ? after.bufferCount - from.bufferCount : 0;
  return {
    down: (gained("bytesIn") * 8) / seconds,
    up: (gained("bytesOut") * 8) / seconds,
    loss: packets > 0 ? gained("lost") / packets : 0,
    fps: gained("framesDecoded") / seconds,
    moving: after.pictures.filter((frames, n) => frames > (from?.pictures[n] ?? frames)).length,
    bufferMs:
      from && buffered > 0 ? ((after.bufferDelay - from.bufferDelay) / buffered) * 1000 : null,
  };
}

export type Quality = "good" | "slow" | "bad";

/** Loss above which the connection is called slow or bad, and below which it is called better again. */
export const LOSS_BETTER = 0.06;
export const LOSS_SLOW = 0.08;
export const LOSS_BAD = 0.12;

/** Name the quality with hysteresis, so that the word does not flicker. */
export function qualityOf(before: Quality, loss: number): Quality {
  if (loss >= LOSS_BAD) return "bad";
  if (loss >= LOSS_SLOW) return before === "bad" ? "bad" : "slow";
  if (loss >= LOSS_BETTER) return before === "good" ? "good" : "slow";
  return "good";
}

/** Round trips that tell of a full uplink, in seconds. */
const ROUND_TRIP_WEAK = 0.6;

export function uplinkOf(before: Quality, remoteLoss: number, roundTrip: number | null): Quality {
  const byLoss = qualityOf(before, remoteLoss);
  if (byLoss === "good" && (roundTrip ?? 0) > ROUND_TRIP_WEAK) return "slow";
  return byLoss;
}

/** Follow a counter that ought to grow; says for how long it has stood still, in ms. */
export interface Pulse {
  readonly count: number;
  readonly movedAt: number;
}

export function pulse(before: Pulse | null, count: number, now: number): Pulse {
  return before && before.count === count ? before : { count, movedAt: now };
}

/** What there was to receive during the whole of a period. */
export interface Expected {
  readonly voice: boolean;
  readonly picture: boolean;
}

/** Say how long sound and picture take, in ms: half the round trip and the player's own buffer. */
export function delayOf(sample: Sample | null, rates: Rates | null): number | null {
  if (!sample || rates?.bufferMs == null) return null;
  return rates.bufferMs + ((sample.roundTrip ?? 0) * 1_000) / 2;
}

/** Bounds of what the server takes: ms, and frames of a period. */
const MAX_MS = 60_000;
const MAX_FRAMES = 10_000;
const whole = (value: number, most: number) => Math.min(most, Math.max(0, Math.round(value)));

/** Say what arrived between two samples; without a second one, nothing did. */
export function reportOf(before: Sample | null, after: Sample | null, expected: Expected): Report {
  if (!after) {
    const sound = expected.voice ? false : null;
    return { loss: 1, rtt: null, delay: null, sound, frames: expected.picture ? 0 : null };
  }
  const from = before && before.received <= after.received ? before : null;
  const rates = ratesOf(from, after);
  const trip = after.roundTrip === null ? null : after.roundTrip * 1000;
  const delay = delayOf(after, rates);
  return {
    loss: Math.min(1, Math.round(rates.loss * 1000) / 1000),
    rtt: trip === null ? null : whole(trip, MAX_MS),
    delay: delay === null ? null : whole(delay, MAX_MS),
    sound: expected.voice ? after.sound > (from?.sound ?? 0) : null,
    frames: expected.picture
      ? whole(after.framesDecoded - (from?.framesDecoded ?? 0), MAX_FRAMES)
      : null,
  };
}
