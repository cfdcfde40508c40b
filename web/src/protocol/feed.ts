/** What a lesson's socket hears for parts of a page that are downloaded after the page itself. */
import type { JoinedQuestions } from "./questions";
import type { LessonEvent } from "./types";

export interface FeedListener {
  joined(answer: JoinedQuestions): void;
  event(event: LessonEvent): void;
  /** What another page of the same person has voted for. */
  mine(voted: Readonly<Record<string, boolean>>): void;
  /** Whether commands can be sent just now. */
  online(on: boolean): void;
}

type Message = (listener: FeedListener) => void;

/** Keeps everything until its one listener comes. */
export class Feed implements FeedListener {
  #listener: FeedListener | null = null;
  #kept: Message[] = [];
  #online = false;
  #began = false;
  readonly #wanted: (kind: string) => boolean;

  /** Follow only events of the wanted kinds. */
  constructor(wanted: (kind: string) => boolean = () => true) {
    this.#wanted = wanted;
  }

  /** Whether the server has told us of questions at all. */
  get began(): boolean {
    return this.#began;
  }

  /** Tell the listener what was, then what comes. Returns how to stop. */
  listen(listener: FeedListener): () => void {
    this.#listener = listener;
    for (const message of this.#kept.splice(0)) message(listener);
    listener.online(this.#online);
    return () => {
      if (this.#listener === listener) this.#listener = null;
    };
  }

  joined(answer: JoinedQuestions): void {
    this.#began = true;
    // A whole list replaces what came before it.
    if (answer.questions) this.#kept = [];
    this.#tell((listener) => listener.joined(answer));
  }

  event(event: LessonEvent): void {
    if (!this.#wanted(event.kind)) return;
    this.#tell((listener) => listener.event(event));
  }

  mine(voted: Readonly<Record<string, boolean>>): void {
    this.#tell((listener) => listener.mine(voted));
  }

  online(on: boolean): void {
    this.#online = on;
    this.#listener?.online(on);
  }

  #tell(message: Message): void {
    if (this.#listener) message(this.#listener);
    else this.#kept.push(message);
  }
}
