/** The questions of a lesson as one page sees them: what is known, what is on its way, what can be undone. */
import { batch, type Signal, signal } from "@preact/signals";
import type { Feed } from "../protocol/feed";
import { isSound, NOTE_SEND } from "../protocol/notes";
import { type Entry, OutboxRunner } from "../protocol/outbox";
import { IndexedStorage } from "../protocol/outbox-storage";
import {
  type Acknowledgement,
  type Command,
  type JoinedQuestions,
  type Question,
  SEEN_LIMIT,
} from "../protocol/questions";
import { browserClock } from "../protocol/runner";
import type { LessonSocket } from "../protocol/socket";
import type { LessonEvent } from "../protocol/types";
import { newId } from "../protocol/uuid";
import { api, serverNow } from "./app";
import {
  apply,
  join,
  load,
  NOTHING,
  own,
  type Questions,
  type Viewer,
  vote,
  voteElsewhere,
} from "./questions-reducer";
import { alike } from "./questions-view";

/** How long a step can be taken back with one tap, in ms. */
export const UNDO_TIME = 10_000;
/** Questions asked for at once beyond the first list. */
const PAGE_SIZE = 50;
/** Ms in which what the teacher sees is told together. */
const SEEN_PAUSE = 1_000;
/** "Already asked" shows at most this many. */
const SIMILAR = 3;

/** A step that can be taken back. */
export interface UndoStep {
  readonly name: string;
  readonly question: number;
  readonly version: number;
}

/** Commands worth sending whenever the connection returns; what a teacher does now is not. */
const KEPT: ReadonlySet<string> = new Set([
  "question_ask",
  "question_edit",
  "question_withdraw",
  "question_vote",
  "answer_give",
  "question_answer",
  "hand_raise",
  "note_withdraw",
  NOTE_SEND,
  "poll_vote",
]);

/** Steps that can be undone; votes and stars are their own undo. */
const UNDOABLE: ReadonlySet<string> = new Set([
  "question_approve",
  "question_withdraw",
  "question_dismiss",
  "question_later",
  "question_reopen",
  "question_merge",
  "question_begin",
  "question_done",
  "question_answer",
]);

export function isUndoable(name: string): boolean {
  return UNDOABLE.has(name);
}

/** Whether somebody has written something that must not be lost. */
export function isWritten(entry: Entry): boolean {
  return typeof entry.args.text === "string";
}

/** Whether a new command makes one that still waits pointless: of an answer to a poll the last counts. */
export function replaces(name: string, args: Record<string, unknown>, older: Entry): boolean {
  if (name !== "poll_vote" || older.name !== name || older.state !== "waiting") return false;
  return older.args.poll === args.poll;
}

