"""The sheet of a course: who hears what live and later, on which devices, and who may read it."""

import asyncio
import io
import json
import uuid
import zipfile
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import pytest
from aiohttp import ClientResponse
from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from media.types import TransportState
from server.__main__ import app
from server.attendance import looks as looks_module
from server.attendance.sheet import HEADINGS, SORTS
from server.attendance.tables import Attendance
from server.models import Person
from server.sheets import LANGUAGES
from tests.server.conftest import Place, Visitor, World, running_world
from tests.server.recordings.conftest import Replay, live_replay

MINUTE = 60_000
CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass
class Device:
    """A phone that listens to a live lesson with its screen off."""

    owner: Visitor
    path: str
    answer: ClientResponse | None = None

    async def open(self) -> None:
        self.answer = await self.owner.get(self.path)
        assert self.answer.status == 200, await self.answer.text()

    def close(self) -> None:
        if self.answer is not None:
            self.answer.close()
        self.answer = None


@pytest.fixture
async def lesson(world: World) -> Replay:
    return await live_replay(world)


async def until_gone(world: World, lesson: uuid.UUID) -> None:
    """Wait until the server has seen that nobody listens."""
    async with asyncio.timeout(30):
        while looks_module.hearing(world.services, lesson):  # noqa: ASYNC110 - of a socket
            await asyncio.sleep(0.01)


async def sheet(who: Visitor, path: str, query: str = "") -> dict[str, Any]:
    answer = await who.get(f"{path}/attendance{query}")
    assert answer.status == 200, await answer.text()
    found: dict[str, Any] = await answer.json()
    return found


def line(found: dict[str, Any], who: Visitor) -> dict[str, Any]:
    assert who.person is not None
    (one,) = [row for row in found["people"] if row["person"]["id"] == str(who.person.id)]
    return one  # type: ignore[no-any-return]  # JSON


async def listen(world: World, minutes: float) -> None:
    """Let time go by while the roll is called."""
    for _ in range(round(minutes * 12)):
        world.clock.pass_time(seconds=5)
        await world.services.attendance.look()


async def test_forty_reconnects_over_two_devices_count_every_minute_once(lesson: Replay) -> None:
    world, path = lesson.world, lesson.url("listen.webm")
    phone, tablet = Device(lesson.student, path), Device(lesson.student, path)
    await world.services.attendance.look()
    await tablet.open()
    for number in range(40):
        await phone.open()
        await listen(world, 0.5)
        phone.close()
        if number == 20:  # for the second half only the phone is left
            tablet.close()
        if number >= 20:  # away for one look each time
            await until_gone(world, lesson.id)
        await listen(world, 1 / 12)
    found = await sheet(lesson.teacher, f"/api/lessons/{lesson.lesson}")
    mine = line(found, lesson.student)
    # Forty times 35 s; the last time away is not bridged, since nobody came back.
    assert mine["live"] == mine["heard"] == 40 * 35_000 - 5_000
    assert (mine["replay"], mine["attended"]) == (0, 1)
    async with world.services.database.read() as session:
        assert len((await session.scalars(select(Attendance))).all()) == 1


