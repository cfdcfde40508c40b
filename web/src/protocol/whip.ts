/** A WHIP publisher (RFC 9725) that stays on air over device changes, reloads of the server and bad networks. */
import type { Failure, Link } from "./link";
import {
  endSession,
  grantFailure,
  mediaFailure,
  newConnection,
  openSession,
  type PeerSession,
  restartSession,
} from "./peer";
import { browserClock, type Clock, followIce, LinkRunner } from "./runner";

export interface Tracks {
  video: MediaStreamTrack | null;
  audio: MediaStreamTrack | null;
}

/** How a video is encoded. Bitrates in bit/s, frame rates per second. */
export interface VideoEncoding {
  readonly maxBitrate: number;
  readonly maxFramerate: number;
  readonly degradation: "maintain-resolution" | "balanced";
  /** Smaller pictures sent beside it, smallest first, for those whose network carries no more. */
  readonly smaller?: readonly Layer[];
}

/** One smaller picture: its name on the wire and by how much each side is divided. */
interface Layer {
  readonly rid: string;
  readonly divisor: number;
  readonly maxBitrate: number;
}

/** 720p of a face: enough on any phone, and within the uplink of a school. */
export const CAMERA_ENCODING: VideoEncoding = {
  maxBitrate: 1_200_000,
  maxFramerate: 30,
  degradation: "balanced",
  smaller: [
    { rid: "low", divisor: 4, maxBitrate: 120_000 },
    { rid: "mid", divisor: 2, maxBitrate: 400_000 },
  ],
};
/** 1080p of slides: letters stay sharp, movement may stutter. */
export const SCREEN_ENCODING: VideoEncoding = {
  maxBitrate: 1_500_000,
  maxFramerate: 15,
  degradation: "maintain-resolution",
};
/** 360p of a student: seen well beside the slides, and the voice keeps the better part of a weak uplink. */
export const GUEST_ENCODING: VideoEncoding = {
  maxBitrate: 350_000,
  maxFramerate: 20,
  degradation: "balanced",
};
/** Clear speech with room for a bell, in bit/s. */
const VOICE_BITRATE = 32_000;
/** A replacing session that is not up after this long is given up for an ordinary reconnect, in ms. */
const RENEW_TIMEOUT = 10_000;

/** Where to publish and with what right; asked anew for each session. */
export type Ticket = () => Promise<{ url: string; token: string }>;

export class Publisher {
  readonly #ticket: Ticket;
  readonly #encoding: VideoEncoding;
  readonly #runner: LinkRunner;
  #tracks: Tracks = { video: null, audio: null };
  #pc: RTCPeerConnection | null = null;
  #session: PeerSession | null = null;
  #renewing = false;
  #sizes = 0;

