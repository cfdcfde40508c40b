/** The sizes of our picture that nobody wants just now: they are not sent (signaling/PROTOCOL.md, resting layers). */
import { browserClock, type Clock } from "./runner";

/** The server says it again every 5 s; without its word everything is sent, in ms. */
export const TRUST = 15_000;

/** What the server says of a source. */
export interface RestingLayers {
  readonly source: string;
  /** The rids that need not be sent. */
  readonly rest: readonly string[];
}

export class Resting {
  readonly #pc: () => RTCPeerConnection | null;
  readonly #clock: Clock;
  #cancel: (() => void) | null = null;

  /** `pc` is the connection in use, which changes. */
  constructor(pc: () => RTCPeerConnection | null, clock: Clock = browserClock) {
    this.#pc = pc;
    this.#clock = clock;
  }

  /** Send everything but these, for as long as the server's word holds. */
  take(rest: readonly string[]): void {
    this.stop();
    if (rest.length > 0) this.#cancel = this.#clock.after(TRUST, () => this.take([]));
    for (const sender of this.#pc()?.getSenders() ?? []) void send(sender, rest);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}

async function send(sender: RTCRtpSender, rest: readonly string[]): Promise<void> {
  const parameters = sender.getParameters();
  const named = (parameters.encodings ?? []).filter((each) => each.rid);
  const wrong = named.filter((each) => (each.active ?? true) === rest.includes(each.rid ?? ""));
  if (named.length < 2 || wrong.length === 0) return;
  for (const each of wrong) each.active = !each.active;
  // A browser that can not, or is busy with another change, hears it again in 5 s.
  await sender.setParameters(parameters).catch(() => {});
}
