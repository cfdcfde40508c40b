/** Rewinding a lesson that is on: the recording plays in place of what is on air, until it has caught up. */

import {
  computed,
  effect,
  type ReadonlySignal,
  type Signal,
  signal,
  untracked,
} from "@preact/signals";
import { INDEX_PERIOD, isPassing } from "../protocol/parts";
import type { PlayerState } from "../protocol/recording-player";
import { caughtUp } from "../protocol/replay-clock";
import type { ScreenStill, Slide } from "../protocol/slides";
import type { LessonEvent, Mode } from "../protocol/types";
import { api, asApiError, person } from "./app";
import { Bookmark } from "./bookmark";
import { leftOf, loadSpent } from "./data-meter";
import type { Layout } from "./layout";
import type { LiveLesson } from "./live";
import { type Gap, GapWatch, type Missed, missedIn } from "./missed";
import { OverWeb } from "./over-web";
import { FIRST_PACE, type Pace, pace } from "./pace";
import { Playback } from "./playback";

/**
 * What is on the stage.
 *
 *   live    what is on air
 *   back    its last picture, while the recording is on its way
 *   behind  the recording; nothing is received from the air
 *   return  the recording, while what is on air is on its way
 */
export type Phase = "live" | "back" | "behind" | "return";

/** Seconds by which one goes back from live at least: the newest are not to be had yet. */
const LEAST_BACK = 10;
/** How fast one catches up. */
export const CATCH_UP_RATE = 1.5;
/** Ms between two looks at whether the other picture is there. */
const LOOK_PERIOD = 250;
/** Ms before now that count as live when one goes there. */
const NEARLY_LIVE = 5_000;
/** Ms until a recording that can not be reached is given up. */
const INDEX_PATIENCE = 15_000;
/** Ms after which the last picture gives way to a recording that is still on its way. */
const BACK_PATIENCE = 6_000;
/** Ms after which the recording gives way to a live picture that is still on its way. */
const RETURN_PATIENCE = 8_000;
/** Ms between two looks at the index while it stands in for what is on air. */
const NEAR_INDEX_PERIOD = 1_000;
/** Ms for which a page that goes back to the air hurries, so that little of the voice is skipped. */
const HURRY = 6_000;
/** Ms before the newest second where hurrying ends. */
const CLOSE = 700;
/** Ms that were perhaps not heard any more when the air fell silent, and that are heard again at most. */
const OVERLAP = 1_000;
const MOST_AGAIN = 15_000;
/** Ms that have to be played before standing still counts as want of data. */
const SETTLED = 1_500;
/** Ms between two notes of how far somebody has come. */
const NOTE_PERIOD = 10_000;
/** Bytes that are left of a month when the server begins to send less, too. */
const NEAR_CAP = 35_000_000;
/** Modes that bring no moving pictures over the web: there is only the largest size. */
const THRIFTY: readonly Mode[] = ["low", "slides", "sound"];

export class Rewind extends Playback {
  readonly phase = signal<Phase>("live");
  readonly faster = signal(false);
  /** The recording could not be reached, and we are live again. */
  readonly trouble = signal(false);
  /** Where the lesson is on its clock, in ms; looked at each second. */
  readonly now = signal(0);
  /** Where the person was when the lesson ended, in ms; null if live. */
  readonly leftAt = signal<number | null>(null);
  /** What was missed while the connection was gone, until the person has decided. */
  readonly missed = signal<{ readonly gap: Gap; readonly missed: Missed } | null>(null);
  /** The recording stands in for what is on air, as close to it as it can be. */
  readonly bridging: Signal<boolean>;
  /** How the stand-in keeps up. */
  readonly pace: Signal<Pace>;
  /** Little is left of what a month may cost: the stand-in brings no moving pictures. */
  readonly nearCap: Signal<boolean>;
  readonly web: OverWeb;
  /** Slides and screen come as still pictures, people not at all. */
  readonly #asStills: ReadonlySignal<boolean>;
  readonly #live: LiveLesson;
  readonly #bookmark: Bookmark;
  readonly #gaps = new GapWatch();
  readonly #cleanups: (() => void)[] = [];
  /** Where to be and whether to play there, as soon as there is an index. */
  #aim: { position: number; play: boolean } | null = null;
  /** The last event whose slides are known. */
  #seen = 0;
  /** Where the stand-in began to play, in ms. */
  #from = 0;
  /** When the phase changed, by performance.now(). */
  #since = 0;

