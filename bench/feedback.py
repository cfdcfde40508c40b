"""What a subscriber tells the engine: transport-wide feedback, NACK and PLI."""

import struct
from collections.abc import Sequence
from typing import Final

SENDER: Final = 1  # the subscriber's own SSRC in RTCP
RTPFB, PSFB = 205, 206  # RFC 4585 section 6.1
NACK, TRANSPORT_CC, PLI = 1, 15, 1
REFERENCE_US: Final = 64_000  # draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1
DELTA_US: Final = 250
SMALL, LARGE = 1, 2  # symbols of a packet that came
SYMBOLS_PER_CHUNK: Final = 7  # of two bits
TWO_BIT_VECTOR: Final = 0xC000
MOST_NACKED: Final = 60


def transport_cc(count: int, arrivals: Sequence[tuple[int, int]]) -> bytes:
    """Return feedback on packets by number (counted on over the wraps) and time in microseconds.

    The numbers ascend; those between them did not come. `count` numbers the feedback packets.
    """
    base, last = arrivals[0][0], arrivals[-1][0]
    reference = arrivals[0][1] // REFERENCE_US
    before = reference * REFERENCE_US
    symbols, deltas = [0] * (last - base + 1), b""
    for number, at in arrivals:
        delta = (at - before) // DELTA_US
        before += delta * DELTA_US
        is_small = 0 <= delta <= 255
        symbols[number - base] = SMALL if is_small else LARGE
        clamped = max(-32_768, min(32_767, delta))
        deltas += struct.pack("!B", delta) if is_small else struct.pack("!h", clamped)
    head = struct.pack("!HH", base & 0xFFFF, len(symbols))
    head += (reference & 0xFFFFFF).to_bytes(3) + bytes([count & 0xFF])
    return _message(RTPFB, TRANSPORT_CC, 0, head + _chunks(symbols) + deltas)


def nack(ssrc: int, lost: Sequence[int]) -> bytes:
    """Return a request for packets of one SSRC (RFC 4585 section 6.2.1)."""
    asked = b"".join(struct.pack("!HH", number & 0xFFFF, 0) for number in lost[:MOST_NACKED])
    return _message(RTPFB, NACK, ssrc, asked)


def pli(ssrc: int) -> bytes:
    """Return a request for a keyframe (RFC 4585 section 6.3.1)."""
    return _message(PSFB, PLI, ssrc, b"")


def asks_for_keyframe(packet: bytes) -> int | None:
    """Return the SSRC of which a compound packet asks for a keyframe."""
    while len(packet) >= 12:
        length = 4 * (struct.unpack_from("!H", packet, 2)[0] + 1)
        if packet[1] == PSFB and packet[0] & 0x1F == PLI:
            return int(struct.unpack_from("!I", packet, 8)[0])
        packet = packet[length:]
    return None


def _chunks(symbols: Sequence[int]) -> bytes:
    chunks = b""
    for at in range(0, len(symbols), SYMBOLS_PER_CHUNK):
        chunk = TWO_BIT_VECTOR
        for index, symbol in enumerate(symbols[at : at + SYMBOLS_PER_CHUNK]):
            chunk |= symbol << (12 - 2 * index)
        chunks += struct.pack("!H", chunk)
    return chunks


def _message(kind: int, form: int, media: int, body: bytes) -> bytes:
    padding = -len(body) % 4
    filled = body + (bytes(padding - 1) + bytes([padding]) if padding else b"")
    first = 0x80 | (0x20 if padding else 0) | form
    return struct.pack("!BBHII", first, kind, 2 + len(filled) // 4, SENDER, media) + filled
