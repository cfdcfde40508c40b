"""Bytes on disk: a write that fails is taken back, and what a crash left is made whole."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING, Any

import pytest

from media.mixer import Mix
from media.types import Slot
from recordings import segments
from recordings.recorder import Plan, Tape
from recordings.recovery import recover
from recordings.segments import INDEX_NAME, Folder
from recordings.tracks import Lengths
from tests.recordings.wire import H264Publisher

if TYPE_CHECKING:
    from pathlib import Path

START = 600_000


class TornFile:
    """A file on a disk that takes some bytes and then no more."""

    def __init__(self, file: Any, room: int) -> None:
        self._file = file
        self._room = room

    def write(self, data: bytes) -> int:
        if not self._room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = min(len(data), self._room)
        self._room -= taken
        return int(self._file.write(data[:taken]))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def entries(folder: Path, kind: str) -> list[dict[str, Any]]:
    lines = (folder / INDEX_NAME).read_text().splitlines()
    return [one for line in lines if (one := json.loads(line))["type"] == kind]


def test_a_torn_write_is_taken_back_and_the_next_one_follows(tmp_path: Path) -> None:
    folder = Folder(tmp_path, "never")
    run = folder.begin_run("camera", b"init", {})
    whole = run.file
    run.file = TornFile(whole, 3)  # type: ignore[assignment]  # as much of a file as is used
    with pytest.raises(OSError, match="No space"):
        folder.add_part(run, 0, 1000, b"picture", key=True)
    assert (tmp_path / "camera-0001.mp4").read_bytes() == b"init"
    run.file = whole
    folder.add_part(run, 0, 1000, b"picture", key=True)
    assert (tmp_path / "camera-0001.mp4").read_bytes() == b"initpicture"
    (part,) = entries(tmp_path, "part")
    assert part["bytes"] == [4, 7]
    folder.end_run(run)
    folder.close()


def test_a_run_never_takes_the_name_of_another(tmp_path: Path) -> None:
    (tmp_path / "voice-0007.mp4").touch()
    folder = Folder(tmp_path)
    runs = [folder.begin_run(track, b"init", {}) for track in ("voice", "camera")]
    assert [run.name for run in runs] == ["voice-0008", "camera-0001"]
    for run in runs:
        folder.end_run(run)
    folder.close()


def test_a_disk_that_was_full_for_a_while_leaves_a_marked_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = segments._append
    full = False

    def write(file: Any, data: bytes, size: int) -> None:
        append(TornFile(file, 5) if full else file, data, size)

    monkeypatch.setattr(segments, "_append", write)
    publisher = H264Publisher()
    tape = Tape(Plan(tmp_path, Lengths(), "never", 5.0, {}), Mix(), START)
    for ms in range(0, 9000, 100):
        full = 3000 <= ms < 6000
        packets = [publisher.report(ms), *publisher.picture(ms, key=ms % 1000 == 0)]
        taken = tape.take([(Slot.CAMERA, START + ms, packets)], set(), START + ms + 10)
        if taken.error is not None:
            assert full
            tape.interrupt("disk")
    tape.close(START + 9000)
    (gap,) = entries(tmp_path, "gap")
    assert gap["why"] == "disk"
    assert abs(gap["at"] + gap["for"] - START - 6000) <= 100
    assert recover(tmp_path).cut == 0


@pytest.mark.parametrize(
    "line",
    [
        b'{"tyqe":"part","run":"camera-0001","at":1,"for":1,"bytes":[1,2],"key":true}',
        b'{"type":["start"],"at":0}',
        b'{"type":"gap","track":"voice","at":"x","for":3,"why":"disk"}',
        b'{"type":"run","run":"camera-0001","init":[0]}',
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"type":"star',
    ],
)
def test_nonsense_in_the_index_is_left_out(tmp_path: Path, line: bytes) -> None:
    index = tmp_path / INDEX_NAME
    index.write_bytes(b'{"type":"start","at":1}\n' + line + b'\n{"type":"end","at":5}\n')
    assert recover(tmp_path).ended
    assert [one["type"] for one in map(json.loads, index.read_bytes().splitlines())] == [
        "start",
        "end",
    ]