export class QuestionRoom {
  readonly lesson: string;
  readonly viewer: Viewer;
  readonly questions = signal<Questions>(NOTHING);
  /** Whether the server has told us the questions; older servers and closed lessons do not. */
  readonly ready = signal(false);
  readonly online = signal(false);
  readonly entries = signal<readonly Entry[]>([]);
  /** A step of ours that was refused and leaves nothing to keep. */
  readonly refusal = signal<Entry | null>(null);
  /** How much of each voice note has arrived, 0 to 1, by id. */
  readonly shares = signal<ReadonlyMap<string, number>>(new Map());
  readonly undoStep = signal<UndoStep | null>(null);
  /** The newest thing worth saying aloud. */
  readonly heard: Signal<LessonEvent | null> = signal(null);
  readonly #outbox: OutboxRunner;
  readonly #feed: Feed;
  readonly #class: LessonSocket["class"];
  /** Where the lesson's clock stood (ms), and when we heard so. */
  #clock: { position: number; heard: number } | null = null;
  /** Where the next page of the server's list begins. */
  #next: number | null = 0;
  readonly #unseen = new Set<number>();
  #undoTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(lesson: string, viewer: Viewer, socket: LessonSocket) {
    this.lesson = lesson;
    this.viewer = viewer;
    this.#feed = socket.feed;
    this.#class = socket.class;
    this.#outbox = new OutboxRunner(lesson, viewer.person ?? "", {
      send: (command) =>
        isSound(command.name) ? this.#sendSound(command) : socket.command(command),
      storage: new IndexedStorage(),
      clock: browserClock,
      changed: (entries) => {
        this.entries.value = entries;
      },
      done: (entry) => this.#onDone(entry),
      refused: (entry) => this.#onRefused(entry),
    });
  }

  /** Follow the lesson; it ends with the socket, which then sends and tells nothing. */
  open(): void {
    void this.#outbox.open();
    this.#feed.listen({
      joined: (answer) => this.#onJoined(answer),
      event: (event) => this.#onEvent(event),
      mine: (voted) => this.#set(voteElsewhere(this.questions.value, voted)),
      online: (on) => {
        this.online.value = on;
        this.#outbox.online(on);
      },
    });
  }

  /** Do something now, or as soon as the connection is back; resolves once it is safe from a reload. */
  act(name: string, args: Record<string, unknown>): Promise<void> {
    this.refusal.value = null;
    for (const older of this.entries.value) {
      if (replaces(name, args, older)) this.#outbox.drop(older.id);
    }
    const command = { id: newId(), lesson: this.lesson, name, args };
    return this.#outbox.add(command, KEPT.has(name), serverNow());
  }

  /** The lesson's position of now in ms; null until the server has told it. */
  position(): number | null {
    const clock = this.#clock;
    return clock && Math.max(0, Math.round(clock.position + Date.now() - clock.heard));
  }

  ask(text: string, anonymous: boolean): Promise<void> {
    const at = this.position();
    const args: Record<string, unknown> = { text, anonymous };
    if (at !== null) args.at = at;
    return this.act("question_ask", args);
  }

  vote(question: number, on: boolean): Promise<void> {
    return this.act("question_vote", { question, on });
  }

  /** Take back the last step, while there is time. */
  undo(): void {
    const step = this.undoStep.value;
    if (!step) return;
    this.undoStep.value = null;
    void this.act("question_undo", { question: step.question, version: step.version });
  }

  /** Note that the teacher has a question before their eyes. */
  see(question: number): void {
    this.#unseen.add(question);
    if (this.#unseen.size > 1) return;
    setTimeout(() => {
      const questions = [...this.#unseen].slice(0, SEEN_LIMIT);
      this.#unseen.clear();
      void this.act("question_seen", { questions });
    }, SEEN_PAUSE);
  }

  /** Forget a command that was refused. */
  forget(entry: Entry): void {
    this.#outbox.drop(entry.id);
  }

  /** Give a question that came too late to the course's book instead. */
  async toBook(entry: Entry, course: string): Promise<void> {
    const { text, anonymous } = entry.args;
    await api.bookCommand(course, {
      id: newId(),
      name: "question_ask",
      args: { text, anonymous },
    });
    this.forget(entry);
  }

  async loadMore(): Promise<void> {
    const { size } = this.questions.value.known;
    // The first pages repeat what is here; go on until something is new.
    while (this.#next !== null && this.questions.value.known.size === size) {
      const { questions, next } = await api.questions(this.lesson, this.#next, PAGE_SIZE);
      this.#next = next;
      this.#set(load(this.questions.value, questions, next !== null));
    }
  }

  /** Find what asks nearly the same; without the server, among what is known here. */
  async similar(text: string): Promise<readonly Question[]> {
    const known = [...this.questions.value.known.values()];
    try {
      return (await api.similarQuestions(this.lesson, text)).slice(0, SIMILAR);
    } catch {
      return alike(text, known, SIMILAR);
    }
  }

  #set(questions: Questions): void {
    if (questions === this.questions.value) return;
    this.questions.value = questions;
    this.#dropArrived();
  }

  #onJoined(answer: JoinedQuestions): void {
    if (answer.position !== undefined) this.#hearClock(answer.position);
    batch(() => {
      this.ready.value = true;
      if (answer.questions) this.#next = 0;
      this.#set(join(this.questions.value, answer, this.viewer));
    });
  }

  #onEvent(event: LessonEvent): void {
    this.#hearClock(event.position);
    batch(() => {
      this.#set(apply(this.questions.value, event, this.viewer));
      if (event.kind.startsWith("question.")) this.heard.value = event;
    });
  }

  #hearClock(position: number): void {
    this.#clock = { position, heard: Date.now() };
  }

  #onDone(entry: Entry): void {
    // Known from now on; the server tells the person's other pages, and may tell us later.
    if (entry.name === "poll_vote") {
      const { poll, choices } = entry.result ?? {};
      this.#class.message("voted", { voted: { [String(poll)]: choices } });
    }
    const { question, on, votes, version } = entry.result ?? {};
    if (typeof question === "number") {
      const known = this.questions.value;
      if (entry.name === "question_ask") this.#set(own(known, question));
      if (entry.name === "question_vote") {
        this.#set(vote(known, question, on === true, Number(votes)));
      }
      if (isUndoable(entry.name) && typeof version === "number") {
        this.#offerUndo({ name: entry.name, question, version });
      }
    }
    this.#dropArrived();
  }

  /** Send the sound of a voice note; how that is done is downloaded with the first. */
  async #sendSound(command: Command): Promise<Acknowledgement | null> {
    const tell = (share: number) => {
      this.shares.value = new Map(this.shares.value).set(command.id, share);
    };
    try {
      const { sendNote } = await import("../protocol/note-upload");
      return await sendNote(api, command, tell);
    } catch {
      return null; // the part could not be downloaded: as without an answer
    }
  }

  #onRefused(entry: Entry): void {
    // What was said stays until its author has dealt with it; the rest is told and forgotten.
    if (isWritten(entry) || isSound(entry.name)) return;
    this.refusal.value = entry;
    this.#outbox.drop(entry.id);
  }

  /** What was sent is shown by its event; only then does the entry go. */
  #dropArrived(): void {
    const { seq } = this.questions.value;
    for (const entry of this.entries.value) {
      if (isSound(entry.name)) continue; // its event is of voice notes
      if (entry.state === "sent" && (entry.seq ?? 0) <= seq) this.#outbox.drop(entry.id);
    }
  }

  #offerUndo(step: UndoStep): void {
    this.undoStep.value = step;
    clearTimeout(this.#undoTimer);
    this.#undoTimer = setTimeout(() => {
      this.undoStep.value = null;
    }, UNDO_TIME);
  }
}
