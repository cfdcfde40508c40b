"""The synthetic teacher: what it shows, says and costs in time."""

import asyncio
import itertools
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from media.synthetic import (
    CameraPicture,
    CameraTrack,
    FileError,
    LessonClock,
    SlidesPicture,
    SlidesTrack,
    Voice,
    VoiceTrack,
    drawing,
    file_tracks,
    slides,
)
from media.synthetic.files import read
from media.synthetic.speech import SAMPLE_RATE

NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


class Time:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _lesson(time: Time) -> LessonClock:
    return LessonClock(now=time, started=100.0)


def _write_recording(path: Path, seconds: float, *, audio: bool = True) -> Path:
    """Write a small recording: red, then blue, with a tone."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libvpx", rate=10)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        sound = container.add_stream("libopus", rate=48000, layout="mono") if audio else None
        for number in range(int(seconds * 10)):
            image = np.zeros((180, 320, 3), np.uint8)
            image[:, :, 0 if number < seconds * 5 else 2] = 255
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        if sound:
            tone = np.sin(np.arange(int(seconds * 48000)) / 20) * 8000
            frame = av.AudioFrame.from_ndarray(
                tone.astype(np.int16).reshape(1, -1), format="s16", layout="mono"
            )
            frame.sample_rate = 48000
            container.mux(sound.encode(frame))
            container.mux(sound.encode(None))
        container.mux(video.encode(None))
    return path


def test_slides_change_and_their_clock_runs() -> None:
    show = SlidesPicture()
    first, same, next_second, next_page = (show.at(at) for at in (0.0, 0.4, 1.0, 15.0))
    assert np.array_equal(first.y, same.y)
    assert not np.array_equal(first.y, next_second.y)
    body = slice(60, 640)
    assert np.array_equal(first.y[body], next_second.y[body])
    assert not np.array_equal(first.y[body], next_page.y[body])


def test_every_slide_fits_its_page() -> None:
    show = SlidesPicture()
    for number in range(len(slides.LESSON)):
        picture = show.at(number * slides.SECONDS_PER_SLIDE)
        edge = picture.y[:640, -40:]
        assert edge.min() == edge.max(), slides.LESSON[number]


def test_slides_are_english_where_no_font_writes_tajik(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "FONTS", ())
    drawing._family.cache_clear()
    drawing.font.cache_clear()
    try:
        assert not drawing.can_write_tajik()
        assert SlidesPicture().at(0).y[:640].min() < 60  # dark ink on the page
    finally:
        drawing._family.cache_clear()
        drawing.font.cache_clear()


def test_elapsed_time_is_written_as_a_clock() -> None:
    assert slides.elapsed(0) == "00:00:00"
    assert slides.elapsed(3_725) == "01:02:05"
    assert slides.elapsed(100 * 3600) == "00:00:00"


def test_camera_moves_ten_times_a_second() -> None:
    camera = CameraPicture(NOON)
    pictures = [camera.at(tenth / 10) for tenth in range(5)]
    for one, other in itertools.pairwise(pictures):
        assert not np.array_equal(one.y, other.y)


def test_mouth_opens_with_the_voice() -> None:
    camera = CameraPicture(NOON)
    assert not np.array_equal(camera.at(1.0, 0.0).y, camera.at(1.0, 0.9).y)


def test_pictures_become_frames_of_the_same_pixels() -> None:
    picture = CameraPicture(NOON).at(2.0)
    frame = picture.to_frame()
    assert (frame.width, frame.height, frame.format.name) == (640, 360, "yuv420p")
    assert np.array_equal(frame.to_ndarray()[:360], picture.y)


def test_voice_has_a_natural_level_and_no_clicks() -> None:
    voice = Voice()
    loop = voice.samples(0, 24 * SAMPLE_RATE).astype(np.float64) / 32768
    spoken = loop[np.abs(loop) > 1e-3]
    assert -23 < 20 * np.log10(np.sqrt(np.mean(spoken**2))) < -17
    assert np.abs(loop).max() < 0.7
    assert np.abs(np.diff(loop)).max() < 0.2
    assert 0.2 < np.mean(np.abs(loop) > 1e-3) < 0.95


def test_voice_repeats_without_a_seam() -> None:
    voice = Voice()
    loop = 24 * SAMPLE_RATE
    assert np.array_equal(voice.samples(loop, 960), voice.samples(0, 960))
    seam = voice.samples(loop - 10, 20).astype(int)
    assert np.abs(np.diff(seam)).max() < 10


def test_voice_is_the_same_on_every_start() -> None:
    assert np.array_equal(Voice().samples(SAMPLE_RATE, 9600), Voice().samples(SAMPLE_RATE, 9600))


def test_beep_and_flash_share_the_whole_second() -> None:
    camera, voice = CameraPicture(NOON, sync=True), Voice(sync=True)
    for second in range(3):
        assert camera.at(second + 0.01).y.min() > 230
        assert camera.at(second + 0.5).y.min() < 100
        beep = voice.samples(second * SAMPLE_RATE, 2400)
        quiet = voice.samples(second * SAMPLE_RATE + 24_000, 2400)
        assert np.abs(beep).max() > 5000
        assert np.abs(quiet).max() == 0


async def test_tracks_share_one_clock() -> None:
    time = Time()
    clock = _lesson(time)
    tracks = [SlidesTrack(clock), CameraTrack(clock), VoiceTrack(clock)]
    time.now += 0.4
    for track in tracks:
        first, second = await track.recv(), await track.recv()
        assert first.time == 0
        assert second.time == pytest.approx(float(second.time_base * second.pts))
        assert 0 < second.time <= 0.21


async def test_a_late_track_skips_ahead() -> None:
    time = Time()
    track = VoiceTrack(_lesson(time))
    await track.recv()
    time.now += 60
    assert (await track.recv()).time == pytest.approx(60, abs=0.05)


async def test_a_track_waits_for_its_turn() -> None:
    before = asyncio.get_running_loop().time()
    track = CameraTrack(LessonClock())
    for _ in range(4):
        await track.recv()
    assert asyncio.get_running_loop().time() - before > 0.12


async def test_a_stopped_track_ends() -> None:
    track = SlidesTrack()
    track.stop()
    with pytest.raises(MediaStreamError):
        await track.recv()


def test_a_recording_goes_on_when_it_is_over(tmp_path: Path) -> None:
    path = _write_recording(tmp_path / "lesson.webm", 1.0)
    last: dict[str, float] = {}
    for moment in read(path):
        kind = "audio" if isinstance(moment.frame, av.AudioFrame) else "video"
        assert moment.at > last.get(kind, -1.0)
        last[kind] = moment.at
        if moment.at > 2.5:
            break
    assert abs(last["audio"] - last["video"]) < 0.3


async def test_a_recording_is_shown_at_its_own_pace(tmp_path: Path) -> None:
    tracks = file_tracks(_write_recording(tmp_path / "lesson.webm", 1.0))
    assert tracks.audio
    assert tracks.video
    before = asyncio.get_running_loop().time()
    frames = [await tracks.video.recv() for _ in range(6)]
    heard = [await tracks.audio.recv() for _ in range(5)]
    assert asyncio.get_running_loop().time() - before >= 0.45
    assert [frame.time for frame in frames] == pytest.approx([n / 10 for n in range(6)], abs=0.01)
    assert {frame.samples for frame in heard} == {960}
    tracks.video.stop()
    tracks.audio.stop()


async def test_a_large_recording_is_made_to_fit(tmp_path: Path) -> None:
    path = tmp_path / "large.webm"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libvpx", rate=10)
        video.width, video.height, video.pix_fmt = 1920, 1080, "yuv420p"
        for _ in range(3):
            container.mux(video.encode(av.VideoFrame(1920, 1080, "yuv420p")))
        container.mux(video.encode(None))
    tracks = file_tracks(path)
    assert tracks.audio is None
    assert tracks.video
    frame = await tracks.video.recv()
    assert (frame.width, frame.height) == (1280, 720)
    tracks.video.stop()


def test_a_file_that_is_no_recording_is_refused_with_its_name(tmp_path: Path) -> None:
    wrong = tmp_path / "notes.txt"
    wrong.write_text("not a film")
    for path in (wrong, tmp_path / "missing.mp4"):
        with pytest.raises(FileError, match=path.name):
            file_tracks(path)
