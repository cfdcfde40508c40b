"""What is made of a recording: decoded, and compared with where everything was."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from recordings import made
from recordings.catalogue import INDEX_NAME, Catalogue
from recordings.cuts import Cuts
from recordings.downloads import Timeline, available, file_name, size_of
from recordings.making import Workbench, make_download, read_recording
from recordings.work import Hopeless
from tests.recordings.made import MadeRecording

if TYPE_CHECKING:
    from pathlib import Path

FRAME_MS = 40
AAC_MS = 1024 / 48
START = 12_000  # ms; lessons go live after their clocks begin


class Told:
    def __init__(self) -> None:
        self.progress: list[float] = []
        self.lines: list[str] = []

    def __call__(self, progress: float, line: str | None = None) -> None:
        self.progress.append(progress)
        if line is not None:
            self.lines.append(line)


def bench(recording: MadeRecording, reserve: int = 0) -> tuple[Workbench, Told]:
    told = Told()
    return Workbench(recording.folder, reserve, told), told  # type: ignore[arg-type]


def encode(recording: MadeRecording, kind: str = made.VP8) -> Told:
    """Make all runs of a kind, as the job does."""
    workbench, told = bench(recording)
    runs = workbench.wanted(kind)
    workbench.plan(sum(run.end - run.parts[0].at for run in runs))
    workbench.make_runs(runs)
    return told


def pictures(path: Path) -> list[tuple[float, float, bool]]:
    """Return time in ms, brightness, and whether it is a keyframe, of each picture."""
    with av.open(str(path)) as container:
        return [
            (float(frame.time or 0) * 1000, frame.to_ndarray(format="gray").mean(), frame.key_frame)
            for frame in container.decode(video=0)
        ]


def flashes(path: Path) -> list[float]:
    found, dark = [], True
    for at, brightness, _ in pictures(path):
        if (brightness > 120) and dark:
            found.append(at)
        dark = brightness <= 120
    return found


def loudness(path: Path) -> list[tuple[float, float]]:
    """Return time in ms and loudness of each frame of sound."""
    with av.open(str(path)) as container:
        return [
            (float(frame.time or 0) * 1000, float(np.abs(frame.to_ndarray()).max()))
            for frame in container.decode(audio=0)
        ]


def damage(recording: MadeRecording, run: str, second: int) -> None:
    """Overwrite a part in the middle of a run."""
    lines = [json.loads(line) for line in (recording.folder / INDEX_NAME).read_text().splitlines()]
    parts = [one for one in lines if one["type"] == "part" and one["run"] == run]
    offset, size = parts[second]["bytes"]
    path = recording.folder / f"{run}.mp4"
    data = bytearray(path.read_bytes())
    data[offset : offset + size] = bytes(size)
    path.write_bytes(data)


@pytest.fixture
def recording(tmp_path: Path) -> MadeRecording:
    return MadeRecording(tmp_path / "lesson")


def test_vp8_becomes_h264_at_the_same_positions(recording: MadeRecording) -> None:
    recording.vp8(START, 6)
    recording.end(START + 6000)
    told = encode(recording)
    catalogue = read_recording(recording.folder)
    (run,) = catalogue.made
    assert (run.name, run.of, run.track) == ("camera-avc-0001", "camera-0001", "camera")
    assert run.codec.startswith("avc1.42c0")  # constrained baseline
    path = recording.folder / "made" / "camera-avc-0001.mp4"
    shown = pictures(path)
    assert len(shown) == 6 * 25
    assert flashes(path) == pytest.approx([START + n * 1000 for n in range(6)], abs=FRAME_MS)
    keys = [at for at, _, key in shown if key]
    assert max(np.diff([*keys, START + 6000])) <= 2000 + FRAME_MS
    assert all(part.length <= 1000 + FRAME_MS for part in run.parts)
    assert [part.at for part in run.parts if part.key] == pytest.approx(keys, abs=1)
    assert (run.parts[0].at, run.end) == (START, START + 6000)
    assert run.size == path.stat().st_size
    assert told.progress[-1] == pytest.approx(1)
    assert told.lines == []


def test_each_part_of_what_was_made_can_be_put_anywhere(recording: MadeRecording) -> None:
    recording.vp8(START, 3)
    recording.end(START + 3000)
    encode(recording)
    (run,) = read_recording(recording.folder).made
    data = (recording.folder / "made" / f"{run.name}.mp4").read_bytes()
    lone = recording.folder / "lone.mp4"
    part = run.parts[2]
    lone.write_bytes(data[: run.init[1]] + data[part.offset : part.offset + part.size])
    assert pictures(lone)[0][0] == pytest.approx(part.at, abs=1)


def test_a_picture_of_odd_size_loses_a_pixel_and_nothing_else(recording: MadeRecording) -> None:
    recording.vp8(0, 1, (161, 91))
    recording.end(1000)
    encode(recording)
    (run,) = read_recording(recording.folder).made
    assert (run.width, run.height) == (160, 90)
    assert len(pictures(recording.folder / "made" / f"{run.name}.mp4")) == 25


def test_a_damaged_part_costs_what_follows_up_to_a_keyframe(recording: MadeRecording) -> None:
    run = recording.vp8(START, 12)  # keyframes at 0, 5 and 10 s
    recording.end(START + 12_000)
    damage(recording, run, 2)
    told = encode(recording)
    seen = flashes(recording.folder / "made" / "camera-avc-0001.mp4")
    seconds = [0, 1, 5, 6, 7, 8, 9, 10, 11]
    assert seen == pytest.approx([START + n * 1000 for n in seconds], abs=FRAME_MS)
    (line,) = told.lines
    assert line.startswith(f"{run} is damaged at {START + 2000} ms")
    assert told.progress[-1] == pytest.approx(1)


def test_a_run_of_which_nothing_can_be_read_does_not_stop_the_next(
    recording: MadeRecording,
) -> None:
    lost = recording.vp8(0, 1)
    recording.vp8(1000, 1)
    recording.end(2000)
    (recording.folder / f"{lost}.mp4").write_bytes(b"nothing")
    told = encode(recording)
    assert [run.of for run in read_recording(recording.folder).made] == ["camera-0002"]
    assert told.lines[-1] == f"nothing of {lost} can be decoded"


def test_a_child_that_was_killed_is_gone_on_with(recording: MadeRecording) -> None:
    recording.vp8(0, 1)
    recording.vp8(1000, 1)
    recording.end(2000)
    workbench, _ = bench(recording)
    workbench.make_runs(workbench.wanted(made.VP8)[:1])
    folder = recording.folder / "made"
    first = (folder / "camera-avc-0001.mp4").stat().st_mtime_ns
    (folder / "camera-avc-0002.mp4.part").write_bytes(b"torn")
    encode(recording)
    assert [run.name for run in read_recording(recording.folder).made] == [
        "camera-avc-0001",
        "camera-avc-0002",
    ]
    assert (folder / "camera-avc-0001.mp4").stat().st_mtime_ns == first
    assert sorted(path.name for path in folder.iterdir()) == [
        "camera-avc-0001.mp4",
        "camera-avc-0002.mp4",
        INDEX_NAME,
    ]


def test_a_run_that_still_grows_waits(recording: MadeRecording) -> None:
    recording.vp8(0, 1)
    recording.vp8(1000, 1)
    workbench, _ = bench(recording)
    assert [run.name for run in workbench.wanted(made.VP8)] == ["camera-0001"]


def test_a_full_disk_leaves_nothing_half(recording: MadeRecording) -> None:
    recording.vp8(0, 1)
    recording.end(1000)
    workbench, _ = bench(recording, reserve=2**62)
    with pytest.raises(OSError, match="No room") as full:
        workbench.make_runs(workbench.wanted(made.VP8))
    assert full.value.errno == errno.ENOSPC
    assert list((recording.folder / "made").iterdir()) == []


def test_the_voice_becomes_aac_at_the_same_positions(recording: MadeRecording) -> None:
    recording.run("voice", START, 3)
    recording.end(START + 3000)
    encode(recording, made.OPUS)
    catalogue = read_recording(recording.folder)
    assert made.voice_is_made(catalogue)
    (run,) = catalogue.made
    assert (run.name, run.codec) == ("voice-aac-0001", "mp4a.40.2")
    heard = loudness(recording.folder / "made" / "voice-aac-0001.mp4")
    loud = [at for at, volume in heard if volume > 0.1]
    assert loud[0] == pytest.approx(START, abs=2 * AAC_MS)
    assert loud[-1] == pytest.approx(START + 3000, abs=2 * AAC_MS)
    assert all(part.length <= 1100 for part in run.parts)


def test_damage_in_the_voice_is_silence(recording: MadeRecording) -> None:
    run = recording.run("voice", 0, 4)
    recording.end(4000)
    damage(recording, run, 1)
    told = encode(recording, made.OPUS)
    heard = loudness(recording.folder / "made" / "voice-aac-0001.mp4")
    quiet = [at for at, volume in heard if volume < 0.02 and 200 < at < 3800]
    assert quiet[0] == pytest.approx(1000, abs=3 * AAC_MS)
    assert quiet[-1] == pytest.approx(2000, abs=3 * AAC_MS)
    assert "damaged at 1000 ms" in told.lines[0]


def test_what_was_made_is_served_in_place(recording: MadeRecording) -> None:
    recording.vp8(0, 1)
    recording.run("voice", 0, 2)
    recording.vp8(1000, 1)
    recording.end(2000)
    workbench, _ = bench(recording)
    workbench.make_runs(workbench.wanted(made.VP8)[:1])
    encode(recording, made.OPUS)
    catalogue = read_recording(recording.folder)
    assert list(made.served(catalogue).runs) == ["camera-avc-0001", "voice-0002"]
    assert list(made.served(catalogue, aac=True).runs) == ["camera-avc-0001", "voice-aac-0002"]
    plain = Catalogue(runs={"voice-0002": catalogue.runs["voice-0002"]})
    assert made.served(plain) is plain


def test_a_strange_index_of_what_was_made_is_passed_over() -> None:
    assert made.from_index(b'{"type":"run"}\nnonsense\n\xff\xfe\n[1]\n') == []
    line = {"type": "run", "run": "../../etc-0001", "of": "camera-0001", "track": "camera"}
    assert made.from_index(json.dumps(line).encode() + b"\n") == []


def boxes(path: Path) -> list[str]:
    data, found, at = path.read_bytes(), [], 0
    while at < len(data):
        found.append(data[at + 4 : at + 8].decode())
        at += int.from_bytes(data[at : at + 4], "big") or len(data)
    return found


def download(recording: MadeRecording, name: str, cuts: Cuts) -> tuple[Path, Told]:
    workbench, told = bench(recording)
    make_download(workbench, name, cuts)
    return recording.folder / "made" / file_name(name, cuts), told


def test_a_download_is_whole_in_step_and_begins_with_its_table(recording: MadeRecording) -> None:
    recording.vp8(START, 3)
    recording.run("voice", START, 6)
    recording.run("camera", START + 3000, 3)
    recording.end(START + 6000)
    estimate = size_of(read_recording(recording.folder), "camera", Cuts())
    path, told = download(recording, "camera", Cuts())
    assert boxes(path)[:2] == ["ftyp", "moov"]
    assert flashes(path)[:3] == pytest.approx([0, 1000, 2000], abs=FRAME_MS)
    assert len(pictures(path)) == 75 + 30  # of two encoders, with parameter sets of their own
    heard = loudness(path)
    assert heard[-1][0] == pytest.approx(6000, abs=3 * AAC_MS)
    assert all(volume > 0.1 for at, volume in heard if 100 < at < 5900)
    assert 0.2 * path.stat().st_size < estimate < 5 * path.stat().st_size
    assert told.progress[-1] == pytest.approx(1, abs=0.01)


def test_trims_are_cut_out_of_a_download_and_muted_turns_are_silent(
    recording: MadeRecording,
) -> None:
    recording.run("camera", 0, 10)
    recording.run("voice", 0, 10)
    recording.end(10_000)
    cuts = Cuts(0, kept=((2000, 5000), (7000, 10_000)), muted=((8000, 9000),))
    path, _ = download(recording, "camera", cuts)
    shown = [at for at, _, _ in pictures(path)]
    assert shown == pytest.approx([n * 100 for n in range(60)], abs=60)
    heard = loudness(path)
    assert len([at for at, volume in heard if volume < 0.02 and 100 < at < 3900]) <= 2  # the seam
    quiet = [at for at, volume in heard if volume < 0.02 and at > 3900]
    assert quiet[0] == pytest.approx(4000, abs=3 * AAC_MS)
    assert quiet[-1] == pytest.approx(5000, abs=3 * AAC_MS)
    whole, _ = download(recording, "camera", Cuts())
    assert whole != path


def test_the_voice_alone_and_a_hole_in_it(recording: MadeRecording) -> None:
    recording.run("voice", START, 2)
    recording.run("voice", START + 5000, 2)
    recording.end(START + 7000)
    assert available(read_recording(recording.folder), Cuts()) == ["voice"]
    path, _ = download(recording, "voice", Cuts())
    assert path.suffix == ".m4a"
    heard = loudness(path)
    assert np.diff([at for at, _ in heard]) == pytest.approx(AAC_MS, abs=0.1)
    quiet = [at for at, volume in heard if volume < 0.02 and at > 100]
    assert (quiet[0], quiet[-1]) == pytest.approx((2000, 5000), abs=3 * AAC_MS)


def test_a_download_of_nothing_is_refused(recording: MadeRecording) -> None:
    recording.run("voice", 0, 1)
    recording.end(1000)
    with pytest.raises(Hopeless, match="Nothing"):
        download(recording, "camera", Cuts())


@pytest.mark.parametrize(
    ("at", "place"),
    [(0, 0), (2000, 0), (2500, 500), (5000, 3000), (6000, 3000), (7500, 3500), (99_000, 6000)],
)
def test_a_place_in_the_file(at: int, place: int) -> None:
    timeline = Timeline(Cuts(0, ((2000, 5000), (7000, 12_000))), 10_000)
    assert timeline.length == 6000
    assert timeline.place(at) == place


def test_names_of_other_files_are_left_alone(recording: MadeRecording) -> None:
    recording.run("voice", 0, 2)
    recording.end(2000)
    workbench, _ = bench(recording)
    old, _ = download(recording, "voice", Cuts(start=500))
    now, _ = download(recording, "voice", Cuts())
    workbench.keep_only("voice", [now.name])
    left: set[Any] = {path.name for path in (recording.folder / "made").iterdir()}
    assert left == {now.name, "voice-aac-0001.mp4", INDEX_NAME}
    assert old.name not in left
