/** A WHEP player of a lesson: five slots, negotiated once, for as long as the page is open. */
import type { Failure, Link } from "./link";
import {
  endSession,
  grantFailure,
  leaveSession,
  mediaFailure,
  newConnection,
  openSession,
  type PeerSession,
  restartSession,
} from "./peer";
import { browserClock, type Clock, followIce, LinkRunner } from "./runner";
import { AUDIO_SLOTS, type Slot, VIDEO_SLOTS } from "./types";
import type { Ticket } from "./whip";

/** How long a new session has to bring its first picture before the last one of the old goes, in ms. */
const LAST_PICTURE = 5_000;

export class Player {
  readonly #ticket: Ticket;
  readonly #onTrack: (slot: Slot, track: MediaStreamTrack) => void;
  readonly #runner: LinkRunner;
  readonly #videos: readonly Slot[];
  #pc: RTCPeerConnection | null = null;
  #session: PeerSession | null = null;
  /** A dead connection, kept because closing it would take its last picture off the screen. */
  #past: RTCPeerConnection | null = null;

  /** `onTrack` hears each slot's track, again after each new session; with no `videos` only sound comes. */
  constructor(
    ticket: Ticket,
    onTrack: (slot: Slot, track: MediaStreamTrack) => void,
    changed: (link: Link) => void,
    clock: Clock = browserClock,
    videos: readonly Slot[] = VIDEO_SLOTS,
  ) {
    this.#videos = videos;
    this.#ticket = ticket;
    this.#onTrack = onTrack;
    this.#runner = new LinkRunner(
      {
        open: () => this.#open(),
        restart: () => this.#restart(),
        drop: () => this.#drop(),
      },
      changed,
      clock,
    );
  }

  get link(): Link {
    return this.#runner.link;
  }

  /** The connection in use, for statistics. */
  get pc(): RTCPeerConnection | null {
    return this.#pc;
  }

  /** The session in use, for what is said about it. */
  get session(): PeerSession | null {
    return this.#session;
  }

  start(): void {
    this.#runner.take({ type: "start" });
  }

  stop(): void {
    this.#runner.take({ type: "stop" });
  }

  /** Try at once if we are waiting for a better moment. */
  poke(): void {
    this.check();
    this.#runner.take({ type: "poke" });
  }

  /** Notice a connection that was closed under us (a frozen page, a sleeping laptop): no event tells. */
  check(): void {
    if (this.#session && this.#pc?.connectionState === "closed") {
      this.#runner.take({ type: "failed", failure: { kind: "retry", code: "closed" } });
    }
  }

  async #open(): Promise<Failure | null> {
    const pc = newConnection();
    this.#pc = pc;
    followIce(pc, (input) => {
      if (pc === this.#pc) this.#runner.take(input);
    });
    const tracks = addSlots(pc, this.#videos);
    let ticket: { url: string; token: string };
    try {
      ticket = await this.#ticket();
    } catch (error) {
      return grantFailure(error);
    }
    try {
      const session = await openSession(pc, ticket.url, ticket.token);
      this.#session = session;
    } catch (error) {
      return mediaFailure(error);
    }
    // Only now: until here the last picture of the session before stays on the screen.
    for (const [slot, track] of tracks) this.#onTrack(slot, track);
    setTimeout(() => this.#closePast(), LAST_PICTURE);
    return null;
  }

  async #restart(): Promise<Failure | null> {
    const session = this.#session;
    if (!session) return { kind: "retry", code: "no-session" };
    try {
      await restartSession(session);
      return null;
    } catch (error) {
      return mediaFailure(error);
    }
  }

  #drop(): void {
    const session = this.#session;
    const over = this.link.name === "closed";
    if (over || session) this.#closePast();
    if (session && over) endSession(session);
    else if (session) {
      void leaveSession(session);
      this.#past = session.pc;
    } else this.#pc?.close();
    this.#pc = null;
    this.#session = null;
  }

  #closePast(): void {
    this.#past?.close();
    this.#past = null;
  }
}

/** Add the slots in the order the server gives them meaning. */
function addSlots(pc: RTCPeerConnection, videos: readonly Slot[]): [Slot, MediaStreamTrack][] {
  const add = (kind: "video" | "audio") =>
    pc.addTransceiver(kind, { direction: "recvonly" }).receiver.track;
  return [
    ...videos.map((slot): [Slot, MediaStreamTrack] => [slot, add("video")]),
    ...AUDIO_SLOTS.map((slot): [Slot, MediaStreamTrack] => [slot, add("audio")]),
  ];
}
