"""Captions: who brings them, who reads what of them, and files that are no captions."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from recordings.webvtt import MAX_SIZE
from server.hands.states import State
from server.hands.tables import Hand
from server.recordings import library
from tests.server.conftest import Visitor, problem
from tests.server.recordings.conftest import Replay

VTT = """WEBVTT

00:00.500 --> 00:01.500
Салом!

00:02.000 --> 00:03.500
<v Зарина>Як байт — <script>alert(1)</script>ҳашт бит.

00:04.200 --> 00:05.900
Тамом.
"""


def path(replay: Replay, language: str = "tg", rest: str = "") -> str:
    return f"/api/lessons/{replay.lesson}/captions/{language}{rest}"


async def bring(
    who: Visitor, replay: Replay, text: str | bytes = VTT, language: str = "tg"
) -> aiohttp.ClientResponse:
    data = text.encode() if isinstance(text, str) else text
    headers = {"Content-Type": "text/vtt"}
    return await who.send("PUT", path(replay, language), data=data, headers=headers)


async def read(who: Visitor, replay: Replay, language: str = "tg") -> str:
    answer = await who.get(replay.url(f"captions/{language}.vtt"))
    assert answer.status == 200, await answer.text()
    assert answer.content_type == "text/vtt"
    return await answer.text()


async def listed(who: Visitor, replay: Replay) -> list[dict[str, Any]]:
    facts = await (await who.get(replay.api())).json()
    found: list[dict[str, Any]] = facts["captions"]
    return found


async def test_what_a_teacher_brings_students_read(replay: Replay) -> None:
    answer = await bring(replay.teacher, replay)
    assert answer.status == 200, await answer.text()
    facts = await answer.json()
    assert (facts["language"], facts["automatic"], facts["cues"]) == ("tg", False, 3)
    assert facts["by"] == "Teacher"
    assert await listed(replay.student, replay) == [{"language": "tg", "automatic": False}]
    assert await listed(replay.teacher, replay) == [facts]
    text = await read(replay.student, replay)
    assert "00:00:02.000 --> 00:00:03.500\nЗарина: Як байт — alert(1)ҳашт бит." in text
    assert "<script" not in text
    # another file takes its place
    await bring(replay.staff, replay, "WEBVTT\n\n00:01.000 --> 00:02.000\nДигар\n")
    assert "Дигар" in await read(replay.student, replay)
    assert "Салом" not in await read(replay.student, replay)


async def test_students_read_only_what_they_may_hear(replay: Replay) -> None:
    await bring(replay.teacher, replay)
    await replay.change(trims=[[1000, 5950]])
    text = await read(replay.student, replay)
    assert "Салом" not in text, "it begins before the cut"
    assert "ҳашт бит" in text
    assert "Салом" in await read(replay.teacher, replay)
    await add_turn(replay, 7, 4000, 5000)
    await replay.change(muted=[7])
    text = await read(replay.student, replay)
    assert "Тамом" not in text, "a muted turn is not to be read either"
    assert "Тамом" in await read(replay.staff, replay)
    await replay.change(published=False)
    answer = await replay.student.get(replay.url("captions/tg.vtt"))
    assert await problem(answer) == (403, "not-published")


async def add_turn(replay: Replay, number: int, aired_from: int, aired_to: int) -> None:
    person = replay.student.person
    assert person is not None
    async with replay.world.services.database.write() as session:
        session.add(
            Hand(
                lesson_id=replay.id, number=number, person_id=person.id, at=0, rank=0,
                first=True, camera=False, state=State.ENDED, aired_from=aired_from,
                aired_to=aired_to, talking=False,
            )
        )  # fmt: skip


async def test_turns_that_do_not_exist_and_cuts_past_the_end_are_refused(replay: Replay) -> None:
    async def refused(**wish: object) -> tuple[int, str]:
        return await problem(await replay.teacher.post(replay.api(), wish))

    assert await refused(muted=[7]) == (409, "turn-unknown")
    assert await refused(muted=[0]) == (422, "invalid-field")
    assert await refused(muted=["7"]) == (422, "invalid-field")
    assert await refused(trims=[[0, 3_600_000]]) == (422, "trim-outside")
    assert await refused(trims=[[7000, 9000]]) == (422, "trim-outside")
    assert await refused(trims=[[3000, 1000]]) == (422, "invalid-field")
    assert await refused(trims=[[-5, 1000]]) == (422, "invalid-field")
    assert await refused(trims=[[0, 10**30]]) == (422, "invalid-field")
    assert await refused(trims=[[0, 1000, 2000]]) == (422, "invalid-field")
    facts = await replay.change()
    assert facts["trims"] == []


async def test_deleted_captions_come_back_or_go_for_good(replay: Replay) -> None:
    await bring(replay.teacher, replay)
    assert (await replay.teacher.delete(path(replay))).status == 204
    assert (await replay.teacher.delete(path(replay))).status == 204
    assert await listed(replay.student, replay) == []
    (kept,) = await listed(replay.teacher, replay)
    assert kept["deleted"] is True
    answer = await replay.teacher.get(replay.url("captions/tg.vtt"))
    assert await problem(answer) == (404, "no-captions")
    assert (await replay.teacher.post(path(replay, rest="/restore"))).status == 204
    assert "Салом" in await read(replay.student, replay)

    await replay.teacher.delete(path(replay))
    replay.world.clock.pass_time(days=8)
    await library.tidy(replay.world.services)
    assert not list((replay.made.folder / "captions").iterdir())
    answer = await replay.teacher.post(path(replay, rest="/restore"))
    assert await problem(answer) == (404, "no-captions")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "captions-unreadable"),
        (b"WEBVTT\n", "captions-empty"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\n<b></b>\n", "captions-empty"),
        (b"WEBVTT\n\n00:02.000 --> 00:01.000\nBack\n", "captions-unreadable"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\nNUL\0\n", "captions-unreadable"),
        (b"\xff\xfeW\0E\0B\0V\0T\0T\0", "captions-unreadable"),
        (b"<script>alert(1)</script>", "captions-unreadable"),
        (b"WEBVTT\n\n01:00:00.000 --> 01:00:01.000\nAnother lesson\n", "captions-outside"),
    ],
)
async def test_what_is_no_captions_changes_nothing(replay: Replay, body: bytes, code: str) -> None:
    await bring(replay.teacher, replay)
    assert await problem(await bring(replay.teacher, replay, body)) == (422, code)
    assert "Салом" in await read(replay.student, replay)


async def test_the_wrong_line_is_named(replay: Replay) -> None:
    answer = await bring(replay.teacher, replay, "WEBVTT\n\n1\n00:01,000 --> 00:02,000\nx\n")
    assert answer.status == 422
    told = await answer.json()
    assert (told["line"], told["fault"]) == (4, "times")
    assert told["detail"].startswith("Line 4: here should be times such as 00:01.000")


async def test_a_huge_file_is_refused_without_being_kept(replay: Replay) -> None:
    hundred = 100 * 1024 * 1024
    headers = {"Content-Type": "text/vtt", "Content-Length": str(hundred)}

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(MAX_SIZE // 65_536 + 2):
            yield b"WEBVTT\n\n".ljust(65_536, b"\n")

    for more, body in ((headers, b"WEBVTT"), ({"Content-Type": "text/vtt"}, endless())):
        try:
            async with asyncio.timeout(60):
                answer = await replay.teacher.send("PUT", path(replay), data=body, headers=more)
            assert await problem(answer) == (413, "too-large")
        except (aiohttp.ClientError, ConnectionError):
            pass  # the server answered, and hung up on what was still coming
    assert await listed(replay.teacher, replay) == []
    assert not (replay.made.folder / "captions").exists()


async def test_captions_of_what_is_not_mine_or_not_there(replay: Replay) -> None:
    await bring(replay.teacher, replay)
    assert (await bring(replay.student, replay)).status == 403
    assert (await bring(replay.outsider, replay)).status == 404
    assert (await replay.outsider.get(replay.url("captions/tg.vtt"))).status == 404
    assert (await (await replay.world.visitor()).get(replay.url("captions/tg.vtt"))).status == 401
    assert (await replay.student.delete(path(replay))).status == 403
    for language in ("xx", "TG", "..%2f..%2fkeys", "tg%00", "a" * 4000):
        assert (await replay.staff.get(replay.url(f"captions/{language}.vtt"))).status == 404
        assert (await bring(replay.staff, replay, VTT, language)).status == 404
    answer = await replay.teacher.get(replay.url("captions/ru.vtt"))
    assert await problem(answer) == (404, "no-captions")
    body = {"json": {"text": VTT}}
    answer = await replay.teacher.send("PUT", path(replay), **body)
    assert await problem(answer) == (415, "wrong-content-type")


async def test_captions_whose_file_is_gone_or_spoiled_are_lost(replay: Replay) -> None:
    await bring(replay.teacher, replay)
    file = replay.made.folder / "captions" / "tg.vtt"
    file.write_bytes(b"WEBVTT\n\n\0")
    answer = await replay.student.get(replay.url("captions/tg.vtt"))
    assert await problem(answer) == (404, "captions-lost")
    shutil.rmtree(file.parent)
    answer = await replay.student.get(replay.url("captions/tg.vtt"))
    assert await problem(answer) == (404, "captions-lost")
    assert (await bring(replay.teacher, replay)).status == 200, "they can be brought anew"


async def test_a_lesson_that_is_on_takes_none(on_air: Replay) -> None:
    assert await problem(await bring(on_air.teacher, on_air)) == (409, "lesson-open")
