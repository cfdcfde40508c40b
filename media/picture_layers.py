"""Low layers of a room's pictures, each encoded once for everybody who wants it.

For pictures that come in one size only. A layer is made while somebody's mode or path asks for it,
in a thread; its packets reach students as those of any other track, in the place of the source's.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from typing import TYPE_CHECKING, Final

from media.errors import MediaError
from media.low import wants_low
from media.transcoder import PAYLOAD_TYPE, RATE, Transcoder
from media.types import CloseReason, Codec, SlotParameters, Source, TrackParameters

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from media.producer import Producer
    from media.room import Room
    from media.transcoder import CodecName

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.25  # between two looks at what is wanted, as often as paths are followed
LINGER_SECONDS: Final = 5.0  # a layer is made on after nobody wants it: they come back
AWAIT_SECONDS: Final = 3.0  # for a keyframe of the source; encoders send one every two unasked
QUEUE_PACKETS: Final = 1024  # of a source, that wait for the thread; two seconds of 1080p
BEHIND_SECONDS: Final = 1.0  # so old a packet is of no use: the thread goes on at the next keyframe
BEHIND_TIMES: Final = 5  # within BEHIND_WITHIN: this machine has no time for it
BEHIND_WITHIN: Final = 30.0  # seconds
FRAMES: Final = {Source.SCREEN: 5}  # a second; slides move seldom
CAMERA_FRAMES: Final = 15  # a second: lips still move, for half the bits of 30
H264_TYPE, VP8_TYPE = 102, 96  # what the source's packets are told apart by here
_CODECS: Final = {
    "H264": Codec("H264", H264_TYPE, RATE),
    "VP8": Codec("VP8", VP8_TYPE, RATE),
}
_NAMES: Final[dict[int, CodecName]] = {H264_TYPE: "H264", VP8_TYPE: "VP8"}
_PAYLOAD_TYPE: Final = 0x7F  # the bits of it, RFC 3550 section 5.1
_CNAME: Final = "low"


class Busy(Exception):  # noqa: N818  (the machine is, and nothing has failed)
    """The threads have no time for another layer."""


class _Made:
    """One layer on air in a room, from its source's first packet on."""

    def __init__(self, room: Room, source: Producer, threads: Executor, now: float) -> None:
        self.wanted_at = now  # when somebody wanted it last
        self.source = source
        self._room = room
        self._threads = threads
        self._transport = room.router.create_direct_transport()
        self._reader = self._transport.consume(_slot(), QUEUE_PACKETS)
        self._reader.show(source)
        self._producer: Producer | None = None
        self._transcoder: Transcoder | None = None
        self._wished = False
        self._awaited_at = now  # since when slots wait for the source's next keyframe
        self._behind: deque[float] = deque(maxlen=BEHIND_TIMES)  # when
        self._task = asyncio.create_task(self._run())

    @property
    def closed(self) -> bool:
        return self._transport.state.final

    def on_failed(self, callback: Callable[[Producer], None]) -> None:
        """Call back when the source can not be made small."""

        def tell(task: asyncio.Task[bool]) -> None:
            if not task.cancelled() and task.result():
                callback(self.source)

        self._task.add_done_callback(tell)

    def follow(self, now: float) -> None:
        """Let who waits for the whole picture have it, although no keyframe comes."""
        if not self.source.awaited:
            self._awaited_at = now
        elif now - self._awaited_at > AWAIT_SECONDS:
            self._room.end_low_picture(self.source)

    def close(self) -> None:
        self._room.set_low_picture(self.source, None)
        self._task.cancel()
        self._transport.close(CloseReason.LEFT)

    async def _run(self) -> bool:
        """Make the layer until it is closed; return whether that can not be done."""
        try:
            while not self._reader.closed:
                if not self._wished:
                    await self._reader.news()
                await self._turn()
        except Exception as error:
            name, lesson = self.source.source.value, self._room.lesson
            logger.warning("the low %s of room %s ends: %r", name, lesson, error)
            return True
        return False

    async def _turn(self) -> None:
        """Give what waits to the thread, and send what comes of it."""
        batches = self._reader.take()
        packets = [packet for _, batch in batches for packet in batch]
        transcoder = self._transcoder or self._begin(packets)
        if transcoder is None:
            return
        now = self._room.time()
        if batches and now - batches[0][0] > BEHIND_SECONDS:
            self._fall_behind(now)
            packets.clear()
            transcoder.lose()
        key, self._wished = self._wished, False
        made = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: transcoder.take(packets, now * 1000, key=key)
        )
        if self.closed or self._producer is None:
            return
        if made.keyframe and self.source.awaited:  # before the low layer has what it shows
            self._room.end_low_picture(self.source)
        if made.packets:
            self._transport.send(self._producer, made.packets)
        if made.wants_keyframe and batches:
            self.source.request_keyframe()

    def _fall_behind(self, now: float) -> None:
        """Leave packets out; raise Busy when that happens all the time."""
        self._behind.append(now)
        if len(self._behind) == BEHIND_TIMES and now - self._behind[0] < BEHIND_WITHIN:
            raise Busy

    def _begin(self, packets: list[bytes]) -> Transcoder | None:
        """Open what the first packet of the source needs."""
        kinds = (packet[1] & _PAYLOAD_TYPE for packet in packets)
        codec = next((_NAMES[kind] for kind in kinds if kind in _NAMES), None)
        if codec is None:
            return None
        ssrc = 1 + secrets.randbelow(2**32 - 1)
        parameters = TrackParameters("video", _CNAME, (Codec(codec, PAYLOAD_TYPE, RATE),), (ssrc,))
        self._producer = producer = self._transport.produce(self.source.source, parameters)
        producer.on_keyframe_wish(lambda _: self._wish())
        producer.on_state(lambda _: self._show(producer))
        frames = FRAMES.get(self.source.source, CAMERA_FRAMES)
        self._transcoder = Transcoder(codec, ssrc, frames)
        return self._transcoder

    def _wish(self) -> None:
        self._wished = True
        self._reader.nudge()

    def _show(self, producer: Producer) -> None:
        if not self.closed and producer.started and self.source.low is not producer:
            self._room.set_low_picture(self.source, producer)


