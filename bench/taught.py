"""A whole lesson on air for a bench: camera, slides and voice, and a class of any size."""

import threading
import time
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final

import av
from aiortc.codecs.h264 import H264Encoder
from av.video.frame import PictureType
from pylibsrtp import Session

from bench.keys import PUBLISHER, give_keys, subscriber
from bench.pictures import (
    FRAMES_PER_SECOND,
    H264_TYPE,
    OPUS_TYPE,
    make_loop,
    rtp,
    sender_report,
)
from bench.sink import Sink, check_with
from media.synthetic.slides import HEIGHT, WIDTH, SlidesPicture
from media.types import Codec, Slot, SlotParameters, Source, TrackParameters

if TYPE_CHECKING:
    from media.room import Room, Subscription
    from media.transport import Transport

SLIDES_PER_SECOND: Final = 5  # pictures, as browsers send of a screen at rest
SLIDES_SECONDS: Final = 30  # two pages
SLIDES_GOP: Final = 10  # seconds between keyframes, as the recorder asks for them
SLIDES_BITS: Final = 400_000
PACKETS_PER_SECOND: Final = 50  # of voice
CHECK_SECONDS: Final = 4.0  # between consent checks, RFC 7675
CHECKED_AT_ONCE: Final = 50  # students; the port's buffer is not what is measured
NTP_TO_UNIX: Final = 2_208_988_800  # seconds
SSRCS: Final = {Source.CAMERA: 1, Source.SCREEN: 2, Source.VOICE: 3}
SLOTS: Final = (Slot.SCREEN, Slot.CAMERA, Slot.GUEST, Slot.VOICE, Slot.GUEST_VOICE)
_CODECS: Final = {
    "video": Codec("H264", H264_TYPE, 90_000),
    "audio": Codec("opus", OPUS_TYPE, 48_000),
}


@cache
def make_slides() -> list[list[bytes]]:
    """Encode slides that change; takes seconds."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base = Fraction(1, SLIDES_PER_SECOND)
    encoder.framerate = Fraction(SLIDES_PER_SECOND)
    encoder.bit_rate = SLIDES_BITS
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "profile": "baseline",
        "forced-idr": "1",
        "x264-params": "scenecut=0:keyint=100000",
    }
    packer, drawn, payloads = H264Encoder(), SlidesPicture(), []
    for number in range(SLIDES_SECONDS * SLIDES_PER_SECOND):
        frame = drawn.at(number / SLIDES_PER_SECOND).to_frame()
        frame.pts, frame.time_base = number, Fraction(1, SLIDES_PER_SECOND)
        is_key = number % (SLIDES_GOP * SLIDES_PER_SECOND) == 0
        frame.pict_type = PictureType.I if is_key else PictureType.NONE
        payloads += [packer.pack(packet)[0] for packet in encoder.encode(frame)]
    return payloads


@dataclass(slots=True)
class Track:
    """One track on its way to the engine."""

    source: Source
    rate: int  # Hz of its timestamps
    payloads: list[list[bytes]]  # of each picture, or each 20 ms of voice
    per_second: int
    sent: int = 0  # packets

    def packets(self, number: int) -> list[bytes]:
        """Return the packets of the n-th picture, and once a second a report."""
        payloads = self.payloads[number % len(self.payloads)]
        stamp = number * self.rate // self.per_second
        ssrc = SSRCS[self.source]
        kind = OPUS_TYPE if self.source is Source.VOICE else H264_TYPE
        made: list[bytes] = []
        for index, payload in enumerate(payloads):
            last = index == len(payloads) - 1 and self.source is not Source.VOICE
            made.append(rtp(ssrc, kind, self.sent, stamp, payload, last=last))
            self.sent += 1
        if number % self.per_second == 0:
            made.append(sender_report(ssrc, time.time() + NTP_TO_UNIX, stamp))
        return made


def make_tracks() -> list[Track]:
    """Return all that a teacher sends."""
    loop = make_loop()
    return [
        Track(Source.CAMERA, 90_000, loop.pictures, FRAMES_PER_SECOND),
        Track(Source.SCREEN, 90_000, make_slides(), SLIDES_PER_SECOND),
        Track(Source.VOICE, 48_000, [[one] for one in loop.voice], PACKETS_PER_SECOND),
    ]


@dataclass(slots=True)
class Class:
    """A teacher and students at the media port of a room, with a thread that keeps them going."""

    room: "Room"
    port: int
    sink: Sink = field(default_factory=Sink)
    students: "list[Subscription]" = field(default_factory=list)
    _checks: list[bytes] = field(default_factory=list)  # of each student, then the teacher's
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def teach(self) -> None:
        """Publish camera, screen and voice."""
        tracks = make_tracks()
        parameters = {one.source: _track(one.source) for one in tracks}
        publication = self.room.add_publisher("teacher", parameters)
        give_keys(publication.transport, PUBLISHER)
        check, session = _check(publication.transport), PUBLISHER.session("to-engine")
        work = (tracks, check, session)
        self._thread = threading.Thread(target=self._run, args=work, daemon=True)
        self._thread.start()

    def admit(self, students: int) -> None:
        """Let so many students in, none of whom sends anything but checks."""
        for index in range(len(self.students), students):
            slots = [(slot, _slot(slot)) for slot in SLOTS]
            student = self.room.add_subscriber(f"student {index}", slots)
            give_keys(student.transport, subscriber(index))
            self.students.append(student)
            self._checks.append(_check(student.transport))

    def end(self) -> None:
        """Let nobody send any more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.sink.close()

    def _run(self, tracks: list[Track], check: bytes, session: Session) -> None:
        begin, number, checked = time.monotonic(), 0, 0.0
        teacher = 10_000  # the number of an address that no student has
        due = [0] * len(tracks)
        while not self._stop.wait(max(0.0, begin + number / FRAMES_PER_SECOND - time.monotonic())):
            for index, track in enumerate(tracks):
                while due[index] * FRAMES_PER_SECOND <= number * track.per_second:
                    for packet in track.packets(due[index]):
                        is_report = packet[1] == 200
                        seal = session.protect_rtcp if is_report else session.protect
                        self.sink.send_from(teacher, seal(packet), ("127.0.0.1", self.port))
                    due[index] += 1
            checked += CHECKED_AT_ONCE
            if number % int(CHECK_SECONDS * FRAMES_PER_SECOND) == 0:
                checked = 0
                self.sink.send_from(teacher, check, ("127.0.0.1", self.port))
            span = range(int(checked), min(int(checked) + CHECKED_AT_ONCE, len(self._checks)))
            for student in span:
                self.sink.send_from(student, self._checks[student], ("127.0.0.1", self.port))
            self.sink.drain()
            number += 1


def _check(transport: "Transport") -> bytes:
    return check_with(f"{transport.ice.ufrag}:bench", transport.ice.pwd)


def _track(source: Source) -> TrackParameters:
    codecs = (_CODECS[source.kind],)
    return TrackParameters(source.kind, source.value[:3], codecs, (SSRCS[source],))


def _slot(slot: Slot) -> SlotParameters:
    number = 100 + SLOTS.index(slot)
    return SlotParameters(slot.kind, str(number), number, "bench", (_CODECS[slot.kind],))
