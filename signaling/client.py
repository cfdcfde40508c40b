"""A small WHIP publisher and WHEP player on aiortc's RTCPeerConnection.

The demo teacher, the tests and the benches go through it, and so through the same door as any
encoder or player:

    async with publish(url, token, audio=microphone, video=camera) as session:
        await session.connected()

    async with play(url, token) as player:
        frame = await player.video[0].recv()
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin

import aiohttp
from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiortc import MediaStreamTrack, RTCRtpTransceiver

logger = logging.getLogger(__name__)

HTTP_TIMEOUT = 15.0  # s for one request
CONNECT_TIMEOUT = 30.0  # s from the answer to DTLS connected; as long as the server waits
FINAL_STATES = ("failed", "closed")
DIRECTLY = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)


class Declined(Exception):  # noqa: N818  (the server's word, not a failure of ours)
    """The server refused a request; `code` is its stable code, `retry_after` in seconds."""

    def __init__(self, status: int, code: str, detail: str, retry_after: float | None) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


class Session:
    """One WHIP or WHEP session of this process."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        url: str,
        token: str,
        configuration: RTCConfiguration | None = None,
    ) -> None:
        self.peer = RTCPeerConnection(configuration or DIRECTLY)
        self.url: str | None = None  # of the session, once the server has made it
        self.etag: str | None = None
        self.answer = ""
        self._http = http
        self._endpoint = url
        self._token = token
        self._changed = asyncio.Event()
        self.peer.on("connectionstatechange", self._changed.set)

    async def start(self) -> None:
        """Send the offer and take the answer; raise Declined when the server refuses."""
        await self.peer.setLocalDescription()
        async with self._http.post(
            self._endpoint,
            data=self.peer.localDescription.sdp.encode(),
            headers={**self._authorization(), "Content-Type": "application/sdp"},
        ) as response:
            await raise_for_refusal(response)
            self.answer = await response.text()
            self.url = urljoin(str(response.url), response.headers["Location"])
            self.etag = response.headers.get("ETag")
        await self.peer.setRemoteDescription(RTCSessionDescription(self.answer, "answer"))

    async def connected(self, timeout: float = CONNECT_TIMEOUT) -> None:  # noqa: ASYNC109
        """Wait for ICE and DTLS; raise ConnectionError when they fail, TimeoutError when late."""
        async with asyncio.timeout(timeout):
            await self._wait_for("connected")
        if self.peer.connectionState != "connected":
            raise ConnectionError(f"the peer connection is {self.peer.connectionState}")

    async def ended(self) -> None:
        """Wait until the connection has failed or the server has closed it."""
        await self._wait_for()

    async def delete(self) -> None:
        """Leave, as the protocols want it; a session that is already gone is fine."""
        url, self.url = self.url, None
        if url is None:
            return
        async with self._http.delete(url, headers=self._authorization()) as response:
            if response.status != 404:
                await raise_for_refusal(response)

    async def close(self) -> None:
        """Close the peer connection without a word to the server's HTTP side."""
        await self.peer.close()

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    async def _wait_for(self, *states: str) -> None:
        while self.peer.connectionState not in (*states, *FINAL_STATES):
            self._changed.clear()
            await self._changed.wait()


class Player(Session):
    """A WHEP session; its tracks are in the order of the offer's m-lines.

    Tracks decode as soon as they are received: read them, or memory grows.
    """

    @property
    def video(self) -> list[MediaStreamTrack]:
        """Return the video tracks, e.g. those of the slots screen, camera and guest."""
        return self._tracks("video")

    @property
    def audio(self) -> list[MediaStreamTrack]:
        """Return the audio tracks, e.g. those of the slots voice and guest-voice."""
        return self._tracks("audio")

    def _tracks(self, kind: str) -> list[MediaStreamTrack]:
        return [t.receiver.track for t in self.peer.getTransceivers() if t.kind == kind]


async def raise_for_refusal(response: aiohttp.ClientResponse) -> None:
    """Raise Declined with the server's code and sentence unless the response is a success."""
    if response.ok:
        return
    code, detail = "unknown", response.reason or ""
    if response.content_type == "application/problem+json":
        problem = await response.json(content_type=None)
        code, detail = str(problem.get("code", code)), str(problem.get("detail", detail))
    retry_after = response.headers.get("Retry-After", "")
    raise Declined(
        response.status, code, detail, float(retry_after) if retry_after.isdigit() else None
    )


@asynccontextmanager
async def publish(
    url: str,
    token: str,
    *,
    audio: MediaStreamTrack | None = None,
    video: MediaStreamTrack | None = None,
    codec: Literal["VP8", "H264"] | None = None,
) -> AsyncIterator[Session]:
    """Publish tracks to a WHIP endpoint for the length of the block, then leave with DELETE."""
    async with _http() as http:
        session = Session(http, url, token)
        for track in (audio, video):
            if track is not None:
                session.peer.addTransceiver(track, direction="sendonly")
        if codec is not None:
            _prefer(session.peer.getTransceivers(), codec)
        async with _running(session):
            yield session


@asynccontextmanager
async def play(
    url: str,
    token: str,
    *,
    videos: int = 1,
    audios: int = 1,
    configuration: RTCConfiguration | None = None,
) -> AsyncIterator[Player]:
    """Watch a WHEP endpoint for the length of the block, then leave with DELETE.

    One video and one audio make a plain player; three and two get the classroom's slots. With a
    `configuration` it goes another way than directly.
    """
    async with _http() as http:
        player = Player(http, url, token, configuration)
        for kind, count in (("video", videos), ("audio", audios)):
            for _ in range(count):
                player.peer.addTransceiver(kind, direction="recvonly")
        async with _running(player):
            yield player


def _http() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=HTTP_TIMEOUT))


@asynccontextmanager
async def _running(session: Session) -> AsyncIterator[None]:
    try:
        await session.start()
        yield
    finally:
        await _leave(session)


async def _leave(session: Session) -> None:
    try:
        await session.delete()
    except (Declined, aiohttp.ClientError, TimeoutError) as error:
        logger.info("leaving without the server's consent: %s", error)
    finally:
        await session.close()


def _prefer(transceivers: list[RTCRtpTransceiver], codec: str) -> None:
    """Offer only one video codec, with its retransmissions."""
    wanted = {f"video/{codec}".lower(), "video/rtx"}
    capabilities = RTCRtpSender.getCapabilities("video").codecs
    for transceiver in transceivers:
        if transceiver.kind == "video":
            transceiver.setCodecPreferences(
                [c for c in capabilities if c.mimeType.lower() in wanted]
            )