class PictureLayers:
    """The low layers of one room's pictures, made in `threads`."""

    def __init__(self, room: Room, threads: Executor) -> None:
        self._room = room
        self._threads = threads
        self._made: dict[int, _Made] = {}  # by their source
        self._offered: dict[int, Producer] = {}
        self._failed: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._made)

    def start(self) -> None:
        """Look after the room's pictures until `end`, or until the room is closed."""
        self._look()

    def end(self) -> None:
        """Make no layer any more; safe to call twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for source in list(self._made):
            self._stop(source)
        for producer in self._offered.values():
            producer.offer_low(False)
        self._offered.clear()

    def _look(self) -> None:
        """Offer what can be made, make what is wanted, end what nobody has wanted for a while."""
        if self._room.closed:
            self.end()
            return
        now = self._room.time()
        shown = {one.id: one for one in self._room.shown_pictures() if one.id not in self._failed}
        self._offer(shown)
        for number, producer in shown.items():
            if wants_low(producer.layers, producer.demand.limits):
                self._want(number, producer, now)
        for number, made in list(self._made.items()):
            made.follow(now)
            if number not in shown or made.closed or now - made.wanted_at > LINGER_SECONDS:
                self._stop(number)
        self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _offer(self, shown: dict[int, Producer]) -> None:
        for number, producer in self._offered.items():
            if number not in shown:
                producer.offer_low(False)
        for producer in shown.values():
            producer.offer_low(True)
        self._offered = shown

    def _want(self, number: int, producer: Producer, now: float) -> None:
        if number in self._made:
            self._made[number].wanted_at = now
            return
        try:
            made = self._made[number] = _Made(self._room, producer, self._threads, now)
        except MediaError as error:
            logger.warning("room %s has no low picture: %s", self._room.lesson, error)
            return
        made.on_failed(self._give_up)

    def _give_up(self, source: Producer) -> None:
        """Let a picture be what it is: those who wanted less get it whole, or stills."""
        self._failed.add(source.id)
        source.offer_low(False)
        if source.id in self._made:
            self._stop(source.id)

    def _stop(self, number: int) -> None:
        self._made.pop(number).close()


def _slot() -> SlotParameters:
    """Return how a source is read here."""
    ssrc = 1 + secrets.randbelow(2**32 - 1)
    return SlotParameters("video", _CNAME, ssrc, _CNAME, tuple(_CODECS.values()))
