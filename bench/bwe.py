"""How pictures follow a path that narrows, widens and loses packets.

One student behind a token bucket, a teacher's camera in three sizes and a voice; between them the
engine and the policy (media/layers.py) as they are.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from time import monotonic, time
from typing import TYPE_CHECKING, Final

from bench.cpu import hurry
from bench.keys import PUBLISHER, Peer, give_keys, subscriber
from bench.layered import (
    FRAMES_PER_SECOND,
    MID_ID,
    REPAIRED_ID,
    RID_ID,
    RTX_TYPE,
    VIDEO_TYPE,
    VOICE_SSRC,
    VOICE_TYPE,
    LayeredPublisher,
)
from bench.lesson import BenchError
from bench.narrow import NarrowError, NarrowPath
from bench.relay import Relay
from bench.report import Report, Target
from bench.viewer import (
    FREEZE_SECONDS,
    RED_TYPE,
    REPAIR_SSRC,
    SOUND_SSRC,
    TRANSPORT_CC_ID,
    VIDEO_SSRC,
    Seen,
    Viewer,
)
from media._engine import Engine
from media.transport import CONNECT_TIMEOUT
from media.types import (
    Codec,
    ExtensionIds,
    IceCredentials,
    SlotParameters,
    Source,
    TrackParameters,
)
from media.worker import Worker

if TYPE_CHECKING:
    from media.transport import Transport
    from media.worker import Timer

BEGIN: Final = 3000  # kbit/s, more than everything
STAGES: Final = ((600, 640), (150, 320), (1500, 1280))  # kbit/s, and the width that fits
LOSSES: Final = (5, 15)  # percent
LOSSY: Final = 1500  # kbit/s
SECONDS, QUICK_SECONDS = 30.0, 16.0  # of each
STEADY: Final = 0.5  # the last part of each, in which the use of the path is measured
ADAPTED: Final = 0.25  # seconds a packet may take when the path is no longer full
FOR_SECONDS: Final = 1.0  # so long it must be so
HEADERS: Final = 42  # bytes of Ethernet, IP and UDP, which the bucket counts as well
VIEWER_STEP: Final = 0.005  # seconds between two looks of the student at the socket

TARGETS: Final = (
    *(Target(f"down_seconds_{kbits}", 2.0) for kbits in (600, 150)),
    Target("up_seconds_1500", 10.0),
    *(Target(f"used_percent_{kbits}", 75.0, at_most=False) for kbits in (600, 150, 1500)),
    Target("sound_gaps_percent", 1.0),
    Target("frozen_percent", 2.0),
    *(Target(f"used_percent_lossy_{loss}", 75.0, at_most=False) for loss in LOSSES),
    *(Target(f"sound_gaps_percent_lossy_{loss}", 1.0) for loss in LOSSES),
    *(Target(f"frozen_percent_lossy_{loss}", 2.0) for loss in LOSSES),
)

VP8 = Codec("VP8", VIDEO_TYPE, 90_000, RTX_TYPE)
OPUS = Codec("opus", VOICE_TYPE, 48_000)
RED = Codec("red", RED_TYPE, 48_000)


class NoDeadline:
    """The event loop's clock for peers whose keys are known: no handshake, so no time for one."""

    def time(self) -> float:
        """Return seconds since some fixed moment."""
        return asyncio.get_running_loop().time()

    def call_later(self, delay: float, callback: Callable[[], None]) -> "Timer":
        """Call back after so many seconds, unless a handshake would have to be done by then."""
        far = delay >= CONNECT_TIMEOUT
        return asyncio.get_running_loop().call_later(delay, (lambda: None) if far else callback)


@dataclass(slots=True)
class Scene:
    """A lesson on a narrow path that goes on by itself."""

    path: NarrowPath | Relay
    viewer: Viewer
    student: "Transport"

    async def stage(self, kbits: int, seconds: float) -> tuple[float, float]:
        """Let the path carry so much for a while; return begin and end."""
        self.path.carry(kbits)
        begin = time()
        await asyncio.sleep(seconds)
        return begin, time()


def run(*, quick: bool) -> Report:
    """Measure both ways to a worse path."""
    report = Report("bwe", TARGETS)
    hurry()
    try:
        asyncio.run(_run(report, QUICK_SECONDS if quick else SECONDS))
    except NarrowError as error:
        raise BenchError(f"there is no narrow path to measure on: {error}") from error
    return report


async def _run(report: Report, seconds: float) -> None:
    with NarrowPath() as path:
        async with lesson(path) as scene:
            await _measure(report, scene, seconds)


async def _measure(report: Report, scene: Scene, seconds: float) -> None:
    await scene.stage(BEGIN, seconds / 2)
    seen, begin = scene.viewer.seen, time()
    for kbits, width in STAGES:
        _judge(report, seen, kbits, width, await scene.stage(kbits, seconds))
    end = time()
    report.add("sound_gaps_percent", sound_gaps(seen, begin, end))
    report.add("frozen_percent", frozen(seen, begin, end))
    for loss in LOSSES:
        scene.viewer.loss = loss / 100
        begin, end = await scene.stage(LOSSY, seconds)
        used = used_percent(seen, LOSSY, (begin, end))
        report.add(f"used_percent_lossy_{loss}", used)
        report.add(f"sound_gaps_percent_lossy_{loss}", sound_gaps(seen, begin, end))
        report.add(f"frozen_percent_lossy_{loss}", frozen(seen, begin, end))
    report.add("probes_kbits", 8 * seen.probes / 1000 / (end - seen.delays[0][0]))


