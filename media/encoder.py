"""Low layers of a lesson's voice, each encoded once for everybody who wants it.

What is encoded is the mix that the recorder makes already, a quarter of a second behind the air. A
layer is made while somebody wants it, and its packets reach students as those of any other track.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

import numpy as np

from media.errors import MediaError
from media.opus import FRAME, PER_MS, NotOpus, Samples, VoiceDecoder, VoiceEncoder
from media.playback import new_track, rtp_packet
from media.types import CloseReason, Source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from media.mixer import MixedPacket
    from media.modes import VoiceLayer
    from media.room import Room

logger = logging.getLogger(__name__)

EXPECTED_LOSS: Final = 5  # percent on narrow links; at 12 kbit/s no bit is left for repair
LINGER_MS: Final = 5_000  # a layer is made on after nobody wants it: they come back
WAITING_LIMIT: Final = 10  # pieces of 100 ms; what a busy thread has no time for is left out


class LayerEncoder:
    """Makes RTP packets of one layer of the mix, one call at a time; takes time of a thread.

    Their timestamps are the mix's positions, so that a gap in it is one in them.
    """

    def __init__(self, layer: VoiceLayer, ssrc: int) -> None:
        self._decoder = VoiceDecoder()
        self._encoder = VoiceEncoder(layer.bit_rate, layer.packet_ms, EXPECTED_LOSS)
        self._ssrc = ssrc
        self._left: Samples = np.zeros(0, np.int16)  # less than a packet
        self._at = 0  # the position of its first sample
        self._number = 0

    def encode(self, packets: Sequence[MixedPacket]) -> list[bytes]:
        """Return the packets that are complete with these of the mix."""
        made: list[bytes] = []
        for packet in packets:
            at = packet.position * PER_MS
            end = self._at + len(self._left)
            if at < end:
                continue
            if at > end:
                made += self._finish()
                self._at = at
            self._left = np.concatenate([self._left, self._decode(packet.payload)])
            while len(self._left) >= self._encoder.frame:
                made.append(self._make())
        return made

    def _finish(self) -> list[bytes]:
        """Fill the last packet before a gap with silence."""
        if not len(self._left):
            return []
        self._left = np.pad(self._left, (0, self._encoder.frame - len(self._left)))
        return [self._make()]

    def _make(self) -> bytes:
        frame = self._encoder.frame
        payload = self._encoder.encode(self._left[:frame])
        made = rtp_packet(self._ssrc, self._number, self._at, payload)
        self._left = self._left[frame:]
        self._at += frame
        self._number += 1
        return made

    def _decode(self, payload: bytes) -> Samples:
        try:
            return self._decoder.decode(payload)
        except NotOpus as error:  # of our own mixer: it can not be, and the others go on
            logger.warning("a packet of a mix is silence in a voice's layer: %s", error)
            return np.zeros(FRAME, np.int16)


class _Made:
    """One layer on air in a room."""

    def __init__(self, room: Room, layer: VoiceLayer, now: float) -> None:
        self.wanted_at = now  # ms; when somebody wanted it last
        self._waiting = 0
        self._transport = room.router.create_direct_transport()
        track = new_track()
        self.producer = self._transport.produce(Source.VOICE, track)
        self._encoder = LayerEncoder(layer, track.ssrcs[0])

    @property
    def closed(self) -> bool:
        return self._transport.state.final

    def feed(self, packets: Sequence[MixedPacket], threads: Executor) -> None:
        """Encode the next packets of the mix in a thread, and send what comes of them."""
        if self._waiting >= WAITING_LIMIT:
            return
        self._waiting += 1
        work = asyncio.get_running_loop().run_in_executor(threads, self._encoder.encode, packets)
        work.add_done_callback(self._send)

    def _send(self, work: asyncio.Future[list[bytes]]) -> None:
        self._waiting -= 1
        if not work.cancelled() and not self.closed and (packets := work.result()):
            self._transport.send(self.producer, packets)

    def close(self) -> None:
        self._transport.close(CloseReason.LEFT)


class VoiceLayers:
    """The low layers of one room's voice; `threads` is one thread, which keeps their order."""

    def __init__(self, room: Room, threads: Executor) -> None:
        self._room = room
        self._threads = threads
        self._over = False
        self._made: dict[VoiceLayer, _Made] = {}

    def __len__(self) -> int:
        return len(self._made)

    def hear(self, packets: Sequence[MixedPacket], now: float) -> None:
        """Take what was mixed; `now` is the lesson's time in ms. Never waits."""
        if self._over or self._room.closed:
            return
        self._follow(now)
        if packets:
            for made in self._made.values():
                made.feed(packets, self._threads)

    def end(self) -> None:
        """Make no layer any more; safe to call twice."""
        self._over = True
        for layer in list(self._made):
            self._stop(layer)

    def _follow(self, now: float) -> None:
        """Make what is wanted, and end what nobody has wanted for a while."""
        wanted = self._room.wanted_voice_layers()
        for layer in wanted:
            if layer in self._made and self._made[layer].closed:  # the room began anew
                self._stop(layer)
            if layer not in self._made:
                self._start(layer, now)
            else:
                self._made[layer].wanted_at = now
        for layer, made in list(self._made.items()):
            if layer not in wanted and now - made.wanted_at > LINGER_MS:
                self._stop(layer)

    def _start(self, layer: VoiceLayer, now: float) -> None:
        try:
            made = _Made(self._room, layer, now)
        except MediaError as error:
            logger.warning("room %s has no low voice: %s", self._room.lesson, error)
            return
        self._made[layer] = made
        made.producer.on_state(lambda _: self._room.set_voice_layer(layer, made.producer))

    def _stop(self, layer: VoiceLayer) -> None:
        made = self._made.pop(layer)
        self._room.set_voice_layer(layer, None)
        made.close()
