/** The one file that owns the socket: joins a lesson, keeps its view without holes, comes back by itself. */
import { io, type Socket } from "socket.io-client";
import { CLASS_MESSAGES, ClassFeed, type JoinedClass } from "./class-feed";
import { Feed } from "./feed";
import { isOfHands } from "./hands";
import { catchUp, fromSnapshot, type LessonView, NO_LOG, type Taken, take } from "./lesson-log";
import { isOfNotes } from "./notes";
import type { Acknowledgement, Command, JoinedQuestions } from "./questions";
import type { LessonEvent, LessonSnapshot, Presence } from "./types";

/** A whole class that lost the server together comes back spread over this time, in ms. */
const REJOIN_SPREAD = 2_000;
/** Reconnection delays of Socket.IO, in ms. */
const RECONNECT_MIN = 1_000;
const RECONNECT_MAX = 5_000;
/** No acknowledgement of a join for this long: join again, in ms. */
const JOIN_TIMEOUT = 10_000;
/** No acknowledgement of a command for this long: it is sent again, in ms. */
const COMMAND_TIMEOUT = 8_000;

export type SocketState = "connecting" | "joined" | "reconnecting" | "refused" | "closed";

export interface SocketListener {
  view(view: LessonView): void;
  state(state: SocketState, code: string | null): void;
}

/** By the name of the message. */
type Others = Readonly<Record<string, (body: unknown) => void>>;

type JoinAnswer =
  | ({ ok: true; class?: JoinedClass } & LessonSnapshot & JoinedQuestions)
  | { ok: false; error: { code: string; detail: string } };

export class LessonSocket {
  /** What questions are made of; a page may listen later. */
  readonly feed = new Feed();
  /** The same for hands and turns. */
  readonly hands = new Feed(isOfHands);
  /** The same for voice notes. */
  readonly notes = new Feed(isOfNotes);
  /** The class: its pulse, its health, its polls. */
  readonly class = new ClassFeed();
  readonly #lesson: string;
  readonly #listener: SocketListener;
  readonly #others: Others;
  #socket: Socket | null = null;
  #log = NO_LOG;
  #joining = false;
  #joinedOnce = false;
  /** What performance.now() was, or would have been, when the lesson's clock began. */
  #began: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `others` hear what only some pages want to know. */
  constructor(lesson: string, listener: SocketListener, others: Others = {}) {
    this.#lesson = lesson;
    this.#listener = listener;
    this.#others = others;
  }

  /** Where the lesson is on its clock, in ms; null before it is known. */
  get position(): number | null {
    return this.#began === null ? null : performance.now() - this.#began;
  }

  open(): void {
    if (this.#socket) return;
    const socket = io({
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelay: RECONNECT_MIN,
      reconnectionDelayMax: RECONNECT_MAX,
      randomizationFactor: 0.5,
    });
    this.#socket = socket;
    this.#listener.state("connecting", null);
    socket.on("connect", () => this.#connected());
    socket.on("disconnect", (reason) => this.#disconnected(reason));
    socket.on("event", (event: LessonEvent) => this.#event(event));
    socket.on("mine", (mine: { lesson: string; voted: Record<string, boolean> }) => {
      if (mine.lesson === this.#lesson) this.feed.mine(mine.voted);
    });
    for (const name of CLASS_MESSAGES) {
      socket.on(name, (body: { lesson: string } & Record<string, unknown>) => {
        if (body.lesson === this.#lesson) this.class.message(name, body);
      });
    }
    for (const [name, call] of Object.entries(this.#others)) {
      socket.on(name, (body: { lesson: string }) => {
        if (body.lesson === this.#lesson) call(body);
      });
    }
    socket.on("presence", (presence: Presence & { lesson: string }) => this.#presence(presence));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket?.emit("leave", { lesson: this.#lesson });
    this.#socket?.disconnect();
    this.#socket = null;
    this.feed.online(false);
    this.hands.online(false);
    this.notes.online(false);
    this.#listener.state("closed", null);
  }

  /** Send a command; null when no acknowledgement came, and it may or may not have happened. */
  command(command: Command): Promise<Acknowledgement | null> {
    const socket = this.#socket;
    if (!socket?.connected) return Promise.resolve(null);
    return new Promise((resolve) => {
      const done = (late: Error | null, answer: Acknowledgement) => resolve(late ? null : answer);
      socket.timeout(COMMAND_TIMEOUT).emit("command", command, done);
    });
  }

  /** Tell something that is worth nothing a moment later; it is not sent again. */
  tell(name: "report" | "pulse", body: object): void {
    if (this.#joinedOnce) this.#socket?.volatile.emit(name, { lesson: this.#lesson, ...body });
  }

  /** Cut the connection as a network would; only for tests. */
  cut(): void {
    this.#socket?.io.engine.close();
  }

  #connected(): void {
    const wait = this.#joinedOnce ? Math.random() * REJOIN_SPREAD : 0;
    this.#joining = false;
    this.#later(wait, () => this.#join());
  }

  #disconnected(reason: string): void {
    if (!this.#socket) return;
    this.#listener.state("reconnecting", null);
    this.feed.online(false);
    this.hands.online(false);
    this.notes.online(false);
    // Socket.IO does not return by itself when the server closed on purpose.
    if (reason === "io server disconnect") {
      this.#later(RECONNECT_MIN + Math.random() * REJOIN_SPREAD, () => this.#socket?.connect());
    }
  }

  #later(ms: number, call: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(call, ms);
  }

  #join(): void {
    const socket = this.#socket;
    if (!socket?.connected || this.#joining) return;
    this.#joining = true;
    this.#log = { ...this.#log, behind: true };
    const request: { lesson: string; since?: number } = { lesson: this.#lesson };
    if (this.#log.view) request.since = this.#log.view.seq;
    socket.timeout(JOIN_TIMEOUT).emit("join", request, (late: Error | null, answer: JoinAnswer) => {
      if (socket !== this.#socket) return;
      this.#joining = false;
      if (late) this.#later(Math.random() * REJOIN_SPREAD, () => this.#join());
      else this.#joined(answer);
    });
  }

  #joined(answer: JoinAnswer): void {
    if (!answer.ok) {
      this.#listener.state("refused", answer.error?.code ?? "refused");
      return;
    }
    this.#joinedOnce = true;
    this.#began = performance.now() - answer.position;
    const view = fromSnapshot(answer);
    const caughtUp = catchUp(this.#log, view);
    if (answer.class) this.class.joined(answer.class);
    if (answer.my) {
      this.feed.joined(answer);
      this.feed.online(true);
      this.hands.joined(answer);
      this.hands.online(true);
      this.notes.joined(answer);
      this.notes.online(true);
    }
    this.#listener.state("joined", null);
    this.#tell(caughtUp);
  }

  #event(event: LessonEvent): void {
    this.#tell(take(this.#log, event));
  }

  #tell({ log, events, hole }: Taken): void {
    const before = this.#log.view;
    this.#log = log;
    for (const event of events) {
      this.feed.event(event);
      this.hands.event(event);
      this.notes.event(event);
      this.class.event(event);
    }
    if (log.view && log.view !== before) this.#listener.view(log.view);
    if (hole) this.#later(Math.random() * (REJOIN_SPREAD / 4), () => this.#join());
  }

  #presence({ lesson, students, teachers }: Presence & { lesson: string }): void {
    const { view } = this.#log;
    if (!view || lesson !== this.#lesson) return;
    const present = { students, teachers };
    this.#log = { ...this.#log, view: { ...view, present } };
    this.#listener.view({ ...view, present });
  }
}
