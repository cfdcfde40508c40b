"""A peer on the network: STUN by aioice, DTLS and SRTP by aiortc, and nothing of our engine.

It does what a browser does and nothing more, so a test can lose, forge or repeat any datagram.
"""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, cast

import pylibsrtp
from aioice import stun
from aiortc.rtp import RtpPacket, is_rtcp

from tests.media.dtls_peer import DtlsPeer
from tests.media.waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from media.transport import Transport
    from media.types import Candidate, Fingerprint, IceCredentials

FIRST_CHECKS = 0.05  # seconds between checks until one is answered
CONSENT_CHECKS = 2.0  # seconds between checks afterwards; browsers take 2.5 and 5


def rtp(
    ssrc: int,
    payload_type: int,
    sequence: int,
    timestamp: int,
    payload: bytes,
    marker: bool = False,
) -> bytes:
    """Return a plain RTP packet without extensions."""
    return (
        struct.pack(
            "!BBHII",
            0x80,
            payload_type | (0x80 if marker else 0),
            sequence & 0xFFFF,
            timestamp & 0xFFFFFFFF,
            ssrc,
        )
        + payload
    )


def vp8(keyframe: bool, picture: int, filling: bytes = b"") -> bytes:
    """Return the payload of a one-packet VP8 frame (RFC 7741) with a 15-bit picture id."""
    descriptor = bytes([0x90, 0x80]) + struct.pack("!H", 0x8000 | (picture & 0x7FFF))
    start = b"\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00" if keyframe else b"\x11\x02\x00"
    return descriptor + start + filling


class Framing(asyncio.Protocol):
    """A TCP connection that carries datagrams (RFC 4571), used like a datagram transport."""

    def __init__(self, receive: Callable[[bytes, object], None]) -> None:
        self.wire: asyncio.Transport
        self._receive = receive
        self._stream = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.wire = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._stream += data
        while len(self._stream) >= 2:
            end = 2 + int.from_bytes(self._stream[:2])
            if len(self._stream) < end:
                return
            frame = bytes(self._stream[2:end])
            del self._stream[:end]
            self._receive(frame, None)

    def sendto(self, datagram: bytes) -> None:
        self.wire.write(struct.pack("!H", len(datagram)) + datagram)

    def is_closing(self) -> bool:
        return self.wire.is_closing()

    def close(self) -> None:
        self.wire.close()


