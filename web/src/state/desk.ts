/** The teacher's desk: all that waits in a lesson, what is done with it, and ten seconds to take it back. */
import { computed, effect, signal } from "@preact/signals";
import type { LessonSocket } from "../protocol/socket";
import { serverNow } from "./app";
import type { HandRoom } from "./hands";
import { applyNotes, joinNotes, NO_NOTES, type Notes } from "./notes-reducer";
import { type QuestionRoom, UNDO_TIME } from "./questions";
import type { Item, Now, Waiting } from "./queue";
import type { HandStep, NoteStep, QuestionStep, Step } from "./steps";

/** What is done with a hand or a voice note and can be taken back; questions have their own way. */
export interface Undoable {
  readonly kind: "hand" | "note";
  readonly number: number;
  readonly name: string;
}

/** What "one more minute" adds to a turn, in seconds. */
const MINUTE = 60;

/** Steps that are not one command: they open a box first. */
export type BoxStep = "text" | "merge";

const QUESTION_COMMANDS: Record<Exclude<QuestionStep, BoxStep>, string> = {
  approve: "question_approve",
  begin: "question_begin",
  done: "question_done",
  later: "question_later",
  dismiss: "question_dismiss",
  reopen: "question_reopen",
};
const HAND_COMMANDS: Record<HandStep, string> = {
  invite: "turn_invite",
  air: "turn_start",
  end: "turn_end",
  extend: "turn_extend",
  lower: "hand_dismiss",
};
const NOTE_COMMANDS: Record<NoteStep, string> = {
  play: "note_play",
  stop: "note_stop",
  aside: "note_dismiss",
  restore: "note_restore",
};

export class Desk {
  readonly room: QuestionRoom;
  readonly hands: HandRoom;
  readonly notes = signal<Notes>(NO_NOTES);
  /** The last step with a hand or a note, while it can be taken back. */
  readonly undoable = signal<Undoable | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** All that waits; a hand that is being lowered is gone already for who lowers it. */
  readonly waiting = computed<Waiting>(() => {
    const { value: hands } = this.hands.hands;
    const last = this.undoable.value;
    const known = new Map(hands.known);
    if (last?.kind === "hand") known.delete(last.number);
    return {
      questions: this.room.questions.value,
      hands: { ...hands, known },
      notes: this.notes.value,
    };
  });

  constructor(room: QuestionRoom, hands: HandRoom) {
    this.room = room;
    this.hands = hands;
  }

  open(socket: LessonSocket): void {
    socket.notes.listen({
      joined: ({ seq, notes }) => {
        this.notes.value = joinNotes({ seq, notes: notes ?? [] });
      },
      event: (event) => {
        this.notes.value = applyNotes(this.notes.value, event, this.room.viewer);
      },
      mine: () => {},
      online: () => {},
    });
    // A later step with a question takes the place of what could be undone until now.
    effect(() => {
      if (this.room.undoStep.value) this.settle();
    });
    // A page that goes away does at once what it holds back.
    addEventListener("pagehide", () => this.settle());
  }

  /** Give the time as far as it is known here; without an event, the newest thing is from now. */
  now(): Now {
    const { hands, notes } = this.waiting.peek();
    const ats = [...hands.known.values(), ...notes.known.values()].map((each) => each.at);
    const position = this.room.position() ?? Math.max(0, ...ats);
    return { time: serverNow(), position };
  }

  /** Take a step that needs no box. */
  take(item: Item, step: Exclude<Step, BoxStep>): void {
    if (item.kind === "question") {
      const name = QUESTION_COMMANDS[step as keyof typeof QUESTION_COMMANDS];
      this.#act(name, { question: item.question.number });
    } else if (item.kind === "note") {
      const { number, person } = item.note;
      this.#act(NOTE_COMMANDS[step as NoteStep], { note: number });
      if (step === "aside") this.#offer({ kind: "note", number, name: person.name });
    } else if (step === "lower") {
      // A hand that is down can not be put up by anybody else: it is lowered when it can no
      // longer be undone.
      this.#offer({ kind: "hand", number: item.hand.number, name: item.hand.person.name });
    } else {
      const rest = step === "extend" ? { seconds: MINUTE } : {};
      this.#act(HAND_COMMANDS[step as HandStep], { hand: item.hand.number, ...rest });
    }
  }

  /** Take back the last step, while there is time. */
  undo(): void {
    const last = this.undoable.peek();
    if (!last) {
      this.room.undo();
      return;
    }
    clearTimeout(this.#timer);
    this.undoable.value = null;
    if (last.kind === "note") this.#act("note_restore", { note: last.number });
  }

  nextHand(): void {
    this.#act("turn_next", {});
  }

  lowerAll(): void {
    this.settle();
    this.#act("hands_lower", {});
  }

  /** Do what was held back, for it can no longer be undone. */
  settle(): void {
    const last = this.undoable.peek();
    if (!last) return;
    clearTimeout(this.#timer);
    const up = this.hands.hands.peek().known.has(last.number);
    if (last.kind === "hand" && up) this.#act("hand_dismiss", { hand: last.number });
    this.undoable.value = null;
  }

  #offer(step: Undoable): void {
    this.settle();
    this.room.undoStep.value = null;
    this.undoable.value = step;
    this.#timer = setTimeout(() => this.settle(), UNDO_TIME);
  }

  #act(name: string, args: Record<string, unknown>): void {
    void this.room.act(name, args);
  }
}