  constructor(
    ticket: Ticket,
    encoding: VideoEncoding,
    changed: (link: Link) => void,
    clock: Clock = browserClock,
  ) {
    this.#ticket = ticket;
    this.#encoding = encoding;
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

  start(tracks: Tracks): void {
    this.#tracks = tracks;
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

  /** Change what is sent; a kind that appears or disappears makes a new session before the old one ends. */
  async setTracks(tracks: Tracks): Promise<void> {
    this.#tracks = tracks;
    const pc = this.#pc;
    if (!pc || !this.#session) return;
    for (const kind of ["video", "audio"] as const) {
      const sender = senderOf(pc, kind);
      if (sender && sender.track !== tracks[kind]) await sender.replaceTrack(tracks[kind]);
    }
    if (!carries(pc, tracks) || this.#sizes !== this.#wantedSizes()) await this.#renew();
  }

  async #open(): Promise<Failure | null> {
    const pc = this.#prepare();
    this.#pc = pc;
    followIce(pc, (input) => {
      if (pc === this.#pc) this.#runner.take(input);
    });
    const opened = await this.#offer(pc);
    if ("kind" in opened) return opened;
    this.#session = opened;
    // The tracks may have changed while the answer was on its way.
    await this.setTracks(this.#tracks);
    return null;
  }

  async #offer(pc: RTCPeerConnection): Promise<PeerSession | Failure> {
    let ticket: { url: string; token: string };
    try {
      ticket = await this.#ticket();
    } catch (error) {
      return grantFailure(error);
    }
    try {
      const session = await openSession(pc, ticket.url, ticket.token);
      await restoreSize(senderOf(pc, "video"), this.#encoding);
      return session;
    } catch (error) {
      return mediaFailure(error);
    }
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
    if (this.#session) endSession(this.#session);
    else this.#pc?.close();
    this.#pc = null;
    this.#session = null;
  }

  /** Make a second session with the tracks of now, and end the first when the second is up. */
  async #renew(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    const old = this.#session;
    const pc = this.#prepare();
    const opened = await this.#offer(pc);
    const up = !("kind" in opened) && (await connected(pc));
    this.#renewing = false;
    if (old !== this.#session || this.#runner.link.name === "closed") {
      // Everything was dropped meanwhile: this session would be a ghost.
      if ("kind" in opened) pc.close();
      else endSession(opened);
      return;
    }
    if (!up) {
      if ("kind" in opened) pc.close();
      else endSession(opened);
      const failure: Failure = "kind" in opened ? opened : { kind: "retry", code: "timeout" };
      this.#runner.take({ type: "failed", failure });
      return;
    }
    this.#swap(old, opened as PeerSession);
    await this.setTracks(this.#tracks);
  }

  #swap(old: PeerSession | null, fresh: PeerSession): void {
    this.#pc = fresh.pc;
    this.#session = fresh;
    followIce(fresh.pc, (input) => {
      if (fresh.pc === this.#pc) this.#runner.take(input);
    });
    this.#runner.take({ type: "ice", state: "connected" });
    if (old) endSession(old);
  }

  #prepare(): RTCPeerConnection {
    const pc = newConnection();
    const { audio, video } = this.#tracks;
    if (audio) {
      pc.addTransceiver(audio, {
        direction: "sendonly",
        sendEncodings: [{ maxBitrate: VOICE_BITRATE }],
      });
    }
    if (video) this.#addVideo(pc, video);
    this.#sizes = this.#wantedSizes();
    return pc;
  }

  /** How many sizes the picture of now is sent in; another camera may need another number. */
  #wantedSizes(): number {
    const { video } = this.#tracks;
    return video ? sizes(this.#encoding, video.getSettings()) : 0;
  }

  #addVideo(pc: RTCPeerConnection, video: MediaStreamTrack): void {
    const { degradation } = this.#encoding;
    const transceiver = pc.addTransceiver(video, {
      direction: "sendonly",
      sendEncodings: encodings(this.#encoding, video.getSettings()),
    });
    preferCodecs(transceiver);
    const parameters = transceiver.sender.getParameters() as RTCRtpSendParameters & {
      degradationPreference?: string;
    };
    parameters.degradationPreference = degradation;
    transceiver.sender.setParameters(parameters).catch(() => {
      // Firefox 115 and Safari 15 choose for themselves.
    });
  }
}

/** Pixels from which on libwebrtc sends three or two sizes; below, it would leave out the largest. */
const PIXELS_OF_THREE = 960 * 540;
const PIXELS_OF_TWO = 480 * 270;

/** Say how many sizes a picture is sent in. */
export function sizes(encoding: VideoEncoding, picture: MediaTrackSettings): number {
  const pixels = (picture.width ?? 0) * (picture.height ?? 0);
  const most = pixels >= PIXELS_OF_THREE ? 3 : pixels >= PIXELS_OF_TWO ? 2 : 1;
  return Math.min(most, 1 + (encoding.smaller?.length ?? 0));
}

/** One encoding, or one for each size; a browser that can send only one ignores the names. */
export function encodings(
  encoding: VideoEncoding,
  picture: MediaTrackSettings,
): RTCRtpEncodingParameters[] {
  const { maxBitrate, maxFramerate, smaller = [] } = encoding;
  const count = sizes(encoding, picture);
  if (count === 1) return [{ maxBitrate, maxFramerate }];
  const layers = [...smaller.slice(1 - count), { rid: "high", divisor: 1, maxBitrate }];
  return layers.map((layer) => ({
    rid: layer.rid,
    scaleResolutionDownBy: layer.divisor,
    maxBitrate: layer.maxBitrate,
    maxFramerate,
  }));
}

/** Send the full picture where the server takes but one encoding: the first left would be the smallest. */
async function restoreSize(sender: RTCRtpSender | null, encoding: VideoEncoding): Promise<void> {
  const parameters = sender?.getParameters();
  const only = parameters?.encodings?.[0];
  if (!sender || !parameters || !only || parameters.encodings.length > 1) return;
  if ((only.scaleResolutionDownBy ?? 1) === 1) return;
  only.scaleResolutionDownBy = 1;
  only.maxBitrate = encoding.maxBitrate;
  await sender.setParameters(parameters);
}

/** VP8 first: every phone decodes it and it survives loss; H.264 stays as the second choice. */
const CODEC_ORDER = ["video/VP8", "video/H264", "video/rtx"];

function preferCodecs(transceiver: RTCRtpTransceiver): void {
  if (!("setCodecPreferences" in transceiver)) return;
  const codecs = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
  const wanted = codecs
    .filter((codec) => CODEC_ORDER.includes(codec.mimeType))
    .sort((a, b) => CODEC_ORDER.indexOf(a.mimeType) - CODEC_ORDER.indexOf(b.mimeType));
  if (wanted.length > 0) transceiver.setCodecPreferences(wanted);
}

/** Find the sender that was negotiated for a kind, also while it sends nothing. */
function senderOf(pc: RTCPeerConnection, kind: "video" | "audio"): RTCRtpSender | null {
  const found = pc.getTransceivers().find((each) => each.receiver.track.kind === kind);
  return found?.sender ?? null;
}

/** Whether the connection was negotiated for exactly the kinds of these tracks. */
function carries(pc: RTCPeerConnection, tracks: Tracks): boolean {
  return (["video", "audio"] as const).every(
    (kind) => (senderOf(pc, kind) !== null) === (tracks[kind] !== null),
  );
}

function connected(pc: RTCPeerConnection): Promise<boolean> {
  return new Promise((done) => {
    const timer = setTimeout(() => done(false), RENEW_TIMEOUT);
    const look = () => {
      if (pc.connectionState !== "connected" && pc.connectionState !== "failed") return;
      clearTimeout(timer);
      done(pc.connectionState === "connected");
    };
    pc.addEventListener("connectionstatechange", look);
    look();
  });
}
