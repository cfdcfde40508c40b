/** A recording on the elements of a page: its index, its player, and which picture stands where. */
import {
  batch,
  computed,
  effect,
  type ReadonlySignal,
  type Signal,
  signal,
  untracked,
} from "@preact/signals";
import type { ApiError } from "../protocol/api";
import { mediaSourceClass, type Way, wayToPlay } from "../protocol/media-source";
import { IndexFollower, isPassing, PartFetcher } from "../protocol/parts";
import type { PlaylistPlayer } from "../protocol/playlist-player";
import type { Picture, Track } from "../protocol/recording";
import { holesOf, RecordingIndex, type Stretch } from "../protocol/recording-index";
import {
  leading,
  type Player,
  type PlayerState,
  RecordingPlayer,
} from "../protocol/recording-player";
import type { ScreenStill, Slide } from "../protocol/slides";
import type { LessonEvent } from "../protocol/types";
import { VIDEO_SLOTS } from "../protocol/types";
import { api, asApiError } from "./app";
import {
  type Arrangement,
  arrange,
  type Layout,
  type Slots,
  swapped,
  type VideoSlot,
} from "./layout";
import { SlidesReplay } from "./slides-replay";

/** The track that is shown in each slot. */
export const TRACK_OF: Readonly<Record<VideoSlot, Picture>> = {
  screen: "screen",
  camera: "camera",
  guest: "guest-camera",
};

const SLIDES_ONLY: Arrangement = { screen: "main", camera: "hidden", guest: "hidden" };
/** Ms of what follows a position that have to be known before it can be the end. */
const KNOWN_AHEAD = 30_000;

export abstract class Playback {
  readonly lessonId: string;
  readonly error = signal<ApiError | null>(null);
  /** The browser plays nothing of what was recorded. */
  readonly unplayable = signal(false);
  readonly state: Signal<PlayerState>;
  /** Ms of the lesson that there are, growing while it is on. */
  readonly length = signal(0);
  /** Where it begins, in ms. */
  readonly from = signal(0);
  readonly holes = signal<readonly Stretch[]>([]);
  readonly ended = signal(false);
  player: Player;
  /** One element plays playlists, since this browser has nothing else. */
  readonly onePicture = signal(false);
  /** The uploaded slide that was shown here, where no screen was; or what stands in for a screen. */
  readonly slide = signal<Slide | ScreenStill | null>(null);
  /** The one after it, where it is to be fetched before its time. */
  readonly coming = signal<Slide | ScreenStill | null>(null);
  /** How many pictures there are that a view could show. */
  readonly pictures: ReadonlySignal<number>;
  /** Whether the first picture at the side and the large one have changed their places. */
  readonly swap: Signal<boolean>;
  readonly places: ReadonlySignal<Arrangement>;
  protected readonly index = new RecordingIndex();
  protected readonly follower: IndexFollower;
  /** Tracks that had something at any time. */
  readonly #present = signal("");
  readonly #stopArranging: () => void;
  protected readonly slides = new SlidesReplay();
  readonly #layout: ReadonlySignal<Layout>;
  /** Whether the index has been read to its end once. */
  #read = false;
  /** The player of playlists, on its way. */
  #playlists: Promise<void> | null = null;

  constructor(
    lesson: string,
    layout: ReadonlySignal<Layout>,
    swap: Signal<boolean> = signal(false),
  ) {
    this.swap = swap;
    this.lessonId = lesson;
    this.#layout = layout;
    const fetcher = new PartFetcher(lesson, (input, init) => fetch(input, init));
    this.player = new RecordingPlayer({ index: this.index, fetcher }, this.#onState);
    this.state = signal(this.player.state);
    const slots = computed(() => {
      const present = new Set(this.#present.value.split(" "));
      return Object.fromEntries(
        Object.entries(TRACK_OF).map(([slot, track]) => [slot, present.has(track) ? track : null]),
      ) as Slots;
    });
    this.pictures = computed(() => {
      const all = arrange("both", slots.value, this.slide.value !== null);
      return VIDEO_SLOTS.filter((slot) => all[slot] !== "hidden").length;
    });
    this.places = computed(() => {
      const slide = this.slide.value !== null;
      // A slide costs next to nothing: who wants only the sound sees it, too.
      if (layout.value === "audio" && slide) return SLIDES_ONLY;
      const places = arrange(layout.value, slots.value, slide);
      return swap.value ? swapped(places) : places;
    });
    this.#stopArranging = effect(() => {
      this.places.value;
      untracked(() => this.activate());
    });
    this.follower = new IndexFollower(this.index, {
      page: (since) => api.recordingIndex(lesson, since),
      changed: () => this.#grow(),
      failed: (error) => {
        if (!isPassing(error)) this.error.value = asApiError(error);
      },
    });
  }

