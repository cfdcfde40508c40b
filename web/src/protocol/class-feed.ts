/** What the server tells of the class: its pulse, its health, its polls (docs/class-protocol.md). */
import type { LessonEvent } from "./types";

export type Feeling = "understood" | "lost";

export interface OwnWord {
  readonly value: Feeling;
  /** Ms for which it still counts. */
  readonly left: number;
}

export interface ClassPulse {
  readonly understood: number;
  readonly lost: number;
  /** 0 to 1, newer words counting more. */
  readonly lost_share: number;
}

export interface ClassHealth {
  readonly good: number;
  readonly slow: number;
  readonly sound_only: number;
  readonly lost: number;
  readonly students: number;
  /** Students who do not hear the teacher. */
  readonly silent: number;
  /** Ms; the median. */
  readonly delay: number | null;
}

export interface Poll {
  readonly number: number;
  readonly text: string;
  readonly options: readonly string[];
  readonly multiple: boolean;
  readonly state: "draft" | "open" | "closed";
  readonly shown: boolean;
  readonly from: number | null;
  readonly to: number | null;
  /** Null for students while the teacher does not show them. */
  readonly counts: readonly number[] | null;
  readonly voters: number | null;
}

export type Voted = Readonly<Record<string, readonly number[]>>;

/** What the answer to `join` says of the class. */
export interface JoinedClass {
  readonly polls: { readonly list: readonly Poll[]; readonly voted: Voted };
  /** Students only. */
  readonly own?: OwnWord | null;
  /** Teachers only. */
  readonly pulse?: ClassPulse;
  readonly health?: ClassHealth;
}

export interface ClassView {
  readonly polls: readonly Poll[];
  readonly voted: Voted;
  readonly own: OwnWord | null;
  readonly pulse: ClassPulse | null;
  readonly health: ClassHealth | null;
}

export const EMPTY_CLASS: ClassView = {
  polls: [],
  voted: {},
  own: null,
  pulse: null,
  health: null,
};

/** A page's report on what it receives, without the lesson. */
export interface Report {
  /** 0 to 1. */
  readonly loss: number;
  /** Whole ms. */
  readonly rtt: number | null;
  readonly delay: number | null;
  /** Null while there is nobody to hear. */
  readonly sound: boolean | null;
  /** Null while there is no picture. */
  readonly frames: number | null;
}

/** The socket's messages about a class; `poll` and `voted` are about polls. */
export const CLASS_MESSAGES = ["pulse", "health", "felt", "poll", "voted"] as const;
export type ClassMessage = (typeof CLASS_MESSAGES)[number];

type Part = Partial<Poll> & { readonly number: number };

function put(view: ClassView, part: Part): ClassView {
  const known = view.polls.find((poll) => poll.number === part.number);
  // A poll that is told to everybody leaves out the counts; who knows them keeps them.
  const kept =
    part.counts === null && known?.counts && view.pulse
      ? { counts: known.counts, voters: known.voters }
      : {};
  const whole = { ...known, ...part, ...kept };
  if (whole.text === undefined) return view;
  const rest = view.polls.filter((poll) => poll.number !== part.number);
  const polls = [...rest, whole as Poll].sort((one, other) => one.number - other.number);
  return { ...view, polls };
}

export function joinedClass(answer: JoinedClass): ClassView {
  return {
    polls: answer.polls.list,
    voted: answer.polls.voted,
    own: answer.own ?? null,
    pulse: answer.pulse ?? null,
    health: answer.health ?? null,
  };
}

/** Take in an event of the timeline; kinds that are no poll's change nothing. */
export function classEvent(view: ClassView, event: LessonEvent): ClassView {
  if (!event.kind.startsWith("poll.")) return view;
  const part = event.payload.poll as Part;
  if (event.kind !== "poll.removed") return put(view, part);
  return { ...view, polls: view.polls.filter((poll) => poll.number !== part.number) };
}

/** Take in a message that is on no timeline. */
export function classMessage(
  view: ClassView,
  name: ClassMessage,
  body: Record<string, unknown>,
): ClassView {
  switch (name) {
    case "pulse":
      return { ...view, pulse: body as unknown as ClassPulse };
    case "health":
      return { ...view, health: body as unknown as ClassHealth };
    case "felt":
      return { ...view, own: body.own as OwnWord | null };
    case "voted":
      return { ...view, voted: { ...view.voted, ...(body.voted as Voted) } };
    case "poll":
      return put(view, body.poll as Part);
  }
}

/** The class as it is now, for parts of a page that come later. */
export class ClassFeed {
  #view = EMPTY_CLASS;
  readonly #listeners = new Set<(view: ClassView) => void>();

  get view(): ClassView {
    return this.#view;
  }

  /** Call with every new view. Returns how to stop. */
  listen(listener: (view: ClassView) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#view);
    return () => this.#listeners.delete(listener);
  }

  joined(answer: JoinedClass): void {
    this.#set(joinedClass(answer));
  }

  event(event: LessonEvent): void {
    this.#set(classEvent(this.#view, event));
  }

  message(name: ClassMessage, body: Record<string, unknown>): void {
    this.#set(classMessage(this.#view, name, body));
  }

  #set(view: ClassView): void {
    if (view === this.#view) return;
    this.#view = view;
    for (const listener of this.#listeners) listener(view);
  }
}
