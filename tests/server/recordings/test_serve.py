"""The bytes of recordings: ranges, caching, cuts, and paths that lead nowhere."""

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientPayloadError
from sqlalchemy import event

from server.clock import to_iso
from server.recordings import shelf
from tests.server.conftest import problem
from tests.server.recordings.conftest import Replay


def file_of(replay: Replay, run: str) -> bytes:
    return (replay.made.folder / f"{run}.mp4").read_bytes()


def with_range(text: str) -> dict[str, dict[str, str]]:
    return {"headers": {"Range": text}}


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=100-", 100, None),
        ("bytes=-50", -50, None),
        ("bytes=-99999999999999999999999", 0, None),
        ("bytes=5-99999999999999999999999", 5, None),
    ],
)
async def test_a_range_is_answered_with_its_bytes(
    replay: Replay, asked: str, first: int, end: int | None
) -> None:
    whole = file_of(replay, replay.camera)
    answer = await replay.student.get(replay.url(f"{replay.camera}.mp4"), **with_range(asked))
    assert answer.status == 206
    assert await answer.read() == whole[first:end]
    start = first % len(whole)
    last = (len(whole) if end is None else end) - 1
    assert answer.headers["Content-Range"] == f"bytes {start}-{last}/{len(whole)}"


async def test_a_part_of_a_live_lesson_costs_two_queries(on_air: Replay) -> None:
    engine = on_air.world.services.database.engine.sync_engine
    asked: list[str] = []

    def note(*call: Any) -> None:
        asked.append(str(call[2]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        answer = await on_air.student.get(
            on_air.url(f"{on_air.voice}.mp4"), **with_range("bytes=0-9")
        )
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert answer.status == 206
    # who asks, and what of the lesson they may have; savepoints and pragmas are no questions
    assert len([one for one in asked if one.startswith("SELECT")]) == 2, asked


async def test_a_range_that_is_the_whole_is_answered_as_a_range(replay: Replay) -> None:
    whole = file_of(replay, replay.camera)
    asked = with_range(f"bytes=0-{len(whole) - 1}")
    answer = await replay.student.get(replay.url(f"{replay.camera}.mp4"), **asked)
    assert (answer.status, await answer.read()) == (206, whole)
    assert answer.headers["Content-Range"] == f"bytes 0-{len(whole) - 1}/{len(whole)}"


@pytest.mark.parametrize(
    "asked",
    ["bytes=abc", "bytes=5-2", "bytes=-", "items=0-1", "bytes=0-1,5-6", "bytes=" + "0-1," * 999],
)
async def test_what_is_no_range_is_answered_with_the_whole(replay: Replay, asked: str) -> None:
    answer = await replay.student.get(replay.url(f"{replay.voice}.mp4"), **with_range(asked))
    assert answer.status == 200
    assert await answer.read() == file_of(replay, replay.voice)
    assert answer.content_type == "audio/mp4"


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0", "bytes=" + "9" * 400 + "-"])
async def test_a_range_past_the_end_is_told_the_size(replay: Replay, asked: str) -> None:
    answer = await replay.student.get(replay.url(f"{replay.camera}.mp4"), **with_range(asked))
    assert await problem(answer) == (416, "no-range")
    size = len(file_of(replay, replay.camera))
    assert answer.headers["Content-Range"] == f"bytes */{size}"


async def test_a_finished_run_is_cached_and_a_growing_one_is_not(on_air: Replay) -> None:
    path = on_air.url(f"{on_air.camera}.mp4")
    growing = await on_air.student.get(path)
    assert growing.headers["Cache-Control"] == "private, no-store"
    on_air.world.clock.pass_time(seconds=6)
    await on_air.end()
    finished = await on_air.student.get(path)
    assert "immutable" in finished.headers["Cache-Control"]
    assert finished.headers["Vary"] == "Cookie"
    tag = finished.headers["ETag"]
    again = await on_air.student.get(path, headers={"If-None-Match": tag})
    assert (again.status, await again.read()) == (304, b"")
    head = await on_air.student.send("HEAD", path)
    assert head.headers["Content-Length"] == str(len(file_of(on_air, on_air.camera)))
    other = await on_air.student.get(path, headers={"Range": "bytes=0-9", "If-Range": '"old"'})
    assert other.status == 200


@pytest.mark.parametrize(
    "name",
    [
        "../../../keys.mp4",
        "..%2f..%2fkeys.mp4",
        "%2e%2e/keys.mp4",
        "%252e%252e%252fkeys.mp4",
        "..\\keys.mp4",
        "..%5ckeys.mp4",
        "camera-0001%00.mp4",
        "CAMERA-0001.mp4",
        "camera-0001.MP4",
        "camera-9999.mp4",
        "index.jsonl",
        "/etc/passwd",
        "%2fetc%2fpasswd.mp4",
        "CON.mp4",
        "a" * 4000 + ".mp4",
        "stills/../index.jsonl",
        "stills/1-..%2f..%2findex.webp",
        "stills/1-640.webp",
        "nothing.m3u8",
        "linked-0001.mp4",
    ],
)
async def test_no_path_leads_out_or_to_what_the_index_does_not_name(
    replay: Replay, name: str
) -> None:
    (replay.made.folder / "linked-0001.mp4").symlink_to("/etc/passwd")
    answer = await replay.staff.get(replay.url(name))
    assert answer.status in (400, 404), await answer.text()


async def test_a_playlist_has_the_picture_that_is_wanted(replay: Replay) -> None:
    wanted = await replay.student.get(replay.url("index.m3u8?picture=camera"))
    assert "\ncamera.m3u8" in await wanted.text()
    for picture in ("guest-camera", "voice", "nothing", ""):
        answer = await replay.student.get(replay.url(f"index.m3u8?picture={picture}"))
        assert answer.status == 404


async def test_the_recording_of_another_course_is_not_there(replay: Replay) -> None:
    for name in (f"{replay.camera}.mp4", "index.m3u8", "camera.m3u8", "chapters.vtt"):
        assert (await replay.outsider.get(replay.url(name))).status == 404
        nobody = await replay.world.visitor()
        assert (await nobody.get(replay.url(name))).status == 401


async def test_ids_can_not_be_walked(replay: Replay) -> None:
    whole = replay.id.int
    near = [uuid.UUID(int=whole + step) for step in (-2, -1, 1, 2)]
    other = await replay.world.lesson(replay.staff, (await replay.world.course(replay.staff))["id"])
    names = [*map(str, near), str(uuid.UUID(int=0)), replay.lesson.upper(), replay.id.hex]
    told = set()
    for name in (*names, other["id"], "1", "-1", f"{{{replay.lesson}}}"):
        for rest in (f"/recordings/{name}/{replay.camera}.mp4", f"/recordings/{name}/index.m3u8"):
            told.add(await problem(await replay.student.get(rest)))
        told.add(await problem(await replay.student.get(f"/api/lessons/{name}/recording")))
    assert told == {(404, "not-found")}


async def test_unpublished_and_expired_recordings_are_closed_to_students(replay: Replay) -> None:
    paths = [replay.api(), replay.api("/index"), replay.url("index.m3u8")]
    paths += [replay.url(f"{replay.camera}.mp4"), f"/api/lessons/{replay.lesson}/events"]
    paths += [replay.url(name) for name in ("voice.m3u8", "audio.m3u8", "chapters.vtt")]
    await replay.change(published=False)
    for path in paths:
        assert await problem(await replay.student.get(path)) == (403, "not-published")
        assert (await replay.teacher.get(path)).status == 200
    soon = to_iso(datetime(2026, 9, 1, 10, 0, tzinfo=UTC))
    await replay.change(published=True, expires_at=soon)
    assert (await replay.student.get(paths[0])).status == 200
    replay.world.clock.pass_time(hours=2)
    for path in paths:
        assert await problem(await replay.student.get(path)) == (410, "recording-expired")
    await replay.change(expires_at=None)
    assert (await replay.student.get(paths[0])).status == 200


async def test_what_is_trimmed_is_not_served_to_students(replay: Replay) -> None:
    await replay.change(trims=[[2000, 4000]])
    index = await (await replay.student.get(replay.api("/index"))).json()
    parts = [one for one in index["entries"] if one["type"] == "parts"]
    assert {(one["at"], *one["lengths"]) for one in parts} == {(2000, 1000, 1000)}
    path = replay.url(f"{replay.camera}.mp4")
    (mine,) = [one for one in parts if one["run"] == replay.camera]
    first, size = mine["offset"], mine["sizes"][0]
    good = await replay.student.get(path, **with_range(f"bytes={first}-{first + size - 1}"))
    assert good.status == 206
    for asked in (f"bytes={first - 1}-{first + 9}", f"bytes={first}-", "bytes=-10"):
        assert await problem(await replay.student.get(path, **with_range(asked))) == (
            416,
            "range-cut",
        )
    assert await problem(await replay.student.get(path)) == (403, "cut")
    assert (await replay.teacher.get(path)).status == 200
    facts = await (await replay.student.get(replay.api())).json()
    assert (facts["from"], facts["length"]) == (2000, 4000)
    assert "trims" not in facts


async def test_a_live_lesson_can_be_rewound_and_grows(on_air: Replay) -> None:
    facts = await (await on_air.student.get(on_air.api())).json()
    assert facts["state"] == "recording"
    index = await (await on_air.student.get(on_air.api("/index"))).json()
    assert index["ended"] is False
    on_air.world.services.recordings.forget(on_air.id)
    on_air.record(6000, 2)
    more = await (await on_air.student.get(on_air.api(f"/index?since={index['next']}"))).json()
    told = [one for one in more["entries"] if one["type"] == "parts"]
    (mine,) = [one for one in told if one["run"] == on_air.camera]
    assert (mine["at"], mine["lengths"]) == (6000, [1000, 1000])
    playlist = await (await on_air.student.get(on_air.url("camera.m3u8"))).text()
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in playlist
    assert "#EXT-X-ENDLIST" not in playlist


async def test_a_recording_that_is_deleted_while_watched_is_gone(replay: Replay) -> None:
    path = replay.url(f"{replay.camera}.mp4")
    assert (await replay.student.get(path)).status == 200
    shutil.rmtree(replay.made.folder)
    assert (await replay.student.get(path)).status == 404


async def test_a_file_that_is_cut_off_while_it_is_sent_ends_the_answer(replay: Replay) -> None:
    file = replay.made.folder / f"{replay.camera}.mp4"
    with file.open("r+b") as handle:
        handle.truncate(file.stat().st_size // 2)
    answer = await replay.student.get(replay.url(f"{replay.camera}.mp4"))
    assert answer.status == 200
    with pytest.raises(ClientPayloadError):
        await answer.read()
    assert (await replay.student.get(replay.api())).status == 200


async def test_progress_is_kept_over_devices(replay: Replay) -> None:
    body = {"position": 4000, "seen": [[0, 2000], [1000, 4000]]}
    answer = await replay.student.send("PUT", replay.api("/progress"), json=body)
    assert await answer.json() == {"position": 4000, "seen": 4000, "watched": False}
    body = {"position": 5900, "seen": [[4000, 5900]]}
    await replay.student.send("PUT", replay.api("/progress"), json=body)
    facts = await (await replay.student.get(replay.api())).json()
    assert facts["progress"] == {"position": 5900, "seen": 5900, "watched": True}
    wrong = {"position": 1, "seen": [[5, 5]]}
    answer = await replay.student.send("PUT", replay.api("/progress"), json=wrong)
    assert answer.status == 422


async def test_events_are_narrowed_to_the_reader(replay: Replay) -> None:
    path = f"/api/lessons/{replay.lesson}/events"
    told = await (await replay.student.get(path)).json()
    kinds = [event["kind"] for event in told["events"]]
    assert kinds == ["lesson.practice", "lesson.live", "lesson.ended"]
    assert told["seq"] >= told["events"][-1]["seq"]
    rest = await (await replay.student.get(f"{path}?since={told['seq']}")).json()
    assert rest["events"] == []
    about = await (await replay.student.get(f"{path}?about=lesson")).json()
    assert [event["kind"] for event in about["events"]] == kinds
    assert about["seq"] == told["seq"]
    assert (await (await replay.student.get(f"{path}?about=slide")).json())["events"] == []
    for query in ("since=-1", "about=a.b", "about=%25", f"about={'a' * 21}"):
        assert (await replay.student.get(f"{path}?{query}")).status == 422, query


class Waiting:
    """Stands in for a disk whose pieces come when we say so."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.open = 0

    async def pieces(self, _path: Path, first: int, end: int) -> AsyncIterator[bytes]:
        self.open += 1
        yield b"x"
        await self.go_on.wait()
        yield b"x" * (end - first - 1)


async def test_one_person_can_not_take_every_download(
    replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Waiting()
    monkeypatch.setattr(replay.world.services.recordings, "pieces", disk.pieces)
    monkeypatch.setattr(shelf, "MAX_READS", 2)
    path = replay.url(f"{replay.camera}.mp4")
    taken = [await replay.student.get(path) for _ in range(2)]
    refused = await replay.student.get(path)
    assert await problem(refused) == (429, "too-many-downloads")
    assert "Retry-After" in refused.headers
    other = await replay.teacher.get(path)
    assert other.status == 200
    disk.go_on.set()
    for answer in (*taken, other):
        assert len(await answer.read()) == len(file_of(replay, replay.camera))
    assert (await replay.student.get(path)).status == 200


async def test_who_seeks_on_before_the_bytes_came_is_no_error(
    replay: Replay, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = Waiting()
    monkeypatch.setattr(replay.world.services.recordings, "pieces", disk.pieces)
    answer = await replay.student.get(replay.url(f"{replay.camera}.mp4"))
    assert answer.status == 200
    answer.close()
    await asyncio.sleep(0.1)
    disk.go_on.set()
    readers = replay.world.services.recordings._readers
    async with asyncio.timeout(20):
        while readers:  # noqa: ASYNC110 - what the server does
            await asyncio.sleep(0.02)
    assert "a request failed" not in capsys.readouterr().out
