"""What the layers of a lesson cost: low video, two low voices and stills, for ten or a thousand.

Everything is that of the server; only handshakes and the database are left out. Counted is the CPU
time of the threads that make the layers, and what the students add to the event loop.
"""

import asyncio
import contextlib
import tempfile
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench.bwe import NoDeadline
from bench.cpu import hurry, thread_ns
from bench.errors import BenchError
from bench.report import Report, Target
from bench.taught import Class, make_tracks
from media._engine import Engine
from media.encoder import VoiceLayers
from media.mixer import Mix
from media.modes import Mode
from media.picture_layers import PictureLayers
from media.rooms import Rooms
from media.stills import Still, StillThread
from media.worker import Worker
from recordings.recorder import Plan, Recorder
from recordings.tracks import Lengths
from server.recordings.pictures import LessonPictures
from server.slides.showing import Showing

SIZES = (10, 1000)  # students
SECONDS, QUICK_SECONDS = 30.0, 10.0  # of each measurement
WARM_SECONDS = 5.0  # until everything is made that is wanted
SYNC_SECONDS = 5.0  # between two syncs of the recording, which is not what is measured
MODES = (Mode.LOW, Mode.SLIDES, Mode.SOUND)  # by turns: who wants the picture, and each voice
LEAST_PACKETS = 30  # a second and student: 50 of voice and 15 of pictures, 25, and 17
PERCENT, GROWTH = 25.0, 1.2  # of one core; times as much for a thousand as for ten


@dataclass(slots=True)
class Scene:
    """A lesson on air that is recorded, and the threads that work for it, by name."""

    lesson: Class
    voices: VoiceLayers
    pictures: PictureLayers
    stills: list[Still]
    threads: dict[str, int]

    async def cpu(self, seconds: float) -> dict[str, float]:
        """Return percent of a core for each thread."""
        before = {name: thread_ns(number) for name, number in self.threads.items()}
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.sleep(seconds)
        span = 1e9 * (loop.time() - began)
        return {
            name: 100 * (thread_ns(number) - before[name]) / span
            for name, number in self.threads.items()
        }

    def check(self) -> None:
        """Raise BenchError unless everything was made that is measured."""
        made = (len(self.pictures), len(self.voices), bool(self.stills))
        if made != (1, 2, True):
            raise BenchError(f"low pictures, low voices, stills: {made}")


def run(*, quick: bool) -> Report:
    """Measure for ten students, then for a thousand."""
    targets = [Target(f"percent_{size}", PERCENT) for size in SIZES]
    report = Report("layers", [*targets, Target("times_1000", GROWTH)])
    make_tracks()
    hurry()
    for size in SIZES:
        uvloop.run(_measure(report, size, QUICK_SECONDS if quick else SECONDS))
    ten, thousand = (report.figures[f"percent_{size}"] for size in SIZES)
    report.add("times_1000", thousand / ten if ten and thousand else None)
    return report


async def _measure(report: Report, size: int, seconds: float) -> None:
    async with on_air() as scene:
        await asyncio.sleep(WARM_SECONDS)
        alone = await scene.cpu(seconds)
        scene.lesson.admit(size)
        for index, student in enumerate(scene.lesson.students):
            student.set_mode(MODES[index % len(MODES)])
        await asyncio.sleep(WARM_SECONDS)
        received = scene.lesson.sink.counted()
        cpu = await scene.cpu(seconds)
        received = scene.lesson.sink.counted() - received
        scene.check()
    if received < LEAST_PACKETS * size * seconds:
        raise BenchError(f"only {received} packets reached {size} students")
    cpu["loop"] = max(0.0, cpu["loop"] - alone["loop"])
    for name, percent in cpu.items():
        report.add(f"{name}_percent_{size}", percent)
    report.add(f"percent_{size}", sum(cpu.values()))
    report.add(f"packets_a_second_{size}", received / size / seconds)


@contextlib.asynccontextmanager
async def on_air() -> AsyncIterator[Scene]:
    """Teach and record a lesson that nobody watches yet."""
    worker = Worker(Engine(address="0.0.0.0", port=0, threads=1), timers=NoDeadline())
    room = Rooms(worker).open("bench", live=True)
    lesson = Class(room, worker.port)
    loop = asyncio.get_running_loop()
    with (
        tempfile.TemporaryDirectory() as directory,
        ThreadPoolExecutor(1) as tape,
        ThreadPoolExecutor(1) as voice,
        ThreadPoolExecutor(1) as picture,
    ):
        plan = Plan(Path(directory), Lengths(), "never", SYNC_SECONDS, {})
        began = loop.time()

        def position() -> float:
            return 1000 * (loop.time() - began)

        recorder = Recorder(room, plan, Mix(), position, tape)
        voices, pictures = VoiceLayers(room, voice), PictureLayers(room, picture)
        recorder.on_voice(voices.hear)
        stills: list[Still] = []
        thread = StillThread()

        async def tell(still: Still) -> bool:
            stills.append(still)
            return True

        await recorder.start()
        looks = LessonPictures(recorder, Showing(), thread, position, tell)
        pictures.start()
        room.set_stills(True)
        lesson.teach()
        threads = {
            "low": picture.submit(threading.get_native_id).result(),
            "voices": voice.submit(threading.get_native_id).result(),
            "stills": await thread.run(threading.get_native_id),
            "loop": threading.get_native_id(),
        }
        try:
            yield Scene(lesson, voices, pictures, stills, threads)
        finally:
            lesson.end()
            pictures.end()
            voices.end()
            await looks.close()
            await recorder.stop(final=True)
            thread.close()
            await worker.close()