  /** The clock stands elsewhere, or something else about the player has changed. */
  protected abstract moved(state: PlayerState): void;
  /** There is more to play. */
  protected abstract grown(): void;

  /** Give what loads the player of playlists; null where the browser plays none, or it is not wanted. */
  protected playlists(): (() => Promise<typeof PlaylistPlayer>) | null {
    return null;
  }

  /** Give the slide that is seen at a position: a screen stands before pages. */
  protected slideAt(position: number): Slide | ScreenStill | null {
    return this.hasScreen(position) ? null : this.slides.at(position);
  }

  protected hasScreen(position: number): boolean {
    return this.index.track("screen").covers(position);
  }

  close(): void {
    this.#stopArranging();
    this.follower.close();
    this.player.close();
  }

  /** Give a track its element. */
  attach(track: Track, element: HTMLMediaElement): void {
    this.player.attach(track, element);
    this.activate();
  }

  /** Fetch and play what is shown, and the voice. */
  activate(): void {
    // The player of playlists is on its way: the other one could only fail.
    if (this.#way() === "hls" && !this.onePicture.value) return;
    const places = this.places.value;
    const pictures = this.#layout.value !== "audio";
    const shown = VIDEO_SLOTS.filter((slot) => pictures && places[slot] !== "hidden");
    // The large one first: where one element plays, it is the one.
    shown.sort((a, b) => Number(places[b] === "main") - Number(places[a] === "main"));
    this.player.activate(leading(shown.map((slot) => TRACK_OF[slot])));
  }

  toggle(): void {
    if (this.state.value.playing) this.player.pause();
    else this.player.play();
  }

  /** Go to a position in ms. */
  seek(position: number): void {
    this.player.seek(position);
  }

  step(seconds: number): void {
    this.seek(this.state.value.position + seconds * 1_000);
  }

  /** Read the index, and follow it while the lesson is on. */
  protected async openIndex(): Promise<void> {
    this.#read = false;
    await this.follower.open();
    this.#read = true;
    await this.#offer();
  }

  /** Whether it can begin at a position already: a long index comes in pieces. */
  protected knows(position: number): boolean {
    const { edge } = this.index;
    return edge > 0 && (this.#read || position + KNOWN_AHEAD < edge);
  }

  /** Take in what happened in the lesson. */
  protected addEvents(events: readonly LessonEvent[]): void {
    this.slides.add(events);
    this.#showSlide(this.state.value.position);
  }

  #showSlide(position: number): void {
    this.slide.value = this.slideAt(position);
  }

  #grow(): void {
    batch(() => {
      this.unplayable.value = this.#way() === "none";
      this.length.value = this.index.edge;
      this.from.value = this.index.start;
      this.holes.value = holesOf(this.index);
      this.ended.value = this.index.ended;
      const had = [...this.index.tracks].filter(([, parts]) => parts.parts.length > 0);
      this.#present.value = had.map(([track]) => track).join(" ");
    });
    this.#offer().catch((error: unknown) => {
      this.error.value = asApiError(error);
    });
  }

  #way(): Way {
    return wayToPlay(this.index.runs, mediaSourceClass(), this.playlists() !== null);
  }

  /** Tell that there is more to play, once there is what plays it. */
  async #offer(): Promise<void> {
    if (this.#way() === "hls") {
      this.#playlists ??= this.#takePlaylists();
      await this.#playlists;
    }
    this.grown();
  }

  async #takePlaylists(): Promise<void> {
    try {
      const Playlists = await this.playlists()?.();
      if (!Playlists) return;
      const { jump, rate, state } = this.player;
      this.player.close();
      this.player = new Playlists(this.lessonId, this.index, state, this.#onState);
      Object.assign(this.player, { jump, rate });
      this.onePicture.value = true;
    } catch (error) {
      this.#playlists = null;
      throw error;
    }
  }

  readonly #onState = (state: PlayerState) => {
    this.state.value = state;
    this.#showSlide(state.position);
    this.moved(state);
    if (state.error && !isPassing(state.error)) this.error.value = asApiError(state.error);
  };
}
