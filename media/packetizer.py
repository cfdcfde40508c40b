"""Payloads of RTP packets from whole frames: VP8 (RFC 7741), H.264 (RFC 6184)."""

from __future__ import annotations

from typing import Final

from media.h264 import DELIMITER, PPS, SPS

MAX_PAYLOAD: Final = 1_100  # bytes; with all that is put around it, what every path carries
_BEGINS: Final = 0x10  # RFC 7741 section 4.2: the S bit, of the first partition
_EXTENDED, _HAS_PICTURE, _LONG = 0x80, 0x80, 0x8000  # X, I, and M before a picture's number
_FU_A: Final = 28  # RFC 6184 section 5.8
_FIRST, _LAST = 0x80, 0x40  # S and E of a fragment
_KIND, _IMPORTANCE = 0x1F, 0xE0  # of a unit's first byte
_SEI: Final = 6  # what encoders say about themselves


def vp8_payloads(frame: bytes, picture: int) -> list[bytes]:
    """Return the payloads of a frame; `picture` counts frames."""
    number = (_LONG | picture & 0x7FFF).to_bytes(2)
    pieces = _pieces(frame)
    return [
        bytes([_EXTENDED | (0 if at else _BEGINS), _HAS_PICTURE]) + number + piece
        for at, piece in enumerate(pieces)
    ]


def h264_payloads(frame: bytes) -> list[bytes]:
    """Return the payloads of a frame of annex B, without what a decoder does not need."""
    units = [unit for unit in _units(frame) if unit[0] & _KIND not in (DELIMITER, _SEI)]
    return [payload for unit in units for payload in _unit_payloads(unit)]


def _unit_payloads(unit: bytes) -> list[bytes]:
    if len(unit) <= MAX_PAYLOAD or unit[0] & _KIND in (SPS, PPS):
        return [unit]
    indicator, kind = unit[0] & _IMPORTANCE | _FU_A, unit[0] & _KIND
    pieces = _pieces(unit[1:])
    last = len(pieces) - 1
    return [
        bytes([indicator, kind | (0 if at else _FIRST) | (_LAST if at == last else 0)]) + piece
        for at, piece in enumerate(pieces)
    ]


def _units(frame: bytes) -> list[bytes]:
    """Return the units between start codes; what precedes a start code are zeros."""
    found = frame.split(b"\0\0\1")[1:]
    units = [unit.rstrip(b"\0") for unit in found[:-1]] + found[-1:]
    return [unit for unit in units if unit]


def _pieces(data: bytes) -> list[bytes]:
    """Cut into pieces of equal size, or nearly: they leave as one run (`media/engine`)."""
    count = max(1, -(-len(data) // MAX_PAYLOAD))
    size = -(-len(data) // count)
    return [data[at : at + size] for at in range(0, len(data), size)]
