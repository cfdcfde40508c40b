"""Lesson packs: made once of what the audience is shown, for whom they are, and their ranges."""

import asyncio
import json
import re
from typing import Any

import pytest

from server.clock import to_milliseconds
from server.ids import uuid7
from server.models import Lesson
from server.recordings.tables import CourseRecordings, Recording
from tests.media.waiting import PATIENCE
from tests.server.conftest import Visitor, problem
from tests.server.recordings.conftest import Replay

CHILD = 3 * PATIENCE  # seconds; a process of its own starts first


async def facts(who: Visitor, replay: Replay) -> dict[str, Any]:
    answer = await who.get(replay.api("/pack"))
    assert answer.status == 200, await answer.text()
    found: dict[str, Any] = await answer.json()
    return found


async def make(who: Visitor, replay: Replay) -> dict[str, Any]:
    """Ask for the pack and wait until it is there."""
    answer = await who.post(replay.api("/pack"))
    assert answer.status in (200, 202), await answer.text()
    async with asyncio.timeout(CHILD):
        while (found := await facts(who, replay))["state"] != "made":
            assert found["state"] == "making"
            await asyncio.sleep(0.2)
        await replay.world.services.jobs.idle()  # what was made before is cleared away last
    return found


def told(page: bytes) -> dict[str, Any]:
    found = re.search(rb'id="facts">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    facts: dict[str, Any] = json.loads(found[1])
    return facts


async def ask(replay: Replay, text: str) -> None:
    """Ask in the lesson's course, so that it stands in its question book."""
    services = replay.world.services
    async with services.database.read() as session:
        lesson = await session.get_one(Lesson, replay.id)
    body = {
        "id": str(uuid7(to_milliseconds(services.clock.now()))),
        "name": "question_ask",
        "args": {"text": text},
    }
    answer = await replay.student.post(f"/api/courses/{lesson.course_id}/commands", body)
    assert answer.status == 200, await answer.text()


async def test_a_pack_is_made_once_and_comes_in_pieces(on_air: Replay) -> None:
    await ask(on_air, "Чаро ҳашт бит?")
    on_air.world.clock.pass_time(seconds=6)
    await on_air.end()
    before = await facts(on_air.student, on_air)
    assert (before["state"], before["progress"]) == ("none", 0)
    assert before["bytes"] > 10_000
    path = on_air.url("pack.html")
    assert await problem(await on_air.student.get(path)) == (404, "pack-not-made")
    made = await make(on_air.student, on_air)
    whole = await on_air.student.get(path)
    page = await whole.read()
    assert len(page) == made["bytes"] == whole.content_length
    assert whole.content_disposition is not None
    assert whole.content_disposition.type == "attachment"
    facts_ = told(page)
    assert facts_["length"] == 6000
    assert on_air.student.person is not None
    asked = [(one["number"], one["text"], one["answer"]) for one in facts_["questions"]]
    assert asked == [(1, "Чаро ҳашт бит?", None)]
    # A pack travels: nobody's name is in it.
    assert on_air.student.person.name not in json.dumps(facts_, ensure_ascii=False)
    tag = whole.headers["ETag"]
    for condition in (tag, '"another"'):
        headers = {"Range": "bytes=1000-", "If-Range": condition}
        rest = await on_air.student.get(path, headers=headers)
        assert rest.status == (206 if condition == tag else 200)
        assert await rest.read() == (page[1000:] if condition == tag else page)
    jobs = (await (await on_air.teacher.get(f"/api/jobs?lesson={on_air.lesson}")).json())["jobs"]
    await make(on_air.teacher, on_air)
    again = (await (await on_air.teacher.get(f"/api/jobs?lesson={on_air.lesson}")).json())["jobs"]
    assert [job["kind"] for job in again if job["kind"] == "pack"] == ["pack"]
    assert len(jobs) == len(again)


async def test_a_pack_is_another_one_when_something_is_cut(replay: Replay) -> None:
    await make(replay.student, replay)
    (first,) = (replay.made.folder / "made").glob("pack-*.html")
    await replay.change(trims=[[0, 2000]])
    assert (await facts(replay.student, replay))["state"] == "none"
    assert (await replay.student.get(replay.url("pack.html"))).status == 404
    await make(replay.student, replay)
    assert told(await (await replay.student.get(replay.url("pack.html"))).read())["length"] == 2000
    (second,) = (replay.made.folder / "made").iterdir()
    assert second != first


async def test_packs_are_for_whom_the_course_and_the_recording_are_open(replay: Replay) -> None:
    paths = [replay.api("/pack"), replay.url("pack.html")]
    for path in paths:
        assert (await replay.outsider.get(path)).status == 404
        assert (await (await replay.world.visitor()).get(path)).status == 401
    await replay.change(published=False)
    for path in paths:
        assert await problem(await replay.student.get(path)) == (403, "not-published")
    await replay.change(published=True)
    async with replay.world.services.database.write() as session:
        lesson = await session.get_one(Lesson, replay.id)
        rules = CourseRecordings(
            course_id=lesson.course_id, publish=True, pack=False, keep_days=None
        )
        await session.merge(rules)
    for path in paths:
        assert await problem(await replay.student.get(path)) == (403, "packs-forbidden")
    assert await problem(await replay.student.post(paths[0])) == (403, "packs-forbidden")
    assert (await replay.teacher.get(paths[0])).status == 200


async def test_a_lesson_of_which_nothing_is_shown_has_no_pack(replay: Replay) -> None:
    async with replay.world.services.database.write() as session:
        recording = await session.get_one(Recording, replay.id)
        recording.live_from = 6000  # all of it was rehearsal
    answer = await replay.student.post(replay.api("/pack"))
    assert await problem(answer) == (404, "nothing-shown")


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=-0"])
async def test_a_range_past_the_end_of_a_pack_is_refused(replay: Replay, asked: str) -> None:
    made = await make(replay.student, replay)
    answer = await replay.student.get(replay.url("pack.html"), headers={"Range": asked})
    assert await problem(answer) == (416, "no-range")
    assert answer.headers["Content-Range"] == f"bytes */{made['bytes']}"