  constructor(live: LiveLesson, layout: Signal<Layout>) {
    const bridging = signal(false);
    const kept = signal(FIRST_PACE);
    const nearCap = signal(false);
    const thin = () =>
      THRIFTY.includes(live.mode.value) ||
      nearCap.value ||
      (live.mode.value === "auto" && kept.value.starved);
    const asStills = computed(() => bridging.value && thin());
    super(
      live.id,
      computed(() => (asStills.value ? "audio" : layout.value)),
    );
    this.#asStills = asStills;
    this.bridging = bridging;
    this.pace = kept;
    this.nearCap = nearCap;
    this.#live = live;
    this.web = new OverWeb(live, this);
    this.#bookmark = new Bookmark(live.id, (position, seen, last) =>
      person.value ? api.setProgress(live.id, position, seen, last) : null,
    );
    const timer = setInterval(() => this.#look(), LOOK_PERIOD);
    this.#cleanups.push(
      () => clearInterval(timer),
      effect(() => this.#follow()),
      effect(() => {
        const shown = this.phase.value === "behind" || this.phase.value === "return";
        live.recorded.value = shown ? this.places.value : null;
        live.overWeb.value = shown && this.bridging.value;
      }),
      effect(() => {
        // Who rewinds has read them; who is close behind is told of new ones.
        live.view.value?.slide;
        live.view.value?.still;
        if (this.bridging.value) void untracked(() => this.#readSlides());
      }),
    );
  }

  /** Whether rewinding makes sense just now: who speaks is live. */
  get possible(): boolean {
    const { watching, lesson, speaking } = this.#live;
    return watching.value && lesson.value?.state === "live" && !speaking.value;
  }

  override close(): void {
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    this.#leave();
    super.close();
  }

  /** Pause, or go on. */
  override toggle(): void {
    // A tap that the browser wanted changes nothing else.
    if (!this.state.value.blocked) this.#partFromLive();
    if (this.phase.value === "live") this.#go(this.#live.socket.position ?? this.now.value, false);
    else if (this.#aim) this.#aim = { ...this.#aim, play: !this.#aim.play };
    else super.toggle();
  }

  override step(seconds: number): void {
    if (this.phase.value === "live") {
      if (seconds < 0)
        this.#go(
          (this.#live.socket.position ?? this.now.value) + Math.min(seconds, -LEAST_BACK) * 1_000,
          true,
        );
      return;
    }
    this.goTo(this.state.value.position + seconds * 1_000);
  }

  /** Go to a position in ms; as late as live is live. */
  goTo(position: number, faster = this.faster.value): void {
    const behind = this.phase.value !== "live";
    if (position >= this.now.value - NEARLY_LIVE) {
      this.goLive();
      return;
    }
    this.#partFromLive();
    this.setFaster(faster);
    if (!behind || this.#aim) this.#go(position, true);
    else this.seek(position);
  }

  setFaster(on: boolean): void {
    if (this.bridging.value) return;
    this.faster.value = on;
    this.player.rate = on ? CATCH_UP_RATE : 1;
  }

  /** Back to what is on air, as seamlessly as can be. */
  goLive(): void {
    if (this.bridging.value) {
      this.web.nudge();
      return;
    }
    if (this.phase.value === "back") this.#leave();
    if (this.phase.value !== "behind") return;
    if (this.web.needed) {
      this.#stand(true);
      this.player.play();
      this.#keepUp(this.state.value, NEARLY_LIVE);
      return;
    }
    this.#enter("return");
    this.#live.wake();
  }

  /** Let the recording stand in for what is on air, which came until a position (ms) if it ever did. */
  bridge(until: number | null): void {
    if (this.phase.value !== "live" || !this.possible) return;
    const now = this.#live.socket.position ?? this.now.value;
    const close = now - this.pace.value.distance;
    const from = until === null ? close : Math.max(until - OVERLAP, now - MOST_AGAIN);
    if (until !== null) this.#gaps.forget();
    this.#stand(true);
    this.#go(Math.min(from, close), true);
  }

  /** What is on air comes again: go there as soon as little of the voice is skipped by it. */
  climb(): void {
    if (this.phase.value === "behind") {
      this.#enter("return");
      this.player.rate = CATCH_UP_RATE;
    } else this.#leave();
  }

  /** Up to where the recording is known, in ms. */
  get edge(): number {
    return this.index.edge;
  }

  /** The recording does not come: leave it. */
  abandon(): void {
    if (this.bridging.value) this.#leave();
  }

  #stand(on: boolean): void {
    this.bridging.value = on;
    this.coming.value = null;
    this.follower.period = on ? NEAR_INDEX_PERIOD : INDEX_PERIOD;
    this.faster.value = false;
    this.player.rate = 1;
  }

  /** Somebody who was as close to live as can be pauses or goes back: from here on they rewind. */
  #partFromLive(): void {
    if (!this.bridging.value || this.phase.value === "return") return;
    this.#stand(false);
    if (this.phase.value === "behind") this.#live.rest();
  }

  /** Stay at a distance from live that the network can keep. */
  #keepUp(state: PlayerState, reach = Number.POSITIVE_INFINITY): void {
    const behind = (this.#live.socket.position ?? this.now.value) - state.position;
    const stands = state.waiting && state.position > this.#from + SETTLED;
    const next = pace(this.pace.value, behind, stands, performance.now());
    this.pace.value = next;
    this.player.rate = next.rate;
    if (!next.jump && behind <= next.distance + reach) return;
    this.#from = state.position + behind - next.distance;
    this.seek(this.#from);
  }

  #go(position: number, play: boolean): void {
    if (!this.possible) return;
    this.trouble.value = false;
    this.error.value = null;
    this.#aim = { position, play };
    if (this.phase.value === "live") {
      this.#live.rewinds.value = true;
      this.#enter("back");
      void this.openIndex();
      void this.#readSlides();
    } else this.grown();
  }

  #enter(phase: Phase): void {
    this.#since = performance.now();
    this.phase.value = phase;
  }

