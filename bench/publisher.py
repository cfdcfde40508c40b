"""The teacher of the benches: 720p as RTP, made up but of the right size and rhythm."""

import socket
import struct
import time
from typing import Final, Self

from pylibsrtp import Session

from bench.keys import PUBLISHER

SSRC: Final = 0x10000001
PAYLOAD_TYPE: Final = 96
RTP_BYTES: Final = 891  # of a packet before SRTP: what libwebrtc sends of 720p on average;
# it cuts a frame into equal parts, of which the later ones are one byte longer
PACKETS_PER_FRAME: Final = 7
FRAMES_PER_SECOND: Final = 30  # with the two above 1.5 Mbit/s
KEYFRAME_EVERY: Final = 60  # frames
HEADER_BYTES: Final = 12
PADDING_BIT: Final = 0x20  # of a packet's first byte
STAMP_BYTES: Final = 8  # at the very end of a packet: when it was sent, nanoseconds since 1970


class Publisher:
    """Sends frames on demand; sequence numbers and picture ids go on for ever."""

    def __init__(self, out: socket.socket, session: Session) -> None:
        self.socket = out
        self.socket.setblocking(False)
        self.sent = 0
        self._frames = 0
        self._session = session
        self._filling = bytes(range(256)) * 4

    @classmethod
    def with_known_keys(cls) -> Self:
        """Return the publisher that needs no handshake."""
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        out.bind(("127.0.0.1", 0))
        return cls(out, PUBLISHER.session("to-engine"))

    def frame(self, to: tuple[str, int]) -> None:
        """Send one frame's packets at once, as encoders do."""
        for number in range(PACKETS_PER_FRAME):
            packet = self.packet(number)
            self.socket.sendto(self._session.protect(packet + _now()), to)
        self._frames += 1

    def packet(self, number: int) -> bytes:
        """Return the n-th packet of the frame under way, without its stamp."""
        marker = 0x80 if number == PACKETS_PER_FRAME - 1 else 0
        header = struct.pack(
            "!BBHII",
            0x80,
            marker | PAYLOAD_TYPE,
            self.sent & 0xFFFF,
            self._frames * 90_000 // FRAMES_PER_SECOND & 0xFFFFFFFF,
            SSRC,
        )
        self.sent += 1
        payload = self._payload(first=number == 0)
        size = RTP_BYTES + (number >= PACKETS_PER_FRAME // 2)
        return header + payload + self._filling[: size - HEADER_BYTES - len(payload) - STAMP_BYTES]

    def _payload(self, *, first: bool) -> bytes:
        """Return VP8's descriptor with a 15-bit picture id (RFC 7741) and the first data byte."""
        descriptor = struct.pack("!BBH", 0x90 if first else 0x80, 0x80, 0x8000 | self._picture)
        inter = 0 if first and self._frames % KEYFRAME_EVERY == 0 else 1
        return descriptor + bytes((inter,))

    @property
    def _picture(self) -> int:
        return self._frames & 0x7FFF

    def drain(self) -> None:
        """Read away the engine's answers and reports."""
        try:
            while True:
                self.socket.recv(2048)
        except BlockingIOError:
            return

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()


def _now() -> bytes:
    return struct.pack("!q", time.time_ns())


def stamp(packet: bytes) -> int:
    """Return when an opened packet was sent; a forwarder may have padded it (RFC 3550, 5.1)."""
    end = len(packet) - (packet[-1] if packet[0] & PADDING_BIT else 0)
    return int(struct.unpack("!q", packet[end - STAMP_BYTES : end])[0])
