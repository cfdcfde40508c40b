"""A screen's publisher is asked for a keyframe when something new has come to rest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from media.mixer import Mix
from media.stills import decode
from media.types import Slot
from recordings.catalogue import Still
from recordings.recorder import Plan, Tape
from recordings.recovery import recover
from recordings.segments import INDEX_NAME
from recordings.tracks import REST_MS, Lengths
from tests.recordings.wire import H264Publisher

if TYPE_CHECKING:
    from pathlib import Path

    from recordings.tracks import Keyframe

FRAME = 100  # ms
CHANGE = 4_000  # ms; when something happens on the screen


def watch(
    folder: Path, slot: Slot, until: int, seconds: int = 20
) -> tuple[list[int], list[Keyframe]]:
    """Send a screen that moves from CHANGE until a position; return the wishes and keyframes."""
    publisher = H264Publisher(320, 240)
    tape = Tape(Plan(folder, Lengths(), "never", 5.0, {}), Mix(), 0)
    wishes: list[int] = []
    keyframes: list[Keyframe] = []
    asked = True
    for ms in range(0, seconds * 1000, FRAME):
        packets = publisher.picture(ms, key=asked, noise=CHANGE <= ms < until)
        taken = tape.take([(slot, ms, packets)], set(), ms + 10)
        asked = bool(taken.wishes)
        wishes += [ms] if asked else []
        keyframes += taken.keyframes
    tape.close(seconds * 1000)
    begun = 1_000  # ms in which a run begins
    return [one for one in wishes if one > begun], [one for one in keyframes if one.at > begun]


def test_a_page_that_is_turned_is_asked_for_once_it_rests(tmp_path: Path) -> None:
    wishes, keyframes = watch(tmp_path, Slot.SCREEN, CHANGE + 300, seconds=12)
    assert len(wishes) == 1
    assert REST_MS <= wishes[0] - (CHANGE + 200) <= REST_MS + 3 * FRAME
    (keyframe,) = keyframes
    assert (keyframe.track, keyframe.codec) == ("screen", "H264")
    assert abs(keyframe.at - wishes[0]) <= 5 * FRAME
    assert decode(keyframe.codec, keyframe.data).size == (320, 240)


@pytest.mark.parametrize(("slot", "until"), [(Slot.SCREEN, 99_000), (Slot.CAMERA, CHANGE + 300)])
def test_a_film_and_a_camera_are_asked_every_ten_seconds_only(
    tmp_path: Path, slot: Slot, until: int
) -> None:
    wishes, _ = watch(tmp_path, slot, until)
    assert len(wishes) == 1
    assert wishes[0] >= Lengths().keyframe


def test_what_is_seen_stands_in_the_index_and_survives_a_kill(tmp_path: Path) -> None:
    tape = Tape(Plan(tmp_path, Lengths(), "never", 5.0, {}), Mix(), 0)
    publisher = H264Publisher()
    tape.take([(Slot.SCREEN, 0, publisher.picture(0, key=True))], set(), 10, [Still(1, 0, (320,))])
    tape.take([], set(), 5_000, [Still(2, 4_200, (320, 640))])
    tape.close(None)
    index = tmp_path / INDEX_NAME
    with index.open("ab") as file:
        file.write(b'{"type":"still","number":3,"at":"soon"}\n{"type":"still","numb')
    assert recover(tmp_path).stills == {(1, 0), (2, 4_200)}
    kept = [json.loads(line) for line in index.read_text().splitlines()]
    assert [one for one in kept if one["type"] == "still"] == [
        {"type": "still", "number": 1, "at": 0, "widths": [320]},
        {"type": "still", "number": 2, "at": 4_200, "widths": [320, 640]},
    ]
