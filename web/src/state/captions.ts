/** The captions of a replay as its page shows them: which there are, which are read, what they say. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { type CaptionsFacts, type Cue, cuesAt, readCaptions } from "../protocol/captions";
import { LANGUAGES, type Language } from "../protocol/types";
import { remembered } from "./app";

/** The language in which captions were read last, and whether they are shown; "" before any choice. */
export const captionsLanguage = remembered<Language | "">("captions-language", "");
export const captionsOn = remembered<boolean>("captions", false);

/** Choose captions: in the language chosen last, else in the page's, else the first there are. */
export function preferred(
  there: readonly CaptionsFacts[],
  chosen: Language | "",
  page: Language,
): CaptionsFacts | null {
  const of = (language: string) => there.find((each) => each.language === language);
  return of(chosen) ?? of(page) ?? there[0] ?? null;
}

export class ReplayCaptions {
  readonly there: ReadonlySignal<readonly CaptionsFacts[]>;
  /** The captions that would be shown; null where there are none. */
  readonly chosen: ReadonlySignal<CaptionsFacts | null>;
  /** Nothing came when they were asked for last. */
  readonly away = signal(false);
  readonly #read = signal<ReadonlyMap<Language, readonly Cue[]>>(new Map());
  readonly #lesson: string;
  #asked: Language | null = null;

  constructor(
    lesson: string,
    facts: ReadonlySignal<{ readonly captions?: readonly CaptionsFacts[] } | null>,
    page: ReadonlySignal<Language>,
  ) {
    this.#lesson = lesson;
    // Those that were deleted are told to teachers, to be brought back.
    this.there = computed(() =>
      (facts.value?.captions ?? []).filter(
        (each) =>
          LANGUAGES.includes(each.language) && (each as { deleted?: boolean }).deleted !== true,
      ),
    );
    this.chosen = computed(() => preferred(this.there.value, captionsLanguage.value, page.value));
  }

  /** All that is said, in the chosen language, as far as it has been read. */
  get cues(): readonly Cue[] {
    const { value } = this.chosen;
    return (value && this.#read.value.get(value.language)) ?? [];
  }

  /** What is to be read at a position in ms. */
  at(position: number): readonly Cue[] {
    return captionsOn.value ? cuesAt(this.cues, position) : [];
  }

  /** Read what is chosen, unless it is there or on its way. */
  async need(): Promise<void> {
    const language = this.chosen.value?.language;
    if (!language || this.#asked === language || this.#read.value.has(language)) return;
    this.#asked = language;
    try {
      const cues = await readCaptions(this.#lesson, language);
      this.#read.value = new Map(this.#read.value).set(language, cues);
      this.away.value = false;
    } catch {
      this.away.value = true;
    }
    if (this.#asked === language) this.#asked = null;
  }

  toggle(): void {
    captionsOn.value = this.there.value.length > 0 && !captionsOn.value;
  }

  /** Show captions in a language; null for none. */
  choose(language: Language | null): void {
    captionsOn.value = language !== null;
    if (language) captionsLanguage.value = language;
  }
}
