/** One WHIP or WHEP session: offer, answer, ICE restart, end. Used by whip.ts and whep.ts. */
import { ApiError, problemOf } from "./api";
import type { Failure } from "./link";
import { readIce, readIceServers, restartFragment, withIce } from "./sdp";

/** Candidates that come later than this are found by the server from our checks anyway, in ms. */
const GATHER_TIMEOUT = 400;
/** No answer to a request for this long counts as no network, in ms. */
const REQUEST_TIMEOUT = 10_000;

/** How long a connection stays open for the server's answer to our leaving, in ms. */
const LEAVE_TIMEOUT = 2_000;

export interface PeerSession {
  readonly pc: RTCPeerConnection;
  readonly resource: string;
  readonly token: string;
  etag: string;
  answer: string;
}

/** The TURN and STUN servers the server told us last; the next attempt begins with them. */
let iceServers: RTCIceServer[] = [];

export function newConnection(): RTCPeerConnection {
  return new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
}

async function send(url: string, init: RequestInit): Promise<Response> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), REQUEST_TIMEOUT);
  try {
    return await fetch(url, { ...init, signal: abort.signal });
  } catch {
    throw new ApiError("offline", 0);
  } finally {
    clearTimeout(timer);
  }
}

async function gathered(pc: RTCPeerConnection): Promise<string> {
  if (pc.iceGatheringState !== "complete") {
    await new Promise<void>((done) => {
      const timer = setTimeout(done, GATHER_TIMEOUT);
      pc.addEventListener("icegatheringstatechange", () => {
        if (pc.iceGatheringState !== "complete") return;
        clearTimeout(timer);
        done();
      });
    });
  }
  return pc.localDescription?.sdp ?? "";
}

/** Offer `pc` to a WHIP or WHEP address. Raises ApiError. */
export async function openSession(
  pc: RTCPeerConnection,
  url: string,
  token: string,
): Promise<PeerSession> {
  await pc.setLocalDescription();
  const offer = await gathered(pc);
  const response = await send(url, {
    method: "POST",
    headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${token}` },
    body: offer,
  });
  if (response.status !== 201) throw await problemOf(response);
  const answer = await response.text();
  const location = response.headers.get("Location");
  if (!location) throw new ApiError("bad-answer", response.status);
  iceServers = readIceServers(response.headers.get("Link"));
  const resource = new URL(location, new URL(url, globalThis.location?.href)).href;
  const etag = response.headers.get("ETag") ?? "";
  if (pc.signalingState === "closed") {
    // We left while the answer was on its way: the server must not keep a ghost.
    endSession({ pc, resource, token, etag, answer });
    throw new ApiError("left", 0);
  }
  await pc.setRemoteDescription({ type: "answer", sdp: answer });
  return { pc, resource, token, etag, answer };
}

/** Restart ICE on a session that still exists on the server. Raises ApiError (404: it does not). */
export async function restartSession(session: PeerSession): Promise<void> {
  const { pc } = session;
  const offer = await pc.createOffer({ iceRestart: true });
  await pc.setLocalDescription(offer);
  const response = await send(session.resource, {
    method: "PATCH",
    headers: {
      "Content-Type": "application/trickle-ice-sdpfrag",
      Authorization: `Bearer ${session.token}`,
      "If-Match": "*",
    },
    body: restartFragment(await gathered(pc)),
  });
  if (response.status !== 200) throw await problemOf(response);
  const ice = readIce(await response.text());
  if (!ice) throw new ApiError("bad-answer", response.status);
  session.etag = response.headers.get("ETag") ?? session.etag;
  session.answer = withIce(session.answer, ice);
  await pc.setRemoteDescription({ type: "answer", sdp: session.answer });
}

/** Tell the server that a session is over, even while the page is going away; never fails. */
export async function leaveSession(session: PeerSession): Promise<void> {
  try {
    await fetch(session.resource, {
      method: "DELETE",
      headers: { Authorization: `Bearer ${session.token}` },
      keepalive: true,
    });
  } catch {
    // The server will notice by itself when our consent runs out.
  }
}

/** Leave and close. */
export function endSession(session: PeerSession): void {
  const close = () => session.pc.close();
  const timer = setTimeout(close, LEAVE_TIMEOUT);
  // Not before the answer: a closed connection looks like a lost one, and the server waits for its return.
  void leaveSession(session).then(() => {
    clearTimeout(timer);
    close();
  });
}

/** Codes after which asking again makes no sense until a person does something. */
const FINAL_MEDIA_CODES = new Set([
  "source-taken",
  "session-replaced",
  "no-common-codec",
  "limit-reached",
]);

/** Sort an error of the media endpoints for the link machine. */
export function mediaFailure(error: unknown): Failure {
  if (!(error instanceof ApiError)) return { kind: "retry", code: "browser" };
  const { code, status, retryAfter } = error;
  if (code === "lesson-not-open") return { kind: "later", code, retryAfter };
  if (FINAL_MEDIA_CODES.has(code)) return { kind: "no", code };
  if (status === 401 || status === 403) return { kind: "token", code };
  return { kind: "retry", code, retryAfter };
}

/** Sort an error of asking for a grant for the link machine. */
export function grantFailure(error: unknown): Failure {
  if (!(error instanceof ApiError)) return { kind: "retry", code: "browser" };
  const { code, status, retryAfter } = error;
  if (code === "lesson-not-open") return { kind: "later", code, retryAfter };
  if (status >= 400 && status < 500 && status !== 429 && status !== 408)
    return { kind: "no", code };
  return { kind: "retry", code, retryAfter };
}
