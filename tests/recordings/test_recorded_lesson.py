"""A lesson over the real engine is recorded: the files are parsed back and decoded."""

from __future__ import annotations

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from media.mixer import Mix
from media.types import CloseReason
from media.worker import Worker
from recordings.recorder import Plan, Recorder
from recordings.recovery import recover
from recordings.segments import INDEX_NAME
from recordings.tracks import Lengths
from tests.media.live_lesson import Lesson
from tests.recordings.flashes import H264, VP8, teach

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from media.types import Codec

MAX_SKEW_MS = 100
START_MS = 600_000  # lessons go live some time after their clocks begin
ORIGIN = time.monotonic() * 1000 - START_MS


@pytest.fixture
async def lesson() -> AsyncIterator[Lesson]:
    async with Worker.open() as worker:
        lesson = Lesson(worker)
        yield lesson
        await lesson.close()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


def recorder_of(lesson: Lesson, folder: Path, threads: ThreadPoolExecutor) -> Recorder:
    ends = recover(folder).ends if folder.exists() else {}
    plan = Plan(folder, Lengths(), "interval", 5.0, ends)
    return Recorder(lesson.room, plan, Mix(), lambda: time.monotonic() * 1000 - ORIGIN, threads)


def entries(folder: Path, kind: str) -> list[dict[str, Any]]:
    lines = (folder / INDEX_NAME).read_text().splitlines()
    return [one for line in lines if (one := json.loads(line))["type"] == kind]


def flashes(file: Path) -> list[float]:
    """Return when a run becomes bright, in milliseconds on the lesson's clock."""
    found: list[float] = []
    dark = True
    with av.open(str(file)) as container:
        for frame in container.decode(video=0):
            assert frame.time is not None
            bright = frame.to_ndarray(format="gray").mean() > 120
            if bright and dark:
                found.append(frame.time * 1000)
            dark = not bright
    return found


def beeps(file: Path) -> list[float]:
    """Return when a run becomes loud, in milliseconds on the lesson's clock."""
    found: list[float] = []
    quiet = True
    with av.open(str(file)) as container:
        for frame in container.decode(audio=0):
            assert frame.time is not None
            loud = float(np.abs(frame.to_ndarray()).max()) > 0.05
            if loud and quiet:
                found.append(frame.time * 1000)
            quiet = not loud
    return found


def skews(folder: Path) -> list[float]:
    """Return the distance of each flash from the nearest beep, in milliseconds."""
    seen = [at for file in sorted(folder.glob("camera-*.mp4")) for at in flashes(file)]
    heard = [at for file in sorted(folder.glob("voice-*.mp4")) for at in beeps(file)]
    assert len(seen) >= 2
    return [min((abs(at - beep) for beep in heard), default=1e9) for at in seen]


@pytest.mark.parametrize("codec", [H264, VP8], ids=["h264", "vp8"])
async def test_a_recorded_lesson_plays_in_step_on_the_lessons_clock(
    lesson: Lesson, tmp_path: Path, threads: ThreadPoolExecutor, codec: Codec
) -> None:
    folder = tmp_path / "lesson"
    recorder = recorder_of(lesson, folder, threads)
    await recorder.start()
    teacher = await teach(lesson, codec)
    await teacher.show(4)
    await recorder.stop(final=True)
    assert max(skews(folder)) <= MAX_SKEW_MS
    (run,) = entries(folder, "run")[:1]
    assert run["codec"].startswith("avc1.42" if codec is H264 else "vp08")
    runs = {one["run"]: one for one in entries(folder, "run")}
    pictures = next(one for one in runs.values() if one["track"] == "camera")
    assert (pictures["width"], pictures["height"]) == (320, 240)
    for part in entries(folder, "part"):
        assert 0 < part["for"] <= 2000  # frames come late on a busy machine
        assert START_MS < part["at"] < START_MS + 3_600_000
        file = folder / f"{part['run']}.mp4"
        offset, size = part["bytes"]
        assert file.read_bytes()[offset + 4 : offset + 8] == b"moof"
        assert offset + size <= file.stat().st_size
    assert entries(folder, "end")
    assert not entries(folder, "gap")


async def test_a_teacher_who_comes_back_leaves_one_recording_with_a_marked_gap(
    lesson: Lesson, tmp_path: Path, threads: ThreadPoolExecutor
) -> None:
    folder = tmp_path / "lesson"
    recorder = recorder_of(lesson, folder, threads)
    await recorder.start()
    first = await teach(lesson)
    await first.show(2.5)
    first.publication.close(CloseReason.EXPIRED)
    await first.peer.vanish()
    await asyncio.sleep(4)  # the last picture is shown for two seconds of it
    second = await teach(lesson)
    await second.show(3)
    await recorder.stop(final=True)
    assert max(skews(folder)) <= MAX_SKEW_MS
    gaps = {one["track"]: one for one in entries(folder, "gap")}
    assert set(gaps) == {"camera", "voice"}
    assert all(one["why"] == "source" and 1000 <= one["for"] < 20_000 for one in gaps.values())
    assert len(list(folder.glob("camera-*.mp4"))) == 2
