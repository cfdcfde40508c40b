"""Exported recordings: what is copied decodes at its positions in files of their own."""

from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import pytest

from media.depacketizer import Format
from recordings.catalogue import INDEX_NAME, TRACKS, Catalogue, Run
from recordings.container import Sample, video_init, video_part
from recordings.export import Plan, export, plan, size_of
from tests.recordings.made import HEIGHT, WIDTH, MadeRecording

START = 5000  # ms


class Exported:
    def __init__(self, folder: Path) -> None:
        self.made = MadeRecording(folder)
        self.folder = folder

    @property
    def catalogue(self) -> Catalogue:
        catalogue = Catalogue()
        catalogue.feed((self.folder / INDEX_NAME).read_bytes())
        return catalogue

    def open_run(self, run: Run) -> BinaryIO:
        return (self.folder / f"{run.name}.mp4").open("rb")

    def make(self, wanted: Plan) -> dict[str, list[float]]:
        """Export a file and return the times in s at which each of its streams decodes."""
        path, told = self.folder / f"made{wanted.ending}", [0]
        export(self.catalogue, self.open_run, wanted, path, told.append)
        assert sum(told) == size_of(self.catalogue, wanted)
        assert not list(self.folder.glob("*.part"))
        times: dict[str, list[float]] = {}
        with av.open(str(path), "r") as container:
            for frame in container.decode():
                assert frame.time is not None
                times.setdefault(type(frame).__name__, []).append(frame.time)
        return times


@pytest.fixture
def lesson(tmp_path: Path) -> Exported:
    exported = Exported(tmp_path)
    exported.made.run("camera", START, 4)
    exported.made.run("voice", START, 10)
    exported.made.run("camera", START + 7000, 3)  # after a gap of three seconds
    exported.made.end(START + 10_000)
    return exported


def test_a_lesson_is_one_file_with_its_gaps(lesson: Exported) -> None:
    (whole,) = plan(lesson.catalogue, TRACKS, single=False)
    assert whole == Plan(("camera", "voice"), ".mp4")
    times = lesson.make(whole)
    assert len(times["VideoFrame"]) == 70
    assert times["VideoFrame"][0] == pytest.approx(0, abs=0.05)
    assert times["VideoFrame"][40] == pytest.approx(7, abs=0.05)
    assert len(times["AudioFrame"]) == pytest.approx(500, abs=3)
    assert times["AudioFrame"][-1] == pytest.approx(10, abs=0.1)


def test_each_track_can_be_a_file(lesson: Exported) -> None:
    files = plan(lesson.catalogue, TRACKS, single=True)
    assert files == [Plan(("camera",), "-camera.mp4"), Plan(("voice",), "-voice.mp4")]
    assert list(lesson.make(files[1])) == ["AudioFrame"]
    assert plan(lesson.catalogue, ("screen",), single=False) == []


def test_vp8_becomes_a_webm_with_the_voice(tmp_path: Path) -> None:
    lesson = Exported(tmp_path)
    lesson.made.run("voice", START, 2)
    add_vp8(lesson)
    (webm,) = plan(lesson.catalogue, TRACKS, single=False)
    assert webm == Plan(("camera", "voice"), "-camera.webm")
    times = lesson.make(webm)
    assert len(times["VideoFrame"]) == 10
    assert len(times["AudioFrame"]) >= 98


def add_vp8(lesson: Exported) -> None:
    """Write a run of VP8 as the recorder does."""
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"  # type: ignore[attr-defined]
    encoder.time_base = Fraction(1, 10)
    samples = []
    for number in range(10):
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([20 * number]) * plane.buffer_size)
        frame.pts = number
        samples += encoder.encode(frame)  # type: ignore[attr-defined]
    samples += encoder.encode(None)  # type: ignore[attr-defined]
    shape = Format("vp08.00.10.08", WIDTH, HEIGHT)
    ticks = [
        Sample(START * 90 + number * 9000, 9000, bytes(packet), packet.is_keyframe)
        for number, packet in enumerate(samples)
    ]
    init, part = video_init(shape, ticks[0].data), video_part(shape, ticks, 1)
    (lesson.folder / "camera-0009.mp4").write_bytes(init + part)
    size = {"width": WIDTH, "height": HEIGHT}
    name = {"run": "camera-0009", "track": "camera", "codec": shape.codec}
    lesson.made.line(type="run", **name, init=[0, len(init)], timescale=90_000, **size)
    span = [len(init), len(part)]
    lesson.made.line(
        type="part", run="camera-0009", at=START, **{"for": 1000}, bytes=span, key=True
    )
