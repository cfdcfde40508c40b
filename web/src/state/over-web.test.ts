import { signal } from "@preact/signals";
import { describe, expect, it } from "vitest";
import type { LessonView } from "../protocol/lesson-log";
import type { LinkName } from "../protocol/link";
import type { PeerSession } from "../protocol/peer";
import type { SocketState } from "../protocol/socket";
import { LOST_PATIENCE } from "./ladder";
import { type Air, ASK_AGAIN, GROWS_WITHIN, OverWeb, SAID_AFTER, type StandIn } from "./over-web";
import type { Rates, Sample } from "./stats";

const LOOKS = 250;
const TEACHER = { camera: { state: "active", participant: "t" } } as const;

/** A lesson whose media and recording the test turns on and off. */
class Lesson {
  now = 0;
  readonly done: string[] = [];
  readonly link = signal<LinkName>("opening");
  readonly rates = signal<Rates | null>(null);
  readonly sample = signal<Sample | null>(null);
  readonly socketState = signal<SocketState>("joined");
  readonly online = signal(true);
  readonly view = signal<LessonView | null>({ sources: TEACHER } as unknown as LessonView);
  readonly phase: StandIn["phase"] = signal("live");
  readonly bridging = signal(false);
  possible = true;
  edge = 0;
  grows = true;
  session: PeerSession | null = {} as PeerSession;
  readonly web: OverWeb;

  constructor() {
    const lesson = this;
    const air: Air = {
      link: this.link,
      rates: this.rates,
      sample: this.sample,
      socketState: this.socketState,
      online: this.online,
      view: this.view,
      get session() {
        return lesson.session;
      },
      socket: {
        get position() {
          return lesson.now;
        },
      },
      wake: () => this.done.push("wake"),
      rest: () => this.done.push("rest"),
    };
    this.web = new OverWeb(air, {
      phase: this.phase,
      bridging: this.bridging,
      possible: true,
      get edge() {
        return lesson.edge;
      },
      bridge: (until) => {
        this.done.push(`bridge ${until}`);
        this.bridging.value = true;
        this.phase.value = "behind";
      },
      climb: () => {
        this.done.push("climb");
        this.#leave();
      },
      abandon: () => {
        this.done.push("abandon");
        this.#leave();
      },
    });
  }

  #leave(): void {
    this.bridging.value = false;
    this.phase.value = "live";
  }

  goes(ms: number): this {
    for (const end = this.now + ms; this.now < end; this.now += LOOKS) {
      if (this.grows) this.edge = this.now;
      this.web.look(this.now);
    }
    return this;
  }
}

describe("standing in for what is on air", () => {
  it("begins where the air fell silent, and ends when it comes again", () => {
    const lesson = new Lesson();
    lesson.link.value = "connected";
    lesson.goes(20_000);
    expect(lesson.done).toEqual([]);
    lesson.link.value = "restarting";
    lesson.goes(LOST_PATIENCE + LOOKS);
    expect(lesson.done).toEqual([`bridge ${20_000 - LOOKS}`]);
    lesson.link.value = "connected";
    lesson.goes(5_000);
    expect(lesson.done.slice(1)).toEqual(["climb"]);
    expect(lesson.web.needed).toBe(false);
  });

  it("notices a connection that is there and brings nothing", () => {
    const lesson = new Lesson();
    lesson.link.value = "connected";
    lesson.goes(1_000);
    lesson.rates.value = { down: 0 } as Rates;
    lesson.goes(LOST_PATIENCE + LOOKS);
    expect(lesson.done).toHaveLength(1);
  });

  it("is not wanted where the whole network is gone, or nothing is on air", () => {
    const away = new Lesson();
    away.socketState.value = "reconnecting";
    expect(away.goes(60_000).done).toEqual([]);
    const empty = new Lesson();
    empty.view.value = { sources: {} } as unknown as LessonView;
    expect(empty.goes(60_000).done).toEqual([]);
  });

  it("says that nothing comes where the lesson is not recorded", () => {
    const lesson = new Lesson();
    lesson.view.value = {
      sources: TEACHER,
      recording: { state: "stopped", why: "disk" },
    } as unknown as LessonView;
    lesson.goes(SAID_AFTER);
    expect(lesson.web.barred.value).toBe(false);
    lesson.goes(2 * LOOKS);
    expect(lesson.web.barred.value).toBe(true);
    expect(lesson.done).toEqual([]);
    lesson.link.value = "connected";
    expect(lesson.goes(LOOKS).web.barred.value).toBe(false);
  });

  it("leaves a recording that does not grow, says so, and asks again later", () => {
    const lesson = new Lesson();
    lesson.goes(10_000);
    lesson.grows = false;
    lesson.goes(GROWS_WITHIN + LOOKS);
    expect(lesson.done).toContain("abandon");
    lesson.goes(SAID_AFTER + LOOKS);
    expect(lesson.web.barred.value).toBe(true);
    lesson.grows = true;
    const before = lesson.done.length;
    lesson.goes(ASK_AGAIN);
    expect(lesson.done.slice(before)[0]).toMatch(/^bridge/);
  });

  it("waits with the teacher whose connection is gone", () => {
    const lesson = new Lesson();
    lesson.goes(10_000);
    lesson.grows = false;
    const stalled = { camera: { state: "stalled", participant: "t" } };
    lesson.view.value = { sources: stalled } as unknown as LessonView;
    lesson.goes(60_000);
    lesson.view.value = { sources: TEACHER } as unknown as LessonView;
    lesson.goes(GROWS_WITHIN - LOOKS);
    expect(lesson.done).not.toContain("abandon");
  });

  it("stands in again for those who were back in the recording and want to be live", () => {
    const lesson = new Lesson();
    lesson.goes(5_000);
    lesson.bridging.value = false;
    lesson.goes(60_000);
    const before = lesson.done.length;
    lesson.phase.value = "live";
    lesson.goes(LOOKS);
    expect(lesson.done.slice(before)).toContain("bridge null");
  });

  it("tries at once when the network is back", () => {
    const lesson = new Lesson();
    lesson.goes(600_000);
    while (lesson.done[lesson.done.length - 1] !== "rest") lesson.goes(LOOKS);
    lesson.online.value = false;
    lesson.goes(LOOKS);
    lesson.online.value = true;
    lesson.goes(LOOKS);
    expect(lesson.done[lesson.done.length - 1]).toBe("wake");
  });
});
