import { describe, expect, it } from "vitest";
import { ANNOUNCE_PERIOD, due, SILENT, say } from "./announcer";
import { deviceProblem } from "./devices";
import { arrange, guessSlots, nextLayout } from "./layout";
import { connectionName } from "./live";
import {
  barOf,
  decibels,
  hear,
  isSilent,
  MUTED_SPEECH,
  SILENCE_ALARM,
  speaksMuted,
  type Voice,
} from "./meter";
import { isShortcut, isTyping } from "./shortcuts";
import { pulse, qualityOf, ratesOf, sampleOf, uplinkOf } from "./stats";
import { stillReasons, teacherAway } from "./still";
import { uplinkName } from "./studio";

describe("announcing", () => {
  it("speaks at once, then at most once per ten seconds, the newest text", () => {
    let state = say(SILENT, "slow", 0);
    expect(state.shown).toBe("slow");
    state = say(say(state, "bad", 1_000), "good", 2_000);
    expect(state).toMatchObject({ shown: "slow", waiting: "good" });
    expect(due(state, ANNOUNCE_PERIOD - 1).shown).toBe("slow");
    expect(due(state, ANNOUNCE_PERIOD)).toMatchObject({ shown: "good", waiting: null });
  });

  it("forgets a text that has become true again by itself", () => {
    const state = say(say(say(SILENT, "good", 0), "slow", 10), "good", 20);
    expect(state.waiting).toBeNull();
  });
});

describe("arranging the stage", () => {
  const all = { screen: "screen", camera: "camera", guest: "guest-camera" } as const;

  it("shows slides large and people beside them", () => {
    expect(arrange("both", all)).toEqual({ screen: "main", camera: "side", guest: "side" });
  });

  it("shows the speaker large when there are no slides", () => {
    expect(arrange("both", { camera: "camera", screen: null })).toEqual({
      screen: "hidden",
      camera: "main",
      guest: "hidden",
    });
  });

  it("shows only what was asked for", () => {
    expect(arrange("slides", all)).toEqual({ screen: "main", camera: "hidden", guest: "hidden" });
    expect(arrange("speaker", all)).toEqual({ screen: "hidden", camera: "main", guest: "side" });
    expect(arrange("audio", all)).toEqual({ screen: "hidden", camera: "hidden", guest: "hidden" });
  });

  it("rather shows the other picture than none", () => {
    expect(arrange("slides", { camera: "camera" }).camera).toBe("main");
    expect(arrange("speaker", { screen: "screen" }).screen).toBe("main");
    expect(arrange("both", {}).screen).toBe("hidden");
  });

  it("goes round the views", () => {
    expect(nextLayout("both")).toBe("slides");
    expect(nextLayout("audio")).toBe("both");
  });

  it("guesses the slots from what arrives while the socket is away", () => {
    expect(guessSlots(new Set(["camera", "voice"]))).toEqual({ camera: "camera", voice: "voice" });
  });
});

describe("a picture that stands still", () => {
  const stalled = { state: "stalled", participant: "p" } as const;
  const active = { state: "active", participant: "p" } as const;

  it("is the teacher's connection when all of theirs stands still", () => {
    expect(teacherAway({ camera: stalled, voice: stalled })).toBe(true);
    expect(teacherAway({ camera: stalled, voice: active })).toBe(false);
    expect(teacherAway({})).toBe(false);
    expect(stillReasons({ camera: stalled, voice: stalled }, { camera: "camera" })).toEqual({
      teacher: true,
    });
  });
});

