"""Stored Opus packets on air: a paced player that is a guest's voice in a room."""

from __future__ import annotations

import itertools
import secrets
import struct
from typing import TYPE_CHECKING

from media.types import CloseReason, Codec, Source, TrackParameters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from media.membership import DirectPublication
    from media.room import Room
    from media.worker import Timer, Timers

PACKET_SECONDS = 0.02  # of sound in every packet
CLOCK_RATE = 48_000  # Hz; RFC 7587 section 4.1, whatever the sound was sampled with
TICKS = 960  # of that clock in a packet
PAYLOAD_TYPE = 111  # what browsers give to Opus; the engine puts in each subscriber's own
MOST_AT_ONCE = 5  # packets; a loop that was busy for longer plays on from where it was
_VERSION = 0x80  # RFC 3550 section 5.1: version 2, no padding, no extension, no CSRC
_MARKER = 0x80  # RFC 3551 section 4.1: the first packet after silence


def new_track() -> TrackParameters:
    """Return the parameters of a voice made here, under a random SSRC."""
    codec = Codec("opus", PAYLOAD_TYPE, CLOCK_RATE)
    return TrackParameters("audio", "playback", (codec,), (1 + secrets.randbelow(2**32 - 1),))


def rtp_packet(ssrc: int, number: int, time: int, payload: bytes) -> bytes:
    """Return the packet of that number, counted from 0, and of that time in samples."""
    kind = PAYLOAD_TYPE | (_MARKER if number == 0 else 0)
    return struct.pack("!BBHII", _VERSION, kind, number & 0xFFFF, time & 0xFFFFFFFF, ssrc) + payload


class Playback:
    """One sound on air in the guest's voice slot; ends by itself, or when it is stopped."""

    def __init__(self, publication: DirectPublication, payloads: Sequence[bytes]) -> None:
        self._publication = publication
        self._producer = publication.producers[Source.GUEST_VOICE]
        self._payloads = payloads
        self._timers: Timers = publication.transport.worker.timers
        self._next = 0
        self._began = self._timers.time()  # or when it would have begun, had nothing held us up
        self._timer: Timer | None = None
        self._on_end: list[Callable[[bool], None]] = []
        publication.on_close(lambda _: self._handle_closed())

    @property
    def ended(self) -> bool:
        """Say whether it is over."""
        return self._publication.closed

    def on_end(self, callback: Callable[[bool], None]) -> None:
        """Call back once when it is over, with whether all of it was played."""
        self._on_end.append(callback)

    def start(self) -> None:
        """Send the first packet, and the rest in time."""
        self._began = self._timers.time()
        self._play()

    def stop(self) -> None:
        """End it now; safe to call twice."""
        self._publication.close(CloseReason.LEFT)

    def _play(self) -> None:
        if self.ended:
            return
        if self._next == len(self._payloads):
            self.stop()
            return
        self._send(self._due())
        pause = self._began + self._next * PACKET_SECONDS - self._timers.time()
        self._timer = self._timers.call_later(max(0.0, pause), self._play)

    def _due(self) -> int:
        """Return how many packets are due, and forget the time that can not be caught up."""
        now = self._timers.time()
        due = int((now - self._began) / PACKET_SECONDS) + 1 - self._next
        if due > MOST_AT_ONCE:
            self._began = now - self._next * PACKET_SECONDS
        return 1 if due > MOST_AT_ONCE else max(1, due)

    def _send(self, count: int) -> None:
        (ssrc,) = self._producer.parameters.ssrcs
        wanted = itertools.islice(enumerate(self._payloads), self._next, self._next + count)
        packets = [rtp_packet(ssrc, number, number * TICKS, payload) for number, payload in wanted]
        self._next += len(packets)
        self._publication.transport.send(self._producer, packets)

    def _handle_closed(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for callback in self._on_end:
            callback(self._next == len(self._payloads))


def play(room: Room, participant: str, payloads: Sequence[bytes]) -> Playback:
    """Put stored Opus packets of 20 ms on air, one after the other.

    Raises SourceTaken while a guest is on air, LimitReached or RoomClosed.
    """
    playback = Playback(room.add_playback(participant, new_track()), payloads)
    playback.start()
    return playback
