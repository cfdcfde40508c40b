"""Damage of every kind leaves a recording that opens, and costs no more than what was hit."""

from __future__ import annotations

import json
import random
import shutil
import tracemalloc
from typing import TYPE_CHECKING, Any, NamedTuple

import av
import pytest

from media.mixer import Mix
from media.types import Slot
from recordings.container import boxes
from recordings.recorder import Plan, Tape
from recordings.recovery import DAMAGED_SUFFIX, recover
from recordings.segments import INDEX_NAME, Folder
from recordings.tracks import Lengths
from tests.recordings.wire import H264Publisher

if TYPE_CHECKING:
    from pathlib import Path

START = 600_000
RUN = "camera-0001.mp4"


class Recording(NamedTuple):
    folder: Path
    parts: list[dict[str, Any]]


def entries(folder: Path, kind: str) -> list[dict[str, Any]]:
    lines = (folder / INDEX_NAME).read_text().splitlines()
    return [one for line in lines if (one := json.loads(line))["type"] == kind]


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """Six seconds of a camera whose lesson was never ended."""
    folder = tmp_path / "lesson"
    publisher = H264Publisher()
    tape = Tape(Plan(folder, Lengths(), "never", 5.0, {}), Mix(), START)
    for ms in range(0, 6000, 100):
        packets = [publisher.report(ms), *publisher.picture(ms, key=ms % 1000 == 0)]
        tape.take([(Slot.CAMERA, START + ms, packets)], set(), START + ms + 10)
    tape.close(START + 6000)
    return Recording(folder, entries(folder, "part"))


def assert_plays(folder: Path) -> None:
    for file in folder.glob("*.mp4"):
        if any(part["run"] == file.stem for part in entries(folder, "part")):
            with av.open(str(file)) as container:
                assert sum(1 for _ in container.demux()) > 1


def flip(file: Path, at: int, bit: int = 0) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 1 << bit
    file.write_bytes(data)


def test_one_flipped_bit_anywhere_costs_one_part_at_most(
    recording: Recording, tmp_path: Path
) -> None:
    chance = random.Random(7)
    for _ in range(100):
        hurt = shutil.copytree(recording.folder, tmp_path / "hurt")
        file = hurt / chance.choice((RUN, INDEX_NAME))
        flip(file, chance.randrange(file.stat().st_size), chance.randrange(8))
        found = recover(hurt)
        assert len(entries(hurt, "part")) >= len(recording.parts) - 1
        assert (recover(hurt).ends, recover(hurt).cut) == (found.ends, 0)
        assert_plays(hurt)
        shutil.rmtree(hurt)


def test_every_cut_keeps_the_parts_before_it(recording: Recording, tmp_path: Path) -> None:
    chance = random.Random(7)
    for _ in range(100):
        hurt = shutil.copytree(recording.folder, tmp_path / "hurt")
        file = hurt / RUN
        size = chance.randrange(file.stat().st_size)
        file.write_bytes(file.read_bytes()[:size])
        recover(hurt)
        assert entries(hurt, "part") == [
            part for part in recording.parts if sum(part["bytes"]) <= size
        ]
        assert recover(hurt).cut == 0
        assert_plays(hurt)
        shutil.rmtree(hurt)


def test_a_damaged_beginning_is_written_again(recording: Recording) -> None:
    file = recording.folder / RUN
    whole = file.read_bytes()
    stsd = whole.index(b"stsd")
    file.write_bytes(whole[:stsd] + bytes(20) + whole[stsd + 20 :])
    recover(recording.folder)
    assert file.read_bytes() == whole


def test_damage_in_the_middle_leaves_what_follows(recording: Recording) -> None:
    file = recording.folder / RUN
    hit = recording.parts[3]
    begin, size = hit["bytes"]
    data = file.read_bytes()
    file.write_bytes(data[:begin] + bytes(size // 2) + data[begin + size // 2 :])
    recover(recording.folder)
    assert entries(recording.folder, "part") == [
        part for part in recording.parts if part is not hit
    ]
    kinds = [kind for kind, _, _ in boxes(file.read_bytes(), begin)]
    assert kinds[:3] == [b"free", b"moof", b"mdat"]
    assert_plays(recording.folder)


def test_a_lost_index_is_made_again(recording: Recording) -> None:
    before = (recording.parts, entries(recording.folder, "run"))
    (recording.folder / INDEX_NAME).unlink()
    recover(recording.folder)
    assert (entries(recording.folder, "part"), entries(recording.folder, "run")) == before


def test_what_nothing_can_be_made_of_is_set_aside_and_keeps_its_number(
    recording: Recording,
) -> None:
    file = recording.folder / RUN
    data = file.read_bytes().replace(b"moov", b"mo.v", 1)
    file.write_bytes(data)
    (recording.folder / INDEX_NAME).unlink()
    assert recover(recording.folder).ends == {}
    assert (recording.folder / (RUN + DAMAGED_SUFFIX)).read_bytes() == data
    folder = Folder(recording.folder)
    run = folder.begin_run("camera", b"init", {})
    assert run.name == "camera-0002"
    folder.end_run(run)
    folder.close()


def test_a_large_run_is_not_read_into_memory(recording: Recording) -> None:
    run = recording.folder / RUN
    whole = run.stat().st_size
    with run.open("ab") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
    tracemalloc.start()
    try:
        found = recover(recording.folder)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4 << 20
    assert found.cut == 64 << 20
    assert run.stat().st_size == whole
    assert entries(recording.folder, "part") == recording.parts