describe("statistics", () => {
  const inbound = (packets: number, lost: number) => ({
    type: "inbound-rtp",
    packetsReceived: packets,
    packetsLost: lost,
    framesDecoded: packets / 10,
  });

  it("name the relay where media goes over one", () => {
    const pair = {
      type: "candidate-pair",
      nominated: true,
      state: "succeeded",
      localCandidateId: "l",
      remoteCandidateId: "r",
    };
    const remote = { type: "remote-candidate", id: "r", protocol: "udp" };
    const local = (candidateType: string) => ({ type: "local-candidate", id: "l", candidateType });
    expect(sampleOf([pair, remote, local("relay")], 0).protocol).toBe("turn");
    expect(sampleOf([pair, remote, local("host")], 0).protocol).toBe("udp");
  });

  it("become rates between two samples", () => {
    const pair = {
      type: "candidate-pair",
      nominated: true,
      state: "succeeded",
      remoteCandidateId: "r",
    };
    const remote = {
      type: "remote-candidate",
      id: "r",
      protocol: "udp",
      address: "192.0.2.1",
      port: 8189,
    };
    const before = sampleOf([inbound(100, 0), { ...pair, bytesReceived: 1_000 }, remote], 0);
    const after = sampleOf([inbound(190, 10), { ...pair, bytesReceived: 26_000 }, remote], 2_000);
    const rates = ratesOf(before, after);
    expect(rates.down).toBe(100_000);
    expect(rates.loss).toBeCloseTo(0.1);
    expect(rates.fps).toBeCloseTo(4.5);
    expect(after.address).toBe("192.0.2.1:8189");
  });

  it("tell which pictures move", () => {
    const of = (...frames: number[]) =>
      sampleOf(
        frames.map((framesDecoded) => ({ type: "inbound-rtp", kind: "video", framesDecoded })),
        0,
      );
    expect(ratesOf(of(10, 5), of(20, 5)).moving).toBe(1);
    expect(ratesOf(of(10, 5), of(10, 5)).moving).toBe(0);
    expect(ratesOf(null, of(20, 5)).moving).toBe(0);
  });

  it("begin anew with a new connection", () => {
    const before = sampleOf([inbound(1_000, 100)], 0);
    expect(ratesOf(before, sampleOf([inbound(10, 0)], 1_000)).loss).toBe(0);
  });

  it("are put into words that do not flicker", () => {
    expect(qualityOf("good", 0.07)).toBe("good");
    expect(qualityOf("good", 0.08)).toBe("slow");
    expect(qualityOf("slow", 0.07)).toBe("slow");
    expect(qualityOf("slow", 0.05)).toBe("good");
    expect(qualityOf("slow", 0.12)).toBe("bad");
    expect(qualityOf("bad", 0.09)).toBe("bad");
    expect(uplinkOf("good", 0, 1.2)).toBe("slow");
    expect(uplinkOf("good", 0, null)).toBe("good");
  });

  it("notice a counter that stands still", () => {
    const first = pulse(null, 5, 100);
    expect(pulse(first, 5, 900)).toBe(first);
    expect(pulse(first, 6, 900).movedAt).toBe(900);
  });
});

describe("the connection in one word", () => {
  it("tells a first connection from a lost one, and both from no network", () => {
    expect(connectionName("opening", false, "good", true)).toBe("connecting");
    expect(connectionName("opening", true, "good", true)).toBe("reconnecting");
    expect(connectionName("waiting", true, "good", false)).toBe("offline");
    expect(connectionName("connected", true, "slow", true)).toBe("slow");
    expect(connectionName("connected", true, "good", true, true)).toBe("reconnecting");
    expect(uplinkName("connected", true, "bad")).toBe("bad");
    expect(uplinkName("restarting", true, "good")).toBe("reconnecting");
    expect(uplinkName("refused", false, "good")).toBe("refused");
  });
});

describe("the microphone", () => {
  const speak = (until: number, db: number, from = 0): Voice => {
    let voice = hear(null, db, from);
    for (let now = from; now <= until; now += 100) voice = hear(voice, db, now);
    return voice;
  };

  it("is measured in decibels on a bar", () => {
    expect(decibels(new Float32Array([0.5, -0.5]))).toBeCloseTo(-6.02, 1);
    expect(decibels(new Float32Array(4))).toBe(-70);
    expect(barOf(-70)).toBe(0);
    expect(barOf(0)).toBe(1);
  });

  it("tells who speaks while it is off, but not who coughs", () => {
    expect(speaksMuted(speak(MUTED_SPEECH, -20), true, MUTED_SPEECH)).toBe(true);
    expect(speaksMuted(speak(300, -20), true, 300)).toBe(false);
    expect(speaksMuted(speak(MUTED_SPEECH, -20), false, MUTED_SPEECH)).toBe(false);
  });

  it("tells a dead microphone from a quiet room", () => {
    expect(isSilent(speak(SILENCE_ALARM, -69), false, SILENCE_ALARM)).toBe(true);
    expect(isSilent(speak(SILENCE_ALARM, -60), false, SILENCE_ALARM)).toBe(false);
    expect(isSilent(speak(SILENCE_ALARM, -69), true, SILENCE_ALARM)).toBe(false);
  });
});

describe("devices that do not come", () => {
  it.each([
    ["NotAllowedError", "denied"],
    ["NotFoundError", "missing"],
    ["OverconstrainedError", "missing"],
    ["NotReadableError", "busy"],
    ["Strange", "unknown"],
  ])("%s is called %s", (name, problem) => {
    expect(deviceProblem(name)).toBe(problem);
  });
});

describe("shortcuts", () => {
  const key = { code: "KeyM", ctrlKey: false, altKey: false, metaKey: false, repeat: false };
  const element = (tagName: string, type = "") => ({ tagName, type }) as unknown as EventTarget;

  it("are never taken from somebody who types", () => {
    expect(isShortcut({ ...key, target: element("INPUT", "text") })).toBe(false);
    expect(isShortcut({ ...key, target: element("SELECT") })).toBe(false);
    expect(isTyping({ isContentEditable: true })).toBe(true);
    expect(isShortcut({ ...key, target: element("INPUT", "radio") })).toBe(true);
    expect(isShortcut({ ...key, target: element("BUTTON") })).toBe(true);
  });

  it("leave the browser's own keys alone", () => {
    expect(isShortcut({ ...key, ctrlKey: true, target: null })).toBe(false);
    expect(isShortcut({ ...key, repeat: true, target: null })).toBe(false);
  });
});
