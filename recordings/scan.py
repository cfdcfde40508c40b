"""What of a run's file is whole: its beginning, and the parts whose two boxes agree. Pure.

Works on any buffer; a mapped file is read only where its boxes are.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recordings.container import boxes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap

    Data = bytes | mmap

MAX_MOOF: Final = 1 << 20  # bytes; ours have a few hundred
MAX_PART_SECONDS: Final = 30  # ours have about one; more is a flipped bit
_KEY: Final = 0x0001_0000  # sample_is_non_sync_sample, ISO/IEC 14496-12 section 8.8.3.1
_TRACK: Final = 1  # the only one of a run
_MOOF: Final = [b"mfhd", b"traf"]
_TRAF: Final = [b"tfhd", b"tfdt", b"trun"]
# flags of tfhd: default-base-is-moof and three defaults; sections 8.8.7 and 8.8.8
_TFHD: Final = 0x02_0038
_DEFAULTS: Final = (0x08, 0x10, 0x20)
_TRUN: Final = 0x0F05
_COLUMNS: Final = ((0x100, "length"), (0x200, "size"), (0x400, "flags"), (0x800, "offset"))


@dataclass(frozen=True, slots=True)
class ScannedPart:
    """A whole part; position and length in milliseconds, offset and size in bytes."""

    at: int
    length: int
    offset: int
    size: int
    key: bool

    @property
    def end(self) -> int:
        """Return the offset after it."""
        return self.offset + self.size


def beginning(data: Data) -> int | None:
    """Return the size of ftyp and moov, or None if they are not both there."""
    found = [(kind, begin + size) for kind, begin, size in _some(data, 0, 2)]
    if [kind for kind, _ in found] != [b"ftyp", b"moov"]:
        return None
    return found[-1][1]


def timescale(data: Data) -> int | None:
    """Return the ticks a second of the only track of a moov (ISO/IEC 14496-12, 8.4.2)."""
    begin, end = 0, len(data)
    for kind in (b"moov", b"trak", b"mdia", b"mdhd"):
        found = next((box for box in boxes(data, begin, end) if box[0] == kind), None)
        if found is None:
            return None
        begin, end = found[1] + 8, found[1] + found[2]
    place = begin + (20 if data[begin] else 12)
    if place + 4 > end:
        return None
    (scale,) = struct.unpack_from("!I", data, place)
    return scale or None


def scan(data: Data, begin: int, timescale: int) -> Iterator[ScannedPart]:
    """Yield the whole parts after a run's beginning; what lies between them is damaged."""
    while begin < len(data):
        part = _read_part(data, begin, timescale)
        if part is None:
            marker = data.find(b"moof", begin + 12)  # room for a box between
            if marker < 0:
                return
            begin = marker - 4
        else:
            yield part
            begin = part.end


def _some(data: Data, begin: int, count: int) -> list[tuple[bytes, int, int]]:
    return [box for box, _ in zip(boxes(data, begin), range(count), strict=False)]


def _read_part(data: Data, begin: int, timescale: int) -> ScannedPart | None:
    """Return the part if its two boxes agree."""
    pair = _some(data, begin, 2)
    if [kind for kind, _, _ in pair] != [b"moof", b"mdat"] or pair[0][2] > MAX_MOOF:
        return None
    (_, _, size), (_, _, mdat) = pair
    try:
        fields = _Fields(data[begin : begin + size])
    except struct.error:
        return None
    if fields.total != mdat - 8 or not 0 < fields.length <= MAX_PART_SECONDS * timescale:
        return None
    at = round(fields.start * 1000 / timescale)
    end = round((fields.start + fields.length) * 1000 / timescale)
    return ScannedPart(at, end - at, begin, size + mdat, not fields.first & _KEY)


class _Fields:
    """What mfhd, tfhd, tfdt and trun say together; raises struct.error if they do not agree."""

    def __init__(self, moof: bytes) -> None:
        mfhd, traf = _children(moof, 8, len(moof), _MOOF)
        tfhd, tfdt, trun = _children(moof, traf[0] + 8, sum(traf), _TRAF)
        _must(mfhd[1] == 16)
        length, size, flags = self._defaults(moof, tfhd[0])
        at = tfdt[0] + 8
        _must(moof[at] <= 1)
        (self.start,) = struct.unpack_from("!Q" if moof[at] else "!I", moof, at + 4)
        kind, count, offset = struct.unpack_from("!III", moof, trun[0] + 8)
        _must(kind & 1 and not kind & 0xFF_FFFF & ~_TRUN and count and offset == len(moof) + 8)
        place = trun[0] + 20
        self.first = flags
        if kind & 4:
            (self.first,) = struct.unpack_from("!I", moof, place)
            place += 4
        widths = [name for bit, name in _COLUMNS if kind & bit]
        _must(count * 4 * len(widths) == sum(trun) - place)
        self.total = self.length = 0
        for number in range(count):
            values = struct.unpack_from(f"!{len(widths)}I", moof, place)
            row = dict(zip(widths, values, strict=True))
            self.length += row.get("length", length)
            self.total += row.get("size", size)
            if number == 0 and not kind & 4:
                self.first = row.get("flags", flags)
            place += 4 * len(widths)

    @staticmethod
    def _defaults(moof: bytes, at: int) -> tuple[int, int, int]:
        flags, track = struct.unpack_from("!II", moof, at + 8)
        _must(track == _TRACK and not flags & ~_TFHD)
        place = at + 16
        found = []
        for bit in _DEFAULTS:
            value = 0
            if flags & bit:
                (value,) = struct.unpack_from("!I", moof, place)
                place += 4
            found.append(value)
        return found[0], found[1], found[2]


def _children(data: bytes, begin: int, end: int, kinds: list[bytes]) -> list[tuple[int, int]]:
    """Return beginning and size of each box inside another, which must be these."""
    found = list(boxes(data, begin, end))
    _must([kind for kind, _, _ in found] == kinds)
    return [(at, size) for _, at, size in found]


def _must(truth: object) -> None:
    if not truth:
        raise struct.error("boxes that do not agree")
