/** A recording played small, for whoever decides what of it is shown; it notes nobody's progress. */
import { signal } from "@preact/signals";
import { asApiError } from "./app";
import type { Layout } from "./layout";
import { Playback } from "./playback";

export class Preview extends Playback {
  #begun = false;

  constructor(lesson: string) {
    super(lesson, signal<Layout>("slides"));
  }

  /** Read the index. */
  open(): void {
    this.openIndex().catch((error: unknown) => {
      this.error.value = asApiError(error);
    });
  }

  protected override moved(): void {}

  protected override grown(): void {
    if (this.#begun || this.index.edge === 0) return;
    this.#begun = true;
    this.seek(this.index.start);
  }
}
