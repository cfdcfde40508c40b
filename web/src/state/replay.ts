/** A replay as its page sees it: what is recorded, where the clock stands, what was known then. */
import { batch, computed, signal } from "@preact/signals";
import { language } from "../i18n";
import { INDEX_PERIOD, isPassing } from "../protocol/parts";
import type { Chapter, RecordingFacts } from "../protocol/recording";
import type { RecordingIndex, Stretch } from "../protocol/recording-index";
import type { PlayerState } from "../protocol/recording-player";
import { parseTime } from "../protocol/replay-clock";
import { afterSilence, silences } from "../protocol/silence";
import type { Lesson } from "../protocol/types";
import { api, asApiError, person, remembered } from "./app";
import { Bookmark } from "./bookmark";
import { ReplayCaptions } from "./captions";
import type { Layout } from "./layout";
import { Playback } from "./playback";
import { NOTHING, type Questions } from "./questions-reducer";
import { QuestionsReplay } from "./questions-replay";
import { changedSpeed, startAt } from "./replay-view";

export const chosenSpeed = remembered<string>("replay-speed", "1");
export const fastSpeeds = remembered<boolean>("replay-fast", false);
export const skipsSilence = remembered<boolean>("replay-skip-silence", false);
const replaySwapped = remembered<boolean>("replay-swapped", false);
/** Pictures of what was seen instead of videos; who asks their browser to save data has them at once. */
export const picturesOnly = remembered<boolean>("replay-pictures", savesData());
export const replayLayout = remembered<Layout>("replay-layout", "both");

const HLS = "application/vnd.apple.mpegurl";
/** Ms between two notes of how far a person has come. */
const NOTE_PERIOD = 15_000;
/** Ms between two looks at whether pictures that are being encoded are there. */
const PREPARED_PERIOD = 10_000;

function savesData(): boolean {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  return connection?.saveData === true;
}

/** Pictures need the tracks that the sound alone needs. */
const layout = computed<Layout>(() => (picturesOnly.value ? "audio" : replayLayout.value));

export class Replay extends Playback {
  readonly lesson = signal<Lesson | null>(null);
  readonly facts = signal<RecordingFacts | null>(null);
  readonly questions = signal<Questions>(NOTHING);
  readonly muted = signal(false);
  readonly captions: ReplayCaptions;
  #story = new QuestionsReplay({ person: null, teacher: false });
  /** The second of the link, if it has one. */
  readonly #parameter: string | null;
  readonly #bookmark: Bookmark;
  #pauses: Stretch[] = [];
  #seen = 0;
  #begun = false;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lookAgain: ReturnType<typeof setTimeout> | undefined;

  constructor(lesson: string, parameter: string | null) {
    super(lesson, layout, replaySwapped);
    this.#parameter = parameter;
    this.captions = new ReplayCaptions(lesson, this.facts, language);
    this.#bookmark = new Bookmark(lesson, (position, seen, last) =>
      person.value ? api.setProgress(lesson, position, seen, last) : null,
    );
    this.player.jump = (position) =>
      skipsSilence.value ? afterSilence(this.#pauses, position) : null;
    this.player.rate = Number(chosenSpeed.value) || 1;
  }

  async open(): Promise<void> {
    window.addEventListener("pagehide", this.#goingAway);
    document.addEventListener("visibilitychange", this.#goingAway);
    try {
      const [lesson, facts] = await Promise.all([
        api.lesson(this.lessonId),
        api.recording(this.lessonId),
      ]);
      batch(() => {
        this.lesson.value = lesson;
        this.facts.value = facts;
        this.error.value = null;
      });
      const teacher = lesson.rights.includes("moderate");
      this.#story = new QuestionsReplay({ person: person.value?.id ?? null, teacher });
      await Promise.all([this.openIndex(), this.#readEvents()]);
      this.#awaitPictures();
    } catch (error) {
      this.error.value = asApiError(error);
    }
  }

  override close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#lookAgain);
    window.removeEventListener("pagehide", this.#goingAway);
    document.removeEventListener("visibilitychange", this.#goingAway);
    this.#note(true);
    super.close();
  }

  get chapters(): readonly Chapter[] {
    return this.facts.value?.chapters ?? [];
  }

  /** Whether there is nothing to see yet, and soon will be. */
  get awaitsPictures(): boolean {
    return this.pictures.value === 0 && Boolean(this.facts.value?.preparing.length);
  }

  override seek(position: number): void {
    super.seek(position);
    this.#showQuestions(this.state.value.position);
  }

  setSpeed(speed: string): void {
    chosenSpeed.value = speed;
    this.player.rate = Number(speed) || 1;
  }

  changeSpeed(up: boolean): void {
    this.setSpeed(changedSpeed(chosenSpeed.value, up, fastSpeeds.value));
  }

  setLayout(layout: Layout): void {
    replayLayout.value = layout;
  }

  setPicturesOnly(on: boolean): void {
    picturesOnly.value = on;
    this.activate();
  }

  /** The picture that is seen at a position, and the one after it. */
  seen(position: number): ReturnType<RecordingIndex["seen"]> {
    return this.index.seen(position);
  }

  protected override playlists() {
    if (!document.createElement("video").canPlayType(HLS)) return null;
    return async () => (await import("../protocol/playlist-player")).PlaylistPlayer;
  }

  protected override grown(): void {
    this.#pauses = silences(this.index.track("voice"));
    const resumed = this.#bookmark.resume(this.facts.value?.progress?.position ?? null);
    if (this.#begun || !this.knows(parseTime(this.#parameter) ?? resumed)) return;
    this.#begun = true;
    this.activate();
    this.seek(startAt(this.#parameter, resumed, this.index.edge));
  }

  protected override moved(state: PlayerState): void {
    this.#showQuestions(state.position);
    this.#bookmark.played.at(state.position, state.playing);
    if (Math.abs(state.position - this.#bookmark.position) > NOTE_PERIOD) this.#note();
  }

  /** Take up pictures that are being encoded, as they are done. */
  #awaitPictures(): void {
    if (this.#closed || !this.facts.value?.preparing.length) return;
    this.#lookAgain = setTimeout(() => void this.#lookForPictures(), PREPARED_PERIOD);
  }

  async #lookForPictures(): Promise<void> {
    try {
      this.facts.value = await api.recording(this.lessonId);
      if (this.facts.value.state !== "recording") await this.openIndex();
    } catch (error) {
      if (!isPassing(error)) return;
    }
    this.#awaitPictures();
  }

  #note(last = false): void {
    if (this.#begun) this.#bookmark.note(this.state.value.position, last);
  }

  /** Phones end hidden pages without a word: what is not told by then is not told. */
  readonly #goingAway = (event: Event) => {
    if (event.type === "pagehide" || document.visibilityState === "hidden") this.#note(true);
  };

  #showQuestions(position: number): void {
    this.questions.value = this.#story.at(position);
  }

  async #readEvents(): Promise<void> {
    try {
      for (;;) {
        const { events, seq, more } = await api.lessonEvents(this.lessonId, this.#seen);
        this.#story.add(events);
        this.addEvents(events);
        this.#seen = Math.max(this.#seen, seq);
        if (!more) break;
      }
      this.#showQuestions(this.state.value.position);
    } catch (error) {
      // The lesson plays without its questions.
      if (!isPassing(error)) return;
    }
    if (this.#closed || this.lesson.value?.state === "ended") return;
    this.#timer = setTimeout(() => void this.#readEvents(), 2 * INDEX_PERIOD);
  }

  /** Every question of the lesson, for the search. */
  all(): Questions {
    return this.#story.at(Number.POSITIVE_INFINITY);
  }
}
