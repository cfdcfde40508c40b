"""What recordings are made into, read by FFmpeg's own program: every frame, without a complaint."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from recordings import made
from recordings.cuts import Cuts
from recordings.making import file_of, read_recording
from recordings.playlist import AAC_VOICE, first_position, master_playlist, media_playlist
from tests.recordings.made import MadeRecording
from tests.recordings.test_making import START, download, encode

if TYPE_CHECKING:
    from pathlib import Path

BEGAN = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
PATIENCE = 60  # seconds for one file; a bound for two busy cores, not a target
PLAYLISTS = "file,crypto,data"  # protocols a playlist on the disk may name


async def probe(path: Path) -> tuple[dict[str, int], str]:
    """Decode everything in a file or a playlist; return the frames by codec, and the complaints."""
    if shutil.which("ffprobe") is None:
        pytest.fail("This test needs ffprobe: apt install ffmpeg, or run make test.")
    process = await asyncio.create_subprocess_exec(
        "ffprobe", "-v", "error", "-protocol_whitelist", PLAYLISTS, "-count_frames",
        "-show_entries", "stream=codec_name,nb_read_frames", "-of", "json", str(path),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complaints = await asyncio.wait_for(process.communicate(), PATIENCE)
    streams: list[dict[str, Any]] = json.loads(said).get("streams", [])
    frames = {one["codec_name"]: int(one.get("nb_read_frames", 0)) for one in streams}
    return frames, complaints.decode()


async def frames(path: Path) -> dict[str, int]:
    """Return how many frames of what codec, all of which can be decoded."""
    found, complaints = await probe(path)
    assert complaints == "", path
    return found


@pytest.fixture
def recording(tmp_path: Path) -> MadeRecording:
    return MadeRecording(tmp_path / "lesson")


async def test_runs_and_downloads_are_read_without_a_complaint(recording: MadeRecording) -> None:
    recording.vp8(START, 3)
    recording.run("voice", START, 6)
    recording.run("camera", START + 3000, 3)
    recording.end(START + 6000)
    encode(recording, made.VP8)
    encode(recording, made.OPUS)
    folder = recording.folder
    assert await frames(folder / "camera-0001.mp4") == {"vp8": 75}
    assert await frames(folder / "camera-0003.mp4") == {"h264": 30}
    assert await frames(folder / "made" / "camera-avc-0001.mp4") == {"h264": 75}
    voice = await frames(folder / "voice-0002.mp4")
    assert voice["opus"] == pytest.approx(300, abs=2)
    voice = await frames(folder / "made" / "voice-aac-0002.mp4")
    assert voice["aac"] == pytest.approx(282, abs=3)
    whole = await frames(download(recording, "camera", Cuts())[0])
    assert whole["h264"] == 75 + 30
    assert whole["aac"] == pytest.approx(282, abs=3)
    alone = await frames(download(recording, "voice", Cuts())[0])
    assert alone["aac"] == pytest.approx(282, abs=3)


async def test_playlists_are_read_without_a_complaint(
    recording: MadeRecording, tmp_path: Path
) -> None:
    recording.vp8(START, 3)
    recording.run("voice", START, 6)
    recording.vp8(START + 3000, 3, (320, 180))  # a player meets a second beginning
    recording.end(START + 6000)
    encode(recording, made.VP8)
    encode(recording, made.OPUS)
    found = read_recording(recording.folder)
    plain, aac = made.served(found), made.served(found, aac=True)
    for one in (*plain.runs.values(), *aac.runs.values()):
        shutil.copy(recording.folder / file_of(one), tmp_path)
    start = first_position(plain)
    for track, name, source in (
        ("camera", "camera", plain),
        ("voice", "voice", plain),
        ("voice", AAC_VOICE, aac),
    ):
        text = media_playlist(source, track, live=False, began=BEGAN, start=start)
        (tmp_path / f"{name}.m3u8").write_text(text)
    (tmp_path / "master.m3u8").write_text(master_playlist(plain, aac))
    assert await frames(tmp_path / "camera.m3u8") == {"h264": 75 + 75}
    voice = await frames(tmp_path / "voice.m3u8")
    assert voice["opus"] == pytest.approx(300, abs=2)
    every = await frames(tmp_path / "master.m3u8")
    assert set(every) == {"h264", "aac"}


async def test_what_is_damaged_is_complained_about(recording: MadeRecording) -> None:
    path = recording.folder / f"{recording.run('camera', 0, 3)}.mp4"
    data = bytearray(path.read_bytes())
    picture = data.rindex(b"mdat") + 16  # behind the box's kind and the beginning of a keyframe
    data[picture : picture + 64] = b"\xff" * 64
    path.write_bytes(data)
    _, complaints = await probe(path)
    assert complaints != ""
