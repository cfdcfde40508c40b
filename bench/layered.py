"""A teacher with a camera in three sizes and a voice, made up but of the right size and rhythm."""

import contextlib
import socket
import struct
import time
from dataclasses import dataclass
from typing import Final

from pylibsrtp import Policy

from bench.feedback import asks_for_keyframe
from bench.keys import PUBLISHER
from bench.sink import check

FRAMES_PER_SECOND: Final = 25
VOICE_PER_SECOND: Final = 50
VIDEO_TYPE, RTX_TYPE, VOICE_TYPE = 96, 97, 111
MID_ID, RID_ID, REPAIRED_ID = 1, 2, 3
VOICE_SSRC: Final = 3000
VOICE_BYTES: Final = 80  # Opus at 32 kbit/s in 20 ms packets
MOST_BYTES: Final = 1_100  # of a payload
OVERHEAD: Final = 60  # beside a payload, as the engine counts it
KEYFRAME: Final = 4  # times the bytes of any other frame
CHECK_SECONDS: Final = 2.0
STAMP: Final = struct.Struct("!q")  # at the very end of a packet: nanoseconds since 1970


@dataclass(slots=True)
class Layer:
    """One size of the camera; bits a second are those on the wire."""

    rid: str
    width: int
    height: int
    bits: int
    ssrc: int
    sequence: int = 0
    picture: int = 0
    wants_keyframe: bool = True


class LayeredPublisher:
    """Sends a frame of every size, and sound, when asked to."""

    def __init__(self, to: tuple[str, int]) -> None:
        self.layers = [
            Layer("low", 320, 180, 60_000, 1000),
            Layer("mid", 640, 360, 420_000, 1001),
            Layer("high", 1280, 720, 1_200_000, 1002),
        ]
        self._to = to
        self._out = PUBLISHER.session("to-engine")
        self._back = PUBLISHER.session("from-engine", Policy.SSRC_ANY_INBOUND)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._said = 0
        self._checked = 0.0
        self._is_answered = False

    def frame(self, number: int) -> None:
        """Send the n-th frame of all sizes and the voice until then."""
        self._listen()
        if time.monotonic() - self._checked > CHECK_SECONDS:
            self._checked = time.monotonic()
            self._send(check(PUBLISHER))
        if not self._is_answered:
            return  # the first keyframes would be refused
        for layer in self.layers:
            self._picture(layer, number * 90_000 // FRAMES_PER_SECOND)
        while self._said * FRAMES_PER_SECOND < number * VOICE_PER_SECOND:
            self._rtp(VOICE_SSRC, VOICE_TYPE, self._said, self._said * 960, bytes(VOICE_BYTES))
            self._said += 1

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _picture(self, layer: Layer, stamp: int) -> None:
        is_keyframe, layer.wants_keyframe = layer.wants_keyframe, False
        size = layer.bits // 8 // FRAMES_PER_SECOND * (KEYFRAME if is_keyframe else 1)
        packets = max(1, -(-size // (MOST_BYTES + OVERHEAD)))
        payload = size // packets - OVERHEAD
        for index in range(packets):
            head = struct.pack("!BBH", 0x90 if index == 0 else 0x80, 0x80, 0x8000 | layer.picture)
            if index == 0 and is_keyframe:
                head += b"\x10\x00\x00\x9d\x01\x2a" + struct.pack("<HH", layer.width, layer.height)
            else:
                head += b"\x11"
            filled = head + bytes(max(0, payload - len(head)))
            is_last = index == packets - 1
            block = ((MID_ID, b"0"), (RID_ID, layer.rid.encode()))
            self._rtp(layer.ssrc, VIDEO_TYPE, layer.sequence, stamp, filled, is_last, block)
            layer.sequence += 1
        layer.picture = (layer.picture + 1) & 0x7FFF

    def _rtp(
        self,
        ssrc: int,
        kind: int,
        sequence: int,
        stamp: int,
        payload: bytes,
        marker: bool = False,
        extensions: tuple[tuple[int, bytes], ...] = (),
    ) -> None:
        elements = b"".join(bytes([(i << 4) | len(data) - 1]) + data for i, data in extensions)
        padded = elements + bytes(-len(elements) % 4)
        block = struct.pack("!HH", 0xBEDE, len(padded) // 4) + padded if padded else b""
        first, second = 0x90 if block else 0x80, kind | (0x80 if marker else 0)
        head = struct.pack("!BBHII", first, second, sequence & 0xFFFF, stamp & 0xFFFFFFFF, ssrc)
        body = payload[: -STAMP.size] + STAMP.pack(time.time_ns())
        self._send(self._out.protect(head + block + body))

    def _send(self, datagram: bytes) -> None:
        with contextlib.suppress(BlockingIOError):
            self._socket.sendto(datagram, self._to)

    def _listen(self) -> None:
        """Read what the engine wants; keyframes of any size are made at the next frame."""
        with contextlib.suppress(BlockingIOError):
            while True:
                datagram = self._socket.recv(2048)
                self._is_answered |= datagram[0] < 4  # STUN, RFC 7983
                if len(datagram) < 12 or not 192 <= datagram[1] <= 223:
                    continue
                asked = asks_for_keyframe(self._back.unprotect_rtcp(datagram))
                for layer in self.layers:
                    layer.wants_keyframe |= layer.ssrc == asked