async def test_a_media_connection_that_is_up_is_heard_and_a_lost_one_is_not(
    lesson: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = lesson.world
    room = world.services.rooms.room(lesson.id)
    assert room is not None
    assert lesson.student.person is not None

    def connection(state: TransportState, participant: str) -> Any:
        transport = type("Transport", (), {"state": state})
        return type("Subscription", (), {"transport": transport, "participant": participant})

    somebody = str(lesson.student.person.id)
    for state, minutes in ((TransportState.CONNECTED, 2), (TransportState.DISCONNECTED, 3)):
        up = [connection(state, somebody), connection(TransportState.CONNECTED, "an encoder")]
        monkeypatch.setattr(room, "subscriptions", lambda up=up: up)
        await world.services.attendance.look()
        await listen(world, minutes)
    found = await sheet(lesson.staff, f"/api/lessons/{lesson.lesson}")
    assert line(found, lesson.student)["live"] == 2 * MINUTE
    assert len(found["people"]) == 1


async def test_live_and_replay_are_one_line_and_a_course_has_everybody(lesson: Replay) -> None:
    world = lesson.world
    phone = Device(lesson.student, lesson.url("listen.webm"))
    await phone.open()
    await world.services.attendance.look()
    await listen(world, 4)
    phone.close()
    world.clock.pass_time(minutes=6)
    await lesson.end()
    seen = {"position": 0, "seen": [[2 * MINUTE, 8 * MINUTE]]}
    answer = await lesson.student.send("PUT", lesson.api("/progress"), json=seen)
    assert answer.status == 200
    course = (await (await lesson.teacher.get("/api/courses")).json())["courses"][0]["id"]
    absent = await world.member(lesson.staff, course, "student")
    found = await sheet(lesson.teacher, f"/api/courses/{course}", "?sort=most")
    assert [one["length"] for one in found["lessons"]] == [10 * MINUTE]
    mine = line(found, lesson.student)
    assert (mine["live"], mine["replay"], mine["heard"]) == (4 * MINUTE, 6 * MINUTE, 8 * MINUTE)
    assert mine["each"] == [8 * MINUTE]
    assert line(found, absent)["heard"] == line(found, absent)["attended"] == 0
    assert found["people"][0] == mine
    least = await sheet(lesson.teacher, f"/api/courses/{course}", "?sort=least")
    assert least["people"][-1] == mine
    for sort in SORTS:
        assert (await sheet(lesson.staff, f"/api/courses/{course}", f"?sort={sort}"))["total"] == 2
    nothing = await sheet(lesson.staff, f"/api/courses/{course}", "?page=1")
    assert (nothing["people"], nothing["total"], nothing["pages"]) == ([], 2, 1)
    for query in ("?sort=x", "?page=-1", "?page=١", "?page=100000"):
        assert (await lesson.staff.get(f"/api/courses/{course}/attendance{query}")).status == 422


async def test_what_the_database_did_not_take_is_written_when_it_is_back(
    lesson: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = lesson.world
    phone = Device(lesson.student, lesson.url("listen.webm"))
    await phone.open()
    await world.services.attendance.look()
    with monkeypatch.context() as away:

        async def fail(*_: object) -> None:
            raise OperationalError("INSERT", {}, Exception("gone"))

        away.setattr(looks_module, "write_stretches", fail)
        await listen(world, 1)
    assert (await sheet(lesson.staff, f"/api/lessons/{lesson.lesson}"))["people"][0]["live"] == 0
    await listen(world, 1)
    found = await sheet(lesson.staff, f"/api/lessons/{lesson.lesson}")
    assert line(found, lesson.student)["live"] == 2 * MINUTE
    phone.close()


async def test_somebody_who_is_deleted_meanwhile_hurts_nobody(lesson: Replay) -> None:
    world = lesson.world
    other = await world.person("Gone")
    people = [await world.sign_in(other), lesson.student]
    assert lesson.student.person is not None
    stretches = {(lesson.id, one.person.id, 0): 5000 for one in people if one.person}
    stretches[uuid.uuid4(), lesson.student.person.id, 0] = 5000  # of no lesson
    async with world.services.database.write() as session:
        await session.execute(delete(Person).where(Person.id == other.id))
        await looks_module.write_stretches(session, stretches)
        kept = (await session.scalars(select(Attendance.person_id))).all()
    assert kept == [lesson.student.person.id]


async def test_a_server_that_stops_and_comes_back_goes_on_counting(place: Place) -> None:
    async with running_world(place) as world:
        before = await live_replay(world)
        phone = Device(before.student, before.url("listen.webm"))
        await phone.open()
        await world.services.attendance.look()
        await listen(world, 3)
        phone.close()
        clock, somebody = world.clock, before.student.person
    assert somebody is not None
    clock.pass_time(minutes=20)
    async with running_world(place, clock) as world:
        again = Device(await world.sign_in(somebody), before.url("listen.webm"))
        await again.open()
        await world.services.attendance.look()
        await listen(world, 2)
        again.close()
        staff = await world.staff()
        (mine,) = (await sheet(staff, f"/api/lessons/{before.lesson}"))["people"]
        assert mine["live"] == 5 * MINUTE


def cells(body: bytes) -> list[list[str]]:
    """Return the cells of the first sheet, which has no formula."""
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        page = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        shared = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
    assert not list(page.iter(f"{CELL}f"))
    texts = ["".join(one.itertext()) for one in shared.iter(f"{CELL}si")]
    return [
        [
            texts[int(cell.findtext(f"{CELL}v", ""))]
            if cell.get("t") == "s"
            else cell.findtext(f"{CELL}v", "")
            for cell in row.iter(f"{CELL}c")
        ]
        for row in page.iter(f"{CELL}row")
    ]


async def test_a_spreadsheet_has_every_lesson_and_no_formula(lesson: Replay) -> None:
    world = lesson.world
    course = (await (await lesson.teacher.get("/api/courses")).json())["courses"][0]["id"]
    second = (await world.lesson(lesson.teacher, course, "=HYPERLINK(1)"))["id"]
    evil = await world.person("=cmd|' /C calc'!A0")
    body = {"person_id": str(evil.id), "role": "student"}
    assert (await lesson.staff.post(f"/api/courses/{course}/members", body)).status == 201
    phone = Device(lesson.student, lesson.url("listen.webm"))
    await phone.open()
    await world.services.attendance.look()
    await listen(world, 2.5)
    phone.close()
    await world.set_state(lesson.teacher, second, "practice", "live")
    for language in LANGUAGES:
        path = f"/api/courses/{course}/attendance.xlsx?lang={language}"
        answer = await lesson.teacher.get(path)
        assert answer.status == 200
        assert "attachment" in answer.headers["Content-Disposition"]
        first, *rows = cells(await answer.read())
        assert first[:5] == list(HEADINGS[language])
        assert first[5:] == ["2026-09-01 Light", "2026-09-01 =HYPERLINK(1)"]
        assert sorted(rows) == sorted(
            [["Student", "2", "0", "2", "1", "2", "0"], [evil.name, *"000000"]]
        )
    data = world.services.settings.data.directory
    variables = {"DARSGOH_DATA__DIRECTORY": str(data)}
    variables["DARSGOH_DATABASE__URL"] = world.services.settings.database.url.get_secret_value()

    async def command(*arguments: str) -> Any:
        words = ["attendance", "export", *arguments]
        return await asyncio.to_thread(CliRunner().invoke, app, words, env=variables)

    told = json.loads((await command(course, "--json")).stdout)
    assert len(told) == 4
    assert {one["heard"] for one in told if one["name"] == "Student"} == {0, 150_000}
    target = data / "sheet.xlsx"
    result = await command(lesson.lesson, "--to", str(target), "--lang", "en")
    assert result.exit_code == 0, result.output
    assert cells(target.read_bytes())[0] == list(HEADINGS["en"])
    for wrong in (["nonsense"], [str(uuid.uuid4())], [course, "--to", "/no/such/folder/a.xlsx"]):
        assert (await command(*wrong)).exit_code == 1


def test_every_language_has_every_heading() -> None:
    assert HEADINGS.keys() == set(LANGUAGES)
    assert len({len(names) for names in HEADINGS.values()}) == 1