  protected override grown(): void {
    const aim = this.#aim;
    if (!aim || !this.knows(aim.position)) return;
    this.#aim = null;
    this.activate();
    this.#from = aim.position;
    this.seek(aim.position);
    if (aim.play) this.player.play();
  }

  protected override slideAt(position: number): Slide | ScreenStill | null {
    if (!this.#asStills.value) return super.slideAt(position);
    if (this.#live.mode.value === "sound") return null;
    return this.hasScreen(position) ? this.slides.screenAt(position) : this.slides.at(position);
  }

  /** Give the slide that comes next, if it will be seen. */
  #slideAfter(position: number): Slide | ScreenStill | null {
    const screen = this.hasScreen(position);
    const unseen = this.#asStills.value ? this.#live.mode.value === "sound" : screen;
    return unseen ? null : this.slides.after(position, screen);
  }

  protected override moved(state: PlayerState): void {
    if (this.phase.value !== "behind" || !state.playing) return;
    this.#bookmark.played.at(state.position, state.playing);
    if (Math.abs(state.position - this.#bookmark.position) > NOTE_PERIOD)
      this.#bookmark.note(state.position);
    if (this.bridging.value) {
      this.coming.value = this.#slideAfter(state.position);
      this.#keepUp(state);
    } else if (caughtUp(state.position, this.index.edge)) this.goLive();
  }

  /** What the page does besides: begins at a position, leaves, speaks, ends. */
  #follow(): void {
    const { wanted, watching, lesson, speaking } = this.#live;
    const ended = lesson.value?.state === "ended";
    const from = this.possible ? wanted.value : null;
    const live = speaking.value;
    const over = ended || !watching.value;
    untracked(() => {
      if (from !== null) this.#begin(from);
      if (this.phase.value === "live") return;
      if (ended && !this.bridging.value) this.leftAt.value = this.state.value.position;
      if (live && this.bridging.value) this.#leave();
      else if (live) this.goLive();
      if (over) this.#leave();
    });
  }

  #begin(from: number): void {
    this.#live.wanted.value = null;
    this.setFaster(true);
    this.#go(from, true);
  }

  /** Slides that were uploaded are in no recorded track. */
  async #readSlides(): Promise<void> {
    try {
      for (;;) {
        const { events, seq, more } = await api.lessonEvents(this.lessonId, this.#seen, "slide");
        this.addEvents(events.filter((event) => event.seq > this.#seen));
        this.#seen = Math.max(this.#seen, seq);
        if (!more) return;
      }
    } catch (error) {
      // It plays without its slides, and asks for them with the next rewinding.
      if (!isPassing(error)) this.error.value = asApiError(error);
    }
  }

  #leave(): void {
    if (this.phase.value === "live") return;
    this.#aim = null;
    this.#stand(false);
    this.player.pause();
    this.follower.close();
    if (this.phase.value !== "back") this.#bookmark.note(this.state.value.position);
    this.#enter("live");
    this.#live.rewinds.value = false;
    // Who leaves or is at the end receives nothing anyway.
    if (this.#live.resting.value && this.#live.watching.value) this.#live.wake();
  }

  #look(): void {
    const position = this.#live.socket.position;
    if (position !== null && Math.abs(position - this.now.value) >= 1_000) {
      this.now.value = position;
      this.nearCap.value = (leftOf(loadSpent(Date.now())) ?? NEAR_CAP) < NEAR_CAP;
    }
    this.#lookForGap(position);
    const waited = performance.now() - this.#since;
    if (this.phase.value === "back") this.#lookBack(waited);
    if (this.phase.value === "return" && (this.#arrives(waited) || waited > RETURN_PATIENCE))
      this.#leave();
    this.web.look(performance.now());
  }

  #arrives(waited: number): boolean {
    const close = this.index.edge - this.state.value.position < CLOSE;
    return this.#isOnAir() && (!this.bridging.value || close || waited > HURRY);
  }

  #lookForGap(position: number | null): void {
    const { connection, view, watching, lesson, socketState } = this.#live;
    const seq = view.value?.seq;
    const follows = this.phase.value === "live" || this.bridging.value;
    const live = watching.value && lesson.value?.state === "live" && follows;
    if (!live || position === null || seq === undefined) {
      this.#gaps.forget();
      return;
    }
    const received =
      socketState.value === "joined" && ["good", "slow", "bad", "web"].includes(connection.value);
    const gap = this.#gaps.look({ now: Date.now(), position, seq, received });
    if (gap) void this.#readMissed(gap);
  }

  async #readMissed(gap: Gap): Promise<void> {
    const events: LessonEvent[] = [];
    try {
      for (let more = true; more; ) {
        const page = await api.lessonEvents(this.lessonId, events.at(-1)?.seq ?? gap.since);
        events.push(...page.events);
        more = page.more;
      }
    } catch {
      // Then the card offers the gap itself.
    }
    this.missed.value = { gap, missed: missedIn(events, gap) };
  }

  /** Watch what was missed, then live. */
  watchMissed(): void {
    const from = this.missed.value?.gap.from;
    this.missed.value = null;
    if (from !== undefined) this.goTo(from, true);
  }

  #lookBack(waited: number): void {
    const { error } = this;
    const lost = error.value && !isPassing(error.value);
    if (lost || this.unplayable.value || (this.#aim && waited > INDEX_PATIENCE)) {
      this.trouble.value = !this.bridging.value;
      if (this.bridging.value) this.web.lose(performance.now());
      error.value = null;
      this.#leave();
    } else if (!this.#aim && (this.player.shown || waited > BACK_PATIENCE)) {
      this.#enter("behind");
      // While the recording only stands in, the connection goes on trying.
      if (!this.bridging.value) this.#live.rest();
    }
  }

  /** Whether voice and a picture of what is on air have come. */
  #isOnAir(): boolean {
    const { link, slots, flowing } = this.#live;
    const { screen, camera, guest, voice } = slots.value;
    if (link.value !== "connected") return false;
    const has = flowing.value;
    const pictures = has.has("screen") || has.has("camera") || has.has("guest");
    return (!voice || has.has("voice")) && (pictures || !(screen || camera || guest));
  }
}
