"""What it costs to record lessons, how soon their replay is there, and how fast it seeks.

Lessons of 720p (H.264, 1.5 Mbit/s) with a voice are published over WHIP to a whole server. In
practice they are not recorded; the server's CPU then is taken from that when they are live.
"""

import asyncio
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.classes import School, on_the_air, open_school
from bench.cpu import hurry, process_ns
from bench.errors import BenchError
from bench.pictures import FRAMES_PER_SECOND, Loop, make_loop
from bench.report import Report, Target
from bench.seek import seek_times
from recordings.catalogue import INDEX_NAME, VOICE, Catalogue

SIZES, QUICK_SIZES = (1, 4, 16), (1, 4)
SECONDS, QUICK_SECONDS = 30.0, 10.0  # of each measurement of CPU
WARM_SECONDS = 3.0  # until publishers, recorders and caches are where they stay
READY_SECONDS = 30.0  # until a replay that does not come is given up
LOOK_SECONDS = 0.02
RTP_HEAD = 12  # bytes
SEEKS, QUICK_SEEKS = 60, 15
MINUTES, QUICK_MINUTES = 90, 20  # of the lesson in which is sought

CORES, DISK_SHARE, READY_MS, SEEK_MS = 1.0, 1.03, 2000.0, 300.0  # cores, of what came, ms, ms


def run(*, quick: bool) -> Report:
    """Record, end and seek."""
    sizes = QUICK_SIZES if quick else SIZES
    report = Report(
        "recording",
        [
            Target(f"cores_{sizes[-1]}", CORES),
            Target("disk_share", DISK_SHARE),
            Target("ready_ms_max", READY_MS),
            Target("seek_p95_ms", SEEK_MS),
        ],
    )
    make_loop()
    hurry()
    ready: list[float] = []
    for size in sizes:
        ready += _record(report, size, QUICK_SECONDS if quick else SECONDS)
    report.add("ready_ms_p50", float(np.median(ready)))
    report.add("ready_ms_max", max(ready))
    minutes, seeks = (QUICK_MINUTES, QUICK_SEEKS) if quick else (MINUTES, SEEKS)
    times = asyncio.run(seek_times(minutes, seeks))
    report.add("seek_p50_ms", float(np.median(times)))
    report.add("seek_p95_ms", float(np.percentile(times, 95)))
    return report


def _record(report: Report, size: int, seconds: float) -> list[float]:
    """Record so many lessons at once; return how long each replay took to be there, in ms."""
    with (
        tempfile.TemporaryDirectory() as directory,
        open_school(Path(directory), size) as school,
    ):
        for lesson in school.lessons:
            school.set_state(lesson, "practice")
        with on_the_air(school):
            time.sleep(WARM_SECONDS)
            unrecorded = _cores(school, seconds)
            for lesson in school.lessons:
                school.set_state(lesson, "live")
            time.sleep(WARM_SECONDS)
            cores = _cores(school, seconds) - unrecorded
            ready = [_end(school, lesson) for lesson in school.lessons]
        report.add(f"cores_{size}", cores)
        report.add(f"cpu_seconds_per_hour_{size}", 3600 * cores / size)
        report.add(f"cores_unrecorded_{size}", unrecorded)
        folders = [Path(directory) / "recordings" / lesson for lesson in school.lessons]
        report.add("disk_share", max(disk_share(folder, make_loop()) for folder in folders))
        return ready


def _cores(school: School, seconds: float) -> float:
    before, began = process_ns(school.pid), time.monotonic()
    time.sleep(seconds)
    return (process_ns(school.pid) - before) / 1e9 / (time.monotonic() - began)


def _end(school: School, lesson: str) -> float:
    """End a lesson; return the ms until a student has its last second."""
    began = time.monotonic()
    school.set_state(lesson, "ended")
    while time.monotonic() - began < READY_SECONDS:
        index = school.call("GET", f"/api/lessons/{lesson}/recording/index?since=0", student=True)
        if index["ended"] and index["entries"][-1]["type"] == "end":
            facts = school.call("GET", f"/api/lessons/{lesson}/recording", student=True)
            if facts["state"] == "ready":
                return 1000 * (time.monotonic() - began)
        time.sleep(LOOK_SECONDS)
    raise BenchError("the replay of a lesson did not come")


def disk_share(folder: Path, loop: Loop) -> float:
    """Return the bytes on disk, by those received while what is there was recorded.

    The publisher sends the same bytes again and again, so that is known without counting packets.
    """
    catalogue = Catalogue()
    catalogue.feed((folder / INDEX_NAME).read_bytes())
    pictures = sum(len(payload) + RTP_HEAD for frame in loop.pictures for payload in frame)
    voice = sum(len(payload) + RTP_HEAD for payload in loop.voice)
    per_ms = {
        "camera": pictures / (1000 * len(loop.pictures) / FRAMES_PER_SECOND),
        VOICE: voice / (20 * len(loop.voice)),
    }
    received = sum(
        part.length * per_ms[run.track] for run in catalogue.runs.values() for part in run.parts
    )
    if {run.track for run in catalogue.runs.values()} != set(per_ms):
        raise BenchError("a track was not recorded")
    return sum(file.stat().st_size for file in folder.iterdir()) / received
