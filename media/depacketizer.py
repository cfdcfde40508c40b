"""Whole frames of the payloads of RTP packets that come in order: VP8 (RFC 7741), H.264 (RFC 6184).

A frame that lacks something is left out, and with it all that follows up to the next keyframe: no
decoder could use it. Nothing raises: what can not be read is a loss.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from media import h264

if TYPE_CHECKING:
    from media.packets import Packet

MAX_FRAME: Final = 4 << 20  # bytes; a keyframe of the largest slide is a quarter
STAP_A: Final = 24  # RFC 6184 section 5.7.1
FU_A: Final = 28  # section 5.8
VP8_CODEC: Final = "vp08.00.41.08"


@dataclass(frozen=True, slots=True)
class Format:
    """What a decoder must know beforehand; `config` is H.264's parameter sets (Annex B)."""

    codec: str
    width: int
    height: int
    config: bytes = b""

    def continues(self, other: Format) -> bool:
        """Say whether the same run can hold both."""
        mine = (self.codec, self.width, self.height)
        return mine == (other.codec, other.width, other.height)


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture as a decoder takes it."""

    timestamp: int
    data: bytes
    key: bool
    format: Format


class Frames(Protocol):
    """Makes frames of the packets of one codec."""

    broken: bool

    def push(self, packet: Packet) -> Frame | None:
        """Take the next packet; return the frame that is complete now."""

    def lose(self) -> None:
        """Note that packets are missing here."""


class _Assembly(ABC):
    """Collects the pieces of one frame; `broken` until a keyframe repairs what was lost."""

    def __init__(self) -> None:
        self.broken = True  # nothing can begin without a keyframe
        self._format: Format | None = None
        self._timestamp: int | None = None
        self._damaged = False
        self._size = 0

    def lose(self) -> None:
        """Note that packets are missing here."""
        self.broken = True
        self._damaged = True

    def push(self, packet: Packet) -> Frame | None:
        """Take the next packet; return the frame that is complete now."""
        done = None
        if packet.timestamp != self._timestamp:
            if self._timestamp is not None:  # a frame whose last packet had no marker
                done = self._finish()
            self._timestamp = packet.timestamp
        self._size += len(packet.payload)
        if self._size > MAX_FRAME or not self._take(packet.payload):
            self._damaged = True
        if packet.marker:
            done = self._finish() or done
        return done

    def _finish(self) -> Frame | None:
        timestamp, damaged = self._timestamp, self._damaged
        self._timestamp, self._damaged, self._size = None, False, 0
        made = self._make()
        self._clear()
        if damaged or made is None or timestamp is None:
            self.broken = True
            return None
        data, key = made
        if key:
            self.broken = False
        if self.broken or self._format is None:
            return None
        return Frame(timestamp, data, key, self._format)

    @abstractmethod
    def _take(self, payload: bytes) -> bool:
        """Take a payload in; say whether it made sense."""

    @abstractmethod
    def _make(self) -> tuple[bytes, bool] | None:
        """Return the picture and whether it is a keyframe, or None."""

    @abstractmethod
    def _clear(self) -> None:
        """Forget the picture that was made."""


class Vp8Frames(_Assembly):
    """Frames of VP8."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def _take(self, payload: bytes) -> bool:
        begin = _vp8_descriptor(payload)
        if begin is None:
            return False
        starts = payload[0] & 0x10 and not payload[0] & 0x07
        if not self._pieces and not starts:
            return False
        self._pieces.append(payload[begin:])
        return True

    def _make(self) -> tuple[bytes, bool] | None:
        data = b"".join(self._pieces)
        if len(data) < 3:
            return None
        key = not data[0] & 1
        if key:
            if len(data) < 10 or data[3:6] != b"\x9d\x01\x2a":  # RFC 6386 section 9.1
                return None
            width, height = (int.from_bytes(data[at : at + 2], "little") for at in (6, 8))
            if not width & 0x3FFF or not height & 0x3FFF:
                return None
            self._format = Format(VP8_CODEC, width & 0x3FFF, height & 0x3FFF)
        return data, key

    def _clear(self) -> None:
        self._pieces.clear()


def _vp8_descriptor(payload: bytes) -> int | None:
    """Return how long the payload descriptor is, RFC 7741 section 4.2."""
    size = 1
    if payload[0] & 0x80:
        if len(payload) < 2:
            return None
        extension = payload[1]
        size = 2
        if extension & 0x80:
            if len(payload) < 3:
                return None
            size += 2 if payload[2] & 0x80 else 1
        size += bool(extension & 0x40) + bool(extension & 0x30)
    return size if size < len(payload) else None


class H264Frames(_Assembly):
    """Frames of H.264, as Annex B without delimiters and without the parameter sets in `config`."""

    def __init__(self) -> None:
        super().__init__()
        self._units: list[bytes] = []
        self._fragments: list[bytes] | None = None
        self._sets: dict[int, bytes] = {}  # by type: the newest SPS and PPS

    def _take(self, payload: bytes) -> bool:
        kind = payload[0] & 0x1F
        if kind == FU_A:
            return self._fragment(payload)
        if self._fragments is not None:
            return False
        if kind == STAP_A:
            return self._aggregate(payload)
        return self._unit(payload)

    def _unit(self, unit: bytes) -> bool:
        kind = unit[0] & 0x1F
        if not 1 <= kind <= 23:
            return False
        if kind in (h264.SPS, h264.PPS):
            self._sets[kind] = unit
        if kind not in (h264.DELIMITER, h264.FILLER):
            self._units.append(unit)
        return True

    def _aggregate(self, payload: bytes) -> bool:
        at = 1
        while at < len(payload):
            size = int.from_bytes(payload[at : at + 2])
            unit = payload[at + 2 : at + 2 + size]
            if not size or len(unit) < size or not self._unit(unit):
                return False
            at += 2 + size
        return len(payload) > 1

    def _fragment(self, payload: bytes) -> bool:
        if len(payload) < 3:
            return False
        if payload[1] & 0x80:
            if self._fragments is not None:
                return False
            self._fragments = [bytes([payload[0] & 0xE0 | payload[1] & 0x1F])]
        elif self._fragments is None:
            return False
        self._fragments.append(payload[2:])
        if not payload[1] & 0x40:
            return True
        unit, self._fragments = b"".join(self._fragments), None
        return self._unit(unit)

    def _make(self) -> tuple[bytes, bool] | None:
        kinds = {unit[0] & 0x1F for unit in self._units}
        if self._fragments is not None or kinds.isdisjoint((h264.SLICE, h264.IDR, 2)):
            return None
        key = h264.IDR in kinds
        if key and not self._learn():
            return None
        config = b"" if self._format is None else self._format.config
        known = set(config.split(h264.START))
        kept = [unit for unit in self._units if unit not in known]
        return b"".join(h264.START + unit for unit in kept), key

    def _learn(self) -> bool:
        """Note what the parameter sets say; sets that change nothing seen stay in the frame."""
        sps, pps = self._sets.get(h264.SPS), self._sets.get(h264.PPS)
        if sps is None or pps is None:
            return False
        try:
            width, height = h264.picture_size(sps)
        except h264.NotH264:
            return False
        found = Format(h264.codec_string(sps), width, height, h264.START + sps + h264.START + pps)
        if self._format is None or not self._format.continues(found):
            self._format = found
        return True

    def _clear(self) -> None:
        self._units.clear()
        self._fragments = None
