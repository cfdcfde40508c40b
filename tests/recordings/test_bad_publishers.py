"""Publishers that misbehave, fed to the recorder's tape in virtual time: what is kept plays."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import av

from media.mixer import Mix
from media.types import Slot
from recordings.recorder import Plan, Tape
from recordings.segments import INDEX_NAME
from recordings.tracks import Lengths
from tests.recordings.wire import H264Publisher, report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START = 600_000  # the lesson's time at which recording begins, in milliseconds
FRAME = 100
TRAVEL = 40


def record(
    folder: Path, seconds: int, send: Callable[[int], list[bytes]], wishes: list[int] | None = None
) -> None:
    """Record what `send` returns for each tenth of a second."""
    tape = Tape(Plan(folder, Lengths(), "never", 5.0, {}), Mix(), START)
    for ms in range(0, seconds * 1000, FRAME):
        came = START + ms + TRAVEL
        taken = tape.take([(Slot.CAMERA, came, send(ms))], set(), came + 10)
        assert taken.error is None
        if wishes is not None and taken.wishes:
            wishes.append(ms)
    tape.close(START + seconds * 1000)


def entries(folder: Path, kind: str) -> list[dict[str, Any]]:
    lines = (folder / INDEX_NAME).read_text().splitlines()
    return [one for line in lines if (one := json.loads(line))["type"] == kind]


def decoded(file: Path) -> list[tuple[float, int]]:
    """Return time in milliseconds and width of each picture."""
    with av.open(str(file)) as container:
        return [
            (frame.time * 1000, frame.width)
            for frame in container.decode(video=0)
            if frame.time is not None
        ]


def test_a_new_size_each_second_is_a_new_run_each_second(tmp_path: Path) -> None:
    publisher = H264Publisher()
    sizes = [(160, 120), (320, 240), (240, 180)]

    def send(ms: int) -> list[bytes]:
        if ms % 1000 == 0:
            publisher.resize(*sizes[ms // 1000 % 3])
        return [publisher.report(ms), *publisher.picture(ms, key=ms % 1000 == 0)]

    record(tmp_path, 9, send)
    runs = entries(tmp_path, "run")
    assert [(run["width"], run["height"]) for run in runs] == sizes * 3
    for number, run in enumerate(runs):
        pictures = decoded(tmp_path / f"{run['run']}.mp4")
        assert {width for _, width in pictures} == {run["width"]}
        assert len(pictures) == 10
        assert abs(pictures[0][0] - START - TRAVEL - number * 1000) < 2
    assert not entries(tmp_path, "gap")


def test_a_publisher_without_keyframes_is_asked_for_one_and_kept(tmp_path: Path) -> None:
    publisher = H264Publisher()
    wishes: list[int] = []

    def send(ms: int) -> list[bytes]:
        return [publisher.report(ms), *publisher.picture(ms, key=ms == 0)]

    record(tmp_path, 14, send, wishes)
    assert wishes
    assert 9_900 <= wishes[0] <= 10_100
    (run,) = entries(tmp_path, "run")
    assert len(decoded(tmp_path / f"{run['run']}.mp4")) == 140
    parts = entries(tmp_path, "part")
    assert [part["key"] for part in parts].count(True) == 1
    assert all(part["for"] <= 1000 for part in parts)


def test_a_loss_waits_for_the_next_keyframe_and_asks_for_it(tmp_path: Path) -> None:
    publisher = H264Publisher()
    wishes: list[int] = []

    def send(ms: int) -> list[bytes]:
        packets = publisher.picture(ms, key=ms in (0, 4000))
        return [publisher.report(ms), *(packets if ms != 2000 else packets[:-1])]

    record(tmp_path, 6, send, wishes)
    assert wishes
    assert 2000 <= wishes[0] <= 2700
    seen = [at for file in sorted(tmp_path.glob("*.mp4")) for at, _ in decoded(file)]
    assert len(seen) == 20 + 20
    assert not [at for at in seen if 2100 < at - START < 3990]


def test_ten_times_the_bitrate_is_kept_whole(tmp_path: Path) -> None:
    publisher = H264Publisher(320, 240)

    def send(ms: int) -> list[bytes]:
        noise = ms >= 2000
        return [publisher.report(ms), *publisher.picture(ms, key=ms == 0, noise=noise)]

    record(tmp_path, 6, send)
    sizes = [(part["at"], part["bytes"][1]) for part in entries(tmp_path, "part")]
    calm = sum(size for at, size in sizes if START + 500 < at < START + 1100)
    loud = sum(size for at, size in sizes if START + 2500 < at < START + 5100)
    assert loud > 4 * 10 * calm
    (run,) = entries(tmp_path, "run")
    assert len(decoded(tmp_path / f"{run['run']}.mp4")) == 60


def test_timestamps_that_jump_by_hours_leave_the_pictures_in_place(tmp_path: Path) -> None:
    publisher = H264Publisher()

    def send(ms: int) -> list[bytes]:
        if ms in (2000, 4000):
            publisher.base += (5 if ms == 2000 else -9) * 3_600_000 * 90
        return publisher.picture(ms, key=ms % 1000 == 0)

    record(tmp_path, 6, send)
    seen = [at for file in sorted(tmp_path.glob("*.mp4")) for at, _ in decoded(file)]
    assert len(seen) == 60
    assert all(abs(at - START - TRAVEL - number * 100) < 5 for number, at in enumerate(seen))
    assert not entries(tmp_path, "gap")


def test_timestamps_that_mean_nothing_leave_the_pictures_where_they_came(tmp_path: Path) -> None:
    publisher = H264Publisher()
    chance = random.Random(11)

    def send(ms: int) -> list[bytes]:
        publisher.base = chance.randrange(1 << 32)
        packets = publisher.picture(ms, key=ms % 1000 == 0)
        return [report(chance.randrange(1 << 32), chance.randrange(1 << 32)), *packets]

    record(tmp_path, 6, send)
    seen = [at for file in sorted(tmp_path.glob("*.mp4")) for at, _ in decoded(file)]
    assert len(seen) == 60
    assert all(abs(at - START - TRAVEL - number * 100) < 50 for number, at in enumerate(seen))


def test_a_source_that_was_silent_comes_back_after_a_marked_gap(tmp_path: Path) -> None:
    publisher = H264Publisher()

    def send(ms: int) -> list[bytes]:
        if 2000 <= ms < 9000:
            return []
        return [publisher.report(ms), *publisher.picture(ms, key=ms in (0, 9000))]

    record(tmp_path, 11, send)
    (gap,) = entries(tmp_path, "gap")
    assert (gap["track"], gap["why"]) == ("camera", "source")
    assert abs(gap["at"] + gap["for"] - START - TRAVEL - 9000) < 5
    assert len(entries(tmp_path, "run")) == 2
