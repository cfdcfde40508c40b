"""What is made of a recording by the server: begun by itself or once asked for, and served."""

import asyncio
import io
import shutil
from datetime import timedelta
from typing import Any

import av
import pytest

from server.models import Lesson
from server.recordings.downloads import clean_name
from tests.media.waiting import PATIENCE
from tests.server.conftest import Visitor, problem
from tests.server.recordings.conftest import Replay


def download(replay: Replay, name: str = "camera") -> str:
    return replay.api(f"/downloads/{name}")


def file(replay: Replay, name: str = "camera") -> str:
    return replay.url(f"downloads/{name}")


async def ask(replay: Replay, who: Visitor, name: str = "camera") -> dict[str, Any]:
    answer = await who.post(download(replay, name))
    assert answer.status == 200, await answer.text()
    return dict(await answer.json())


async def made(replay: Replay, who: Visitor, name: str = "camera") -> dict[str, Any]:
    """Ask for a download and wait until it is there."""
    facts = await ask(replay, who, name)
    async with asyncio.timeout(3 * PATIENCE):
        while facts["state"] in ("queued", "running"):
            await asyncio.sleep(0.1)
            facts = await (await who.get(download(replay, name))).json()
    assert facts["state"] == "ready", facts
    return facts


async def frames(replay: Replay, who: Visitor, name: str = "camera") -> dict[str, list[float]]:
    """Return the times in seconds of what is decoded of a download."""
    answer = await who.get(file(replay, name))
    assert answer.status == 200
    found: dict[str, list[float]] = {"video": [], "audio": []}
    with av.open(io.BytesIO(await answer.read())) as container:
        for frame in container.decode():
            kind = "video" if isinstance(frame, av.VideoFrame) else "audio"
            found[kind].append(float(frame.time or 0))
    return found


async def due(replay: Replay, *kinds: str) -> None:
    """Let the jobs that wait begin, and wait until these are done."""
    replay.world.clock.pass_time(seconds=60)
    replay.world.services.jobs.wake()
    async with asyncio.timeout(3 * PATIENCE):
        while True:
            answer = await replay.teacher.get(f"/api/jobs?lesson={replay.lesson}")
            jobs = (await answer.json())["jobs"]
            states = {(job["kind"], job["state"]) for job in jobs}
            if all((kind, "done") in states for kind in kinds):
                return
            assert "failed" not in {state for _, state in states}, jobs
            await asyncio.sleep(0.1)


async def test_a_download_is_made_once_and_sent_by_range(replay: Replay) -> None:
    facts = await (await replay.student.get(replay.api())).json()
    known = {one["name"]: one for one in facts["downloads"]}
    assert {name: one["state"] for name, one in known.items()} == {
        "camera": "none",
        "voice": "none",
    }
    assert known["camera"]["bytes"] > 0
    assert await problem(await replay.student.get(file(replay))) == (404, "not-made")
    facts = await made(replay, replay.student)
    answer = await replay.student.get(file(replay))
    data = await answer.read()
    assert len(data) == facts["bytes"]
    assert answer.headers["Content-Disposition"].startswith("attachment")
    part = await replay.student.get(file(replay), headers={"Range": "bytes=10-19"})
    assert (part.status, await part.read()) == (206, data[10:20])
    past = await replay.student.get(file(replay), headers={"Range": "bytes=99999999-"})
    assert past.status == 416
    times = await frames(replay, replay.student)
    assert len(times["video"]) == 60
    assert times["audio"][-1] == pytest.approx(6, abs=0.1)
    await ask(replay, replay.student)
    jobs = (await (await replay.teacher.get(f"/api/jobs?lesson={replay.lesson}")).json())["jobs"]
    assert [job["kind"] for job in jobs].count("download") == 1


async def test_a_cut_recording_is_downloaded_cut(replay: Replay) -> None:
    await made(replay, replay.student)
    await replay.change(trims=[[2000, 5000]])
    assert await problem(await replay.student.get(file(replay))) == (404, "not-made")
    await made(replay, replay.student)
    times = await frames(replay, replay.student)
    assert times["video"][-1] == pytest.approx(2.9, abs=0.1)
    assert times["audio"][-1] == pytest.approx(3, abs=0.1)
    await made(replay, replay.teacher)  # who has everything
    assert len((await frames(replay, replay.teacher))["video"]) == 60
    folder = replay.made.folder / "made"
    files = await asyncio.to_thread(lambda: [path.name for path in folder.glob("camera-*")])
    assert len(files) == 2  # that of before is gone


async def test_downloads_are_for_whoever_may_have_the_recording(replay: Replay) -> None:
    nobody = await replay.world.visitor()
    await made(replay, replay.teacher, "voice")
    for who, status in ((nobody, 401), (replay.outsider, 404), (replay.student, 200)):
        assert (await who.get(file(replay, "voice"))).status == status
        assert (await who.post(download(replay, "voice"))).status == status
    await replay.change(published=False)
    answer = await replay.student.get(file(replay, "voice"))
    assert await problem(answer) == (403, "not-published")
    for name in ("screen", "guest-camera", "..%2f..%2fetc%2fpasswd", "camera-0001", "VOICE"):
        assert (await replay.teacher.post(download(replay, name))).status == 404
        assert (await replay.teacher.get(file(replay, name))).status == 404


async def test_a_lesson_that_is_on_has_no_downloads(on_air: Replay) -> None:
    assert await problem(await on_air.teacher.post(download(on_air))) == (409, "lesson-open")
    facts = await (await on_air.teacher.get(on_air.api())).json()
    assert facts["downloads"] == []


