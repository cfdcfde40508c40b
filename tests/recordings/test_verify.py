"""Checking a recording against its index: what is whole passes, each kind of damage is named."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from recordings.catalogue import INDEX_NAME, Catalogue, Run
from recordings.verify import Depth, Flaw, Report, What, verify
from tests.recordings.made import MadeRecording


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = MadeRecording(tmp_path)
    made.run("camera", 5000, 3)
    made.run("voice", 5000, 12)
    made.end(17_000)
    return tmp_path


def look(folder: Path, depth: Depth = Depth.ALL, *, ended: bool = True) -> Report:
    catalogue = Catalogue()
    index = (folder / INDEX_NAME).read_bytes()
    catalogue.feed(index if ended else index[: index.index(b'{"type":"end"')])

    def open_run(run: Run) -> BinaryIO:
        return (folder / f"{run.name}.mp4").open("rb")

    return verify(catalogue, open_run, depth)


@pytest.mark.parametrize("depth", list(Depth))
def test_a_whole_recording_has_no_flaw(folder: Path, depth: Depth) -> None:
    report = look(folder, depth)
    assert report.flaws == []
    assert (report.runs, report.parts) == (2, 15)
    files = sum(path.stat().st_size for path in folder.glob("*.mp4"))
    assert 0.8 * files < report.bytes < files


def camera_part(folder: Path, number: int) -> tuple[int, int]:
    catalogue = Catalogue()
    catalogue.feed((folder / INDEX_NAME).read_bytes())
    part = list(catalogue.track_parts("camera"))[number]
    return part.offset, part.size


def change(folder: Path, place: int, data: bytes) -> None:
    file = folder / "camera-0001.mp4"
    whole = file.read_bytes()
    file.write_bytes(whole[:place] + data + whole[place + len(data) :])


def damage_boxes(folder: Path) -> None:
    change(folder, camera_part(folder, 1)[0] + 4, b"moot")


def damage_position(folder: Path) -> None:
    offset, size = camera_part(folder, 1)
    whole = (folder / "camera-0001.mp4").read_bytes()
    change(folder, whole.index(b"tfdt", offset, offset + size) + 8, bytes(8))


def damage_pictures(folder: Path) -> None:
    offset, size = camera_part(folder, 1)
    whole = (folder / "camera-0001.mp4").read_bytes()
    first = whole.index(b"mdat", offset, offset + size) + 4
    change(folder, first, b"\xff" * (offset + size - first))


def cut_the_last(folder: Path) -> None:
    file = folder / "camera-0001.mp4"
    file.write_bytes(file.read_bytes()[:-5])


def damage_beginning(folder: Path) -> None:
    change(folder, 4, b"????")


@pytest.mark.parametrize(
    ("harm", "flaw"),
    [
        (damage_boxes, Flaw("camera-0001", 6000, What.BOXES)),
        (damage_position, Flaw("camera-0001", 6000, What.POSITION)),
        (damage_pictures, Flaw("camera-0001", 6000, What.UNDECODABLE)),
        (cut_the_last, Flaw("camera-0001", 7000, What.SHORT)),
        (damage_beginning, Flaw("camera-0001", 5000, What.BEGINNING)),
        (lambda folder: (folder / "camera-0001.mp4").unlink(),
         Flaw("camera-0001", 5000, What.MISSING)),
    ],
)  # fmt: skip
def test_damage_is_named_with_its_place(
    folder: Path, harm: Callable[[Path], None], flaw: Flaw
) -> None:
    harm(folder)
    assert look(folder).flaws == [flaw]


def test_bytes_that_the_index_does_not_know_are_a_flaw_only_once_the_run_is_closed(
    folder: Path,
) -> None:
    with (folder / "camera-0001.mp4").open("ab") as file:
        file.write(b"torn")
    assert look(folder, ended=False).flaws == []
    assert look(folder).flaws == [Flaw("camera-0001", 8000, What.UNTOLD)]
