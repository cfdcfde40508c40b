"""What is read here of H.264 (ITU-T H.264 section 7.3): units and parameter sets."""

from __future__ import annotations

from typing import Final

SLICE: Final = 1
IDR: Final = 5
SPS: Final = 7
PPS: Final = 8
DELIMITER: Final = 9
FILLER: Final = 12
START: Final = b"\0\0\0\1"
MAX_SIZE: Final = 16_384  # pixels a side; more no encoder of a lesson makes
# Profiles whose parameter set tells its chroma format (section 7.3.2.1.1).
_HIGH: Final = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


class NotH264(ValueError):  # noqa: N818 - says what it is
    """A parameter set that can not be read."""


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data)
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        if count > self._left:
            raise NotH264("a parameter set that is cut off")
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def unsigned(self) -> int:
        """Read Exp-Golomb, section 9.1."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 31:
                raise NotH264("a number longer than 32 bits")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        value = self.unsigned()
        return (value + 1) // 2 if value & 1 else -(value // 2)


def codec_string(sps: bytes) -> str:
    """Return the codec as RFC 6381 writes it."""
    return f"avc1.{sps[1:4].hex()}"


def picture_size(sps: bytes) -> tuple[int, int]:
    """Return width and height in pixels; raises NotH264."""
    if len(sps) < 4:
        raise NotH264("a parameter set that is cut off")
    bits = _Bits(sps[4:].replace(b"\0\0\3", b"\0\0"))
    bits.unsigned()
    chroma = _skip_high(bits) if sps[1] in _HIGH else 1
    bits.unsigned()
    _skip_order_count(bits)
    bits.unsigned()
    bits.take(1)
    columns, rows = bits.unsigned() + 1, bits.unsigned() + 1
    fields = 2 - bits.take(1)
    if fields == 2:
        bits.take(1)
    bits.take(1)
    left, right, top, bottom = [bits.unsigned() for _ in range(4)] if bits.take(1) else (0, 0, 0, 0)
    wide, high = (2 if chroma in (1, 2) else 1), (2 if chroma == 1 else 1) * fields
    width = 16 * columns - wide * (left + right)
    height = 16 * rows * fields - high * (top + bottom)
    if not (0 < width <= MAX_SIZE and 0 < height <= MAX_SIZE):
        raise NotH264(f"a picture of {width}x{height}")
    return width, height


def _skip_high(bits: _Bits) -> int:
    chroma = bits.unsigned()
    if chroma == 3:
        bits.take(1)
    bits.unsigned()
    bits.unsigned()
    bits.take(1)
    if bits.take(1):
        for number in range(8 if chroma != 3 else 12):
            if bits.take(1):
                _skip_scaling(bits, 16 if number < 6 else 64)
    return chroma


def _skip_scaling(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_order_count(bits: _Bits) -> None:
    kind = bits.unsigned()
    if kind == 0:
        bits.unsigned()
    elif kind == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(min(bits.unsigned(), 255)):
            bits.signed()
