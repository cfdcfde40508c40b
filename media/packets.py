"""RTP and RTCP (RFC 3550) as the engine hands them over to ends in this process: plain."""

from __future__ import annotations

import struct
from typing import NamedTuple

RTCP_TYPES = range(192, 224)  # RFC 5761 section 4
SENDER_REPORT = 200
_HEADER = struct.Struct("!BBHII")
_REPORT = struct.Struct("!BBHIQI")


class Packet(NamedTuple):
    """One RTP packet."""

    number: int
    timestamp: int
    payload_type: int
    marker: bool
    payload: bytes


class Report(NamedTuple):
    """What a sender report says: the RTP timestamp of an NTP time (32.32 seconds since 1900)."""

    ntp: int
    timestamp: int


def parse(data: bytes) -> Packet | Report | None:
    """Read a packet; None for what is malformed or of no use here."""
    if len(data) < _HEADER.size or data[0] >> 6 != 2:
        return None
    if data[1] in RTCP_TYPES:
        return _report(data)
    first, second, number, timestamp, _ = _HEADER.unpack_from(data)
    begin = _HEADER.size + 4 * (first & 0x0F)
    if first & 0x10:
        if len(data) < begin + 4:
            return None
        begin += 4 + 4 * int.from_bytes(data[begin + 2 : begin + 4])
    end = len(data) - (data[-1] if first & 0x20 else 0)
    if begin >= end:
        return None
    return Packet(number, timestamp, second & 0x7F, bool(second & 0x80), data[begin:end])


def _report(data: bytes) -> Report | None:
    if data[1] != SENDER_REPORT or len(data) < _REPORT.size:
        return None
    *_, ntp, timestamp = _REPORT.unpack_from(data)
    return Report(ntp, timestamp)
