/** Voice notes as a student's page sees them: their own, the one on air, and those on their way. */
import { batch, computed, effect, signal } from "@preact/signals";
import { isSound, NOTE_SEND, type VoiceNote } from "../protocol/notes";
import type { Entry } from "../protocol/outbox";
import type { LessonSocket } from "../protocol/socket";
import { applyNotes, joinNotes, NO_NOTES, type Notes } from "./notes-reducer";
import type { QuestionRoom } from "./questions";
import type { Recording } from "./recorder";

export class NoteRoom {
  readonly notes = signal<Notes>(NO_NOTES);
  /** Recordings that the server does not have yet, or has refused. */
  readonly entries = computed(() => this.line.entries.value.filter(({ name }) => isSound(name)));
  /** Notes, and commands about them, go with all that is said and asked, in one order. */
  readonly line: QuestionRoom;
  readonly #feed: LessonSocket["notes"];

  constructor(line: QuestionRoom, socket: LessonSocket) {
    this.line = line;
    this.#feed = socket.notes;
  }

  open(): void {
    this.#feed.listen({
      joined: ({ seq, notes }) => {
        if (notes) this.notes.value = joinNotes({ seq, notes });
      },
      event: (event) => {
        this.notes.value = applyNotes(this.notes.value, event, this.line.viewer);
      },
      mine: () => {},
      online: () => {},
    });
    effect(() => this.#dropArrived());
  }

  /** Send a recording now, or as soon as possible; resolves once it is safe from a reload. */
  async send({ sound, length, at }: Recording): Promise<void> {
    await this.line.act(NOTE_SEND, { sound: await sound.arrayBuffer(), length, at });
  }

  /** Take back one's own note; its sound is deleted. */
  withdraw(note: VoiceNote): void {
    void this.line.act("note_withdraw", { note: note.number });
  }

  /** Forget a recording that the server does not have. */
  forget(entry: Entry): void {
    this.line.forget(entry);
  }

  /** What was sent is shown by its event; only then does the entry go. */
  #dropArrived(): void {
    const here = new Set([...this.notes.value.known.values()].map((each) => each.id));
    const gone = this.entries.value.filter(
      ({ id, state, result }) =>
        state === "sent" && (result?.state === "withdrawn" || here.has(id)),
    );
    batch(() => {
      for (const entry of gone) this.line.forget(entry);
    });
  }
}