class NetworkPeer(asyncio.DatagramProtocol):
    """A publisher's or subscriber's end on the network."""

    def __init__(self, transport: Transport, candidate: Candidate) -> None:
        self.remote = transport
        self.ice: IceCredentials = transport.ice
        self.server: Fingerprint = transport.fingerprint
        self.candidate = candidate
        self.dtls = DtlsPeer(self.send_dtls)
        self.lose: Callable[[bytes], bool] = lambda _: False  # applied to our DTLS datagrams
        self.responses: list[stun.Message] = []
        self.received: list[RtpPacket] = []
        self.reports: list[bytes] = []  # RTCP, opened
        self.media_datagrams = 0  # SRTP and SRTCP as they came
        self.early: list[bytes] = []  # what came on the heels of the server's Finished
        self.silent = False
        self.socket: asyncio.DatagramTransport | Framing
        self._checking: asyncio.Task[None] | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Return where the media port is."""
        return self.candidate.address, self.candidate.port

    async def open(self) -> NetworkPeer:
        """Open the socket and begin to check."""
        await self._open_socket()
        self._checking = asyncio.create_task(self._check_for_ever())
        return self

    async def connect(self) -> NetworkPeer:
        """Open, pass the checks and shake hands."""
        await self.open()
        await until(lambda: self.responses)
        async with asyncio.timeout(PATIENCE):
            await self.dtls.connect(self.server)
        for datagram in self.early:
            self._open_media(datagram)
        self.early.clear()
        return self

    async def move(self, candidate: Candidate | None = None) -> None:
        """Go on from another port, as after a change of network, perhaps to another candidate."""
        old = self.socket
        self.candidate = candidate or self.candidate
        await self._open_socket()
        old.close()
        self.check()

    async def close(self) -> None:
        """Say goodbye and close the socket."""
        await self.dtls.close()
        await self.vanish()

    async def vanish(self) -> None:
        """Be gone without a word."""
        if self._checking is not None:
            self._checking.cancel()
            await asyncio.gather(self._checking, return_exceptions=True)
        self.dtls.link.queue.put_nowait(None)
        if self.dtls.dtls._task is not None:
            await asyncio.gather(self.dtls.dtls._task, return_exceptions=True)
        self.socket.close()

    def check(self, password: str | None = None) -> None:
        """Send a binding request with nomination."""
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self.ice.ufrag}:peer"
        request.attributes["PRIORITY"] = 2130706431
        request.attributes["ICE-CONTROLLING"] = id(self)
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity((password or self.ice.pwd).encode())
        self.send(bytes(request))

    def send(self, datagram: bytes) -> None:
        """Send anything to the media port."""
        if not self.socket.is_closing():
            self.socket.sendto(datagram)

    def send_dtls(self, datagram: bytes) -> None:
        if not self.lose(datagram):
            self.send(datagram)

    def send_media(self, packet: bytes) -> None:
        """Protect and send an RTP or RTCP packet."""
        session = self.dtls.dtls._tx_srtp
        protect = session.protect_rtcp if is_rtcp(packet) else session.protect
        self.send(protect(packet))

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not data:
            return
        if data[0] < 4:
            self.responses.append(stun.parse_message(data))
        elif 20 <= data[0] < 64:
            self.dtls.receive(data)
        else:
            self.media_datagrams += 1
            if self.dtls.dtls.state == "connected" and not self.early:
                self._open_media(data)
            else:
                self.early.append(data)

    def error_received(self, exc: Exception) -> None:
        """Ignore port unreachable: the engine may be gone before us."""

    def _open_media(self, data: bytes) -> None:
        session = self.dtls.dtls._rx_srtp
        try:
            if is_rtcp(data):
                self.reports.append(session.unprotect_rtcp(data))
            else:
                self.received.append(RtpPacket.parse(session.unprotect(data)))
        except pylibsrtp.Error:
            raise AssertionError("the engine sent what SRTP refuses") from None

    async def _open_socket(self) -> None:
        loop, to = asyncio.get_running_loop(), self.candidate
        if to.protocol == "tcp":
            _, self.socket = await loop.create_connection(
                lambda: Framing(self.datagram_received), to.address, to.port
            )
            return
        # connected, so that an answer from another address is none, as for browsers
        self.socket, _ = await loop.create_datagram_endpoint(
            lambda: self, remote_addr=(to.address, to.port)
        )

    async def _check_for_ever(self) -> None:
        while True:
            if not self.silent:
                self.check()
            await asyncio.sleep(CONSENT_CHECKS if self.responses else FIRST_CHECKS)


class Voice:
    """A voice that speaks in countable packets."""

    def __init__(
        self, peer: NetworkPeer, ssrc: int, payload_type: int = 111, name: str = "voice"
    ) -> None:
        self.peer = peer
        self.name = name
        self.ssrc = ssrc
        self.payload_type = payload_type
        self.sequence = 65530  # soon over the edge
        self.timestamp = 4294966000
        self.said = 0

    def say(self, count: int = 1) -> None:
        """Send so many packets of 20 ms."""
        for _ in range(count):
            payload = f"{self.name} {self.ssrc} {self.said}".encode()
            self.peer.send_media(
                rtp(self.ssrc, self.payload_type, self.sequence, self.timestamp, payload)
            )
            self.sequence += 1
            self.timestamp += 960
            self.said += 1


class Picture:
    """A camera of one-packet VP8 frames."""

    def __init__(self, peer: NetworkPeer, ssrc: int, payload_type: int = 96) -> None:
        self.peer = peer
        self.ssrc = ssrc
        self.payload_type = payload_type
        self.sequence = 100
        self.timestamp = 5000
        self.frames = 0

    def show(self, keyframe: bool = False, filling: int = 0) -> None:
        """Send one frame, larger by so many bytes."""
        words = b"frame %d %d" % (self.ssrc, self.frames)
        payload = vp8(keyframe, self.frames, words + bytes(filling))
        self.peer.send_media(
            rtp(self.ssrc, self.payload_type, self.sequence, self.timestamp, payload, marker=True)
        )
        self.sequence += 1
        self.timestamp += 3000
        self.frames += 1