def _judge(report: Report, seen: Seen, kbits: int, width: int, span: tuple[float, float]) -> None:
    begin, end = span
    shown = shown_at(seen, kbits, width, begin)
    settled = settled_at(seen, begin, end)
    name = "up" if kbits == LOSSY else "down"
    report.add(f"{name}_seconds_{kbits}", None if shown is None else shown - begin)
    report.add(f"queue_seconds_{kbits}", None if settled is None else settled - begin)
    report.add(f"used_percent_{kbits}", used_percent(seen, kbits, span))
    late = [one for at, one in seen.delays if (begin + end) / 2 < at < end]
    report.add(f"longest_delay_ms_{kbits}", 1000 * max(late) if late else None)


def shown_at(seen: Seen, kbits: int, width: int, begin: float) -> float | None:
    """Return when the picture was no longer too large, or as large as it can be."""
    before = [shown for at, shown in seen.widths if at < begin][-1]
    fits = (lambda shown: shown >= width) if kbits == LOSSY else (lambda shown: shown <= width)
    later = (at for at, shown in seen.widths if at >= begin and fits(shown))
    return begin if fits(before) else next(later, None)


def settled_at(seen: Seen, begin: float, end: float) -> float | None:
    """Return from when on no packet waits long any more, for a while at least."""
    since: float | None = None
    for at, late in seen.delays:
        if not begin <= at < end:
            continue
        if late > ADAPTED:
            since = None
        elif since is None:
            since = at
        elif at - since >= FOR_SECONDS:
            return since
    return None


def used_percent(seen: Seen, kbits: int, span: tuple[float, float]) -> float:
    """Return the media that the path carried by what it can, in the last part of a stage."""
    begin = span[1] - STEADY * (span[1] - span[0])
    bits = sum(8 * (size + HEADERS) for at, size in seen.sizes if begin <= at < span[1])
    return 100 * bits / (span[1] - begin) / 1000 / kbits


def sound_gaps(seen: Seen, begin: float, end: float) -> float:
    """Return the part of the voice that can not be heard, in percent.

    A packet that is missing while the next one came is not missed: Opus repeats it there (in-band
    FEC, which we ask every publisher for).
    """
    numbers = [number for at, number in seen.sound_at if begin <= at < end]
    expected = range(min(numbers), max(numbers))
    heard = seen.sound
    gaps = [one for one in expected if not (heard.get(one) or heard.get(one + 1))]
    return 100 * len(gaps) / max(1, len(expected))


def frozen(seen: Seen, begin: float, end: float) -> float:
    """Return the part of the time in which a picture stood for too long, in percent."""
    frames = [begin, *(at for at in seen.frames if begin <= at < end), end]
    spans = [after - before for before, after in pairwise(frames)]
    return 100 * sum(span for span in spans if span > FREEZE_SECONDS) / (end - begin)


@contextlib.asynccontextmanager
async def lesson(path: NarrowPath | Relay) -> AsyncIterator[Scene]:
    """Open an engine and a lesson with one student at the path's far end."""
    path.carry(BEGIN)
    engine = Engine(address="0.0.0.0", port=0, threads=1)
    worker = Worker(engine, announced=(path.near,), timers=NoDeadline())
    viewer = Viewer(path.open_socket(), path.entrance(engine.port))
    publisher = LayeredPublisher(("127.0.0.1", engine.port))
    try:
        student = _furnish(worker)
        with _running(publisher, viewer):
            yield Scene(path, viewer, student)
    finally:
        publisher.close()
        viewer.close()
        await worker.close()


def _furnish(worker: Worker) -> "Transport":
    """Put camera and voice of a teacher into a student's slots."""
    router = worker.create_router()
    teacher = router.create_transport(_credentials(PUBLISHER))
    student = router.create_transport(_credentials(subscriber(0)))
    give_keys(teacher, PUBLISHER)
    give_keys(student, subscriber(0))
    camera = TrackParameters(
        kind="video",
        mid="0",
        codecs=(VP8,),
        rids=("low", "mid", "high"),
        extensions=ExtensionIds(mid=MID_ID, rid=RID_ID, repaired_rid=REPAIRED_ID),
        nack=True,
        pli=True,
    )
    voice = TrackParameters(kind="audio", mid="1", codecs=(OPUS,), ssrcs=(VOICE_SSRC,))
    ids = ExtensionIds(transport_cc=TRANSPORT_CC_ID)
    picture = SlotParameters(
        kind="video",
        mid="0",
        ssrc=VIDEO_SSRC,
        cname="bench",
        codecs=(VP8,),
        rtx_ssrc=REPAIR_SSRC,
        extensions=ids,
        nack=True,
    )
    sound = SlotParameters(
        kind="audio", mid="1", ssrc=SOUND_SSRC, cname="bench", codecs=(OPUS, RED), extensions=ids
    )
    student.consume(picture).show(teacher.produce(Source.CAMERA, camera))
    student.consume(sound).show(teacher.produce(Source.VOICE, voice))
    return student


def _credentials(peer: Peer) -> IceCredentials:
    return IceCredentials(peer.ufrag, peer.pwd)


@contextlib.contextmanager
def _running(publisher: LayeredPublisher, viewer: Viewer) -> Iterator[None]:
    """Teach and watch, each in a thread."""
    stop = threading.Event()

    def teach() -> None:
        begin, number = monotonic(), 0
        while not stop.wait(max(0.0, begin + number / FRAMES_PER_SECOND - monotonic())):
            publisher.frame(number)
            number += 1

    def watch() -> None:
        while not stop.wait(VIEWER_STEP):
            viewer.listen()

    threads = [threading.Thread(target=teach), threading.Thread(target=watch)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
