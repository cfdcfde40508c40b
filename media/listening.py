"""A lesson's voice for those who only listen: one stream without holes, as WebM or as AAC.

Pure, but for `AacEncoder`, which takes time of a thread.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import av

from media.opus import PACKET_MS, RATE, SILENCE, VoiceDecoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from media.mixer import MixedPacket

BEHIND_MS: Final = 2_500  # a mix may be so late: two voices 2 s apart and half a second of holding
MAX_FILL_MS: Final = 10_000  # a longer hole is stepped over: the process stood still
AAC_RATE: Final = 24_000  # Hz: speech has nothing above 12 kHz that is worth its bits
AAC_BITS: Final = 32_000  # bit/s, as the voice itself
CLUSTER: Final = b"\x1f\x43\xb6\x75"  # element ids of RFC 9559 section 5
_TIMESTAMP, _SIMPLE_BLOCK = b"\xe7", b"\xa3"
_TRACK, _KEYFRAME = b"\x81", b"\x80"


class Unbroken:
    """Lays a mix end to end: what is missing is silence, what comes too late is left out."""

    def __init__(self) -> None:
        self._next: int | None = None  # position of the packet that is given next

    def take(self, packets: Sequence[MixedPacket], now: float) -> list[bytes]:
        """Return the payloads that go on from those before; positions and `now` in milliseconds."""
        given: list[bytes] = []
        for packet in packets:
            given += self._silence(packet.position)
            if self._next is None or packet.position > self._next - PACKET_MS:
                given.append(packet.payload)
                self._next = packet.position + PACKET_MS
        return given + self._silence(round(now) - BEHIND_MS)

    def _silence(self, until: int) -> list[bytes]:
        """Return what fills the time up to a position, or nothing if it is too long."""
        if self._next is None or until - self._next > MAX_FILL_MS:
            self._next = until
        missing = max(0, (until - self._next) // PACKET_MS)
        self._next += missing * PACKET_MS
        return [SILENCE] * missing


class _Written:
    """A file that can not be sought in, as a stream is."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        size = len(self.data)
        self.data += data
        return len(self.data) - size

    def take(self) -> bytes:
        data, self.data = bytes(self.data), bytearray()
        return data


@cache
def webm_header() -> bytes:
    """Return what a WebM of one Opus track without an end begins with (RFC 9559)."""
    out = _Written()
    with av.open(out, "w", format="webm", options={"live": "1"}) as container:
        container.add_stream("libopus", rate=RATE, layout="mono")
        container.start_encoding()
        return out.take()


def webm_blocks(payloads: Sequence[bytes]) -> bytes:
    """Return packets as they stand in a cluster (RFC 9559 section 10.1), from its beginning on."""
    return b"".join(
        _element(_SIMPLE_BLOCK, _TRACK + (number * PACKET_MS).to_bytes(2) + _KEYFRAME + payload)
        for number, payload in enumerate(payloads)
    )


def webm_cluster(at: int, blocks: bytes) -> bytes:
    """Return a cluster that begins at a time in milliseconds."""
    return _element(CLUSTER, _element(_TIMESTAMP, at.to_bytes(8)) + blocks)


def _element(kind: bytes, data: bytes) -> bytes:
    """Return an element whose size takes four bytes (RFC 8794 section 4)."""
    return kind + (0x1000_0000 | len(data)).to_bytes(4) + data


class AacEncoder:
    """Makes AAC in ADTS (ISO/IEC 14496-3, 1.A.3.2) of the voice's packets, in their order."""

    def __init__(self) -> None:
        self._decoder = VoiceDecoder()
        self._out = _Written()
        self._container: Any = av.open(self._out, "w", format="adts")
        self._stream: Any = self._container.add_stream("aac", rate=AAC_RATE, layout="mono")
        self._stream.bit_rate = AAC_BITS

    def encode(self, payloads: Sequence[bytes]) -> bytes:
        """Return the frames that are complete; every one can be begun with."""
        for payload in payloads:
            sound = self._decoder.decode(payload)
            frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate = RATE
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        return self._out.take()