async def test_vp8_and_the_voice_are_encoded_by_themselves(on_air: Replay) -> None:
    vp8 = on_air.made.vp8(6000, 2)
    on_air.made.run("voice", 6000, 2)
    on_air.world.clock.pass_time(seconds=8)
    await on_air.end()
    index = await (await on_air.student.get(on_air.api("/index"))).json()
    before = {one["run"] for one in index["entries"] if one["type"] == "run"}
    assert vp8 not in before  # no browser plays it
    await on_air.world.services.making.consider(on_air.id)
    assert (await (await on_air.student.get(on_air.api())).json())["preparing"] == ["camera"]
    await due(on_air, "h264", "aac")
    assert (await (await on_air.student.get(on_air.api())).json())["preparing"] == []
    more = await (await on_air.student.get(on_air.api(f"/index?since={index['next']}"))).json()
    assert [one["run"] for one in more["entries"] if one["type"] == "run"] == ["camera-avc-0003"]
    assert (more["more"], more["ended"]) == (False, True)
    rest = await (await on_air.student.get(on_air.api(f"/index?since={more['next']}"))).json()
    assert rest["entries"] == []
    answer = await on_air.student.get(on_air.url("camera-avc-0003.mp4"))
    assert "immutable" in answer.headers["Cache-Control"]
    with av.open(io.BytesIO(await answer.read())) as container:
        seen = [float(frame.time or 0) for frame in container.decode(video=0)]
    assert (seen[0], len(seen)) == (pytest.approx(6, abs=0.04), 50)
    assert (await on_air.student.get(on_air.url(f"{vp8}.mp4"))).status == 404
    playlist = await (await on_air.student.get(on_air.url("camera.m3u8"))).text()
    assert "camera-avc-0003.mp4" in playlist
    assert vp8 not in playlist


async def test_players_without_opus_have_the_voice_in_aac(replay: Replay) -> None:
    before = await (await replay.student.get(replay.url("index.m3u8"))).text()
    assert "mp4a" not in before
    await replay.world.services.making.consider(replay.id)
    await due(replay, "aac")
    after = await (await replay.student.get(replay.url("index.m3u8"))).text()
    assert 'AUDIO="voice-aac"' in after
    assert 'CODECS="avc1.42c00a,mp4a.40.2"' in after
    assert "opus" not in after
    alone = await (await replay.student.get(replay.url("audio.m3u8"))).text()
    assert "voice-aac.m3u8" in alone
    voice = await (await replay.student.get(replay.url("voice-aac.m3u8"))).text()
    assert "voice-aac-0002.mp4" in voice
    index = await (await replay.student.get(replay.api("/index?voice=aac"))).json()
    runs = {one["run"]: one["codec"] for one in index["entries"] if one["type"] == "run"}
    assert runs == {replay.camera: "avc1.42c00a", "voice-aac-0002": "mp4a.40.2"}
    plain = await (await replay.student.get(replay.api("/index"))).json()
    runs = {one["run"]: one["codec"] for one in plain["entries"] if one["type"] == "run"}
    assert runs == {replay.camera: "avc1.42c00a", replay.voice: "opus"}


async def test_a_muted_turn_is_not_in_the_aac_of_students(replay: Replay) -> None:
    await replay.world.services.making.consider(replay.id)
    await due(replay, "aac")
    await replay.change(trims=[[2000, 5000]])
    path = replay.url("voice-aac-0002.mp4")
    assert await problem(await replay.student.get(path)) == (403, "cut")
    assert (await replay.teacher.get(path)).status == 200


async def test_a_recording_deleted_in_its_job_cancels_it(replay: Replay) -> None:
    services = replay.world.services
    await services.making.consider(replay.id)
    assert (await replay.teacher.delete(replay.api())).status == 204
    jobs = (await (await replay.teacher.get(f"/api/jobs?lesson={replay.lesson}")).json())["jobs"]
    assert {job["state"] for job in jobs} == {"cancelled"}
    assert (await replay.teacher.post(replay.api("/restore"))).status == 204
    await due(replay, "aac")


async def test_files_that_are_gone_end_a_job_with_a_reason(replay: Replay) -> None:
    services = replay.world.services
    await asyncio.to_thread(shutil.rmtree, replay.made.folder)
    await services.jobs.add("aac", replay.id, {"by": "hand"})
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await replay.teacher.get(f"/api/jobs?lesson={replay.lesson}")
            jobs = (await answer.json())["jobs"]
            job = next(one for one in jobs if one["parameters"] == {"by": "hand"})
            if job["state"] == "failed":
                break
            await asyncio.sleep(0.05)
    assert job["reason"] == "recording-gone"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Light", "Light-camera.mp4"),
        ('a"b\r\nSet-Cookie: x=1', "a-b-Set-Cookie-x-1-camera.mp4"),
        ("../../etc/passwd", "etc-passwd-camera.mp4"),
        ("Ҷузъҳои нур: ӣ ӯ", "Ҷузъҳои-нур-ӣ-ӯ-camera.mp4"),
        ("?*<>|", "lesson-camera.mp4"),
        ("x" * 500, "x" * 60 + "-camera.mp4"),
    ],
)
def test_a_file_has_a_clean_name(title: str, name: str) -> None:
    assert clean_name(Lesson(title=title, started_at=None), "camera") == name


async def test_a_strange_title_reaches_no_header(replay: Replay) -> None:
    title = 'Нур "1"; ../x'
    async with replay.world.services.database.write() as session:
        lesson = await session.get(Lesson, replay.id)
        assert lesson is not None
        lesson.title = title
        lesson.started_at = replay.world.clock.now() + timedelta()
    await made(replay, replay.student, "voice")
    answer = await replay.student.get(file(replay, "voice"))
    assert answer.content_disposition is not None
    assert answer.content_disposition.filename == "2026-09-01-Нур-1-x-voice.m4a"
