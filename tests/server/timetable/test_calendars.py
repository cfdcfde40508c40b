"""Calendars: what a program reads, whose link it is, and that no log or table has the secret."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from server.logs import configure_logs
from server.settings import LogSettings
from server.timetable import calendars
from server.timetable.tables import CalendarLink
from tests.server.conftest import Visitor, created, problem
from tests.server.timetable.test_plans import TUESDAYS, School, school

__all__ = ["school"]  # the fixture


async def link(who: Visitor, **wish: str) -> dict[str, Any]:
    return await created(who.post("/api/calendar-links", wish))


async def read(school: School, made: dict[str, Any]) -> list[Any]:
    """Read a calendar as a program that has no cookie."""
    stranger = await school.world.visitor()
    answer = await stranger.get("/calendar/" + made["url"].rpartition("/")[2])
    assert answer.status == 200, await answer.text()
    assert answer.content_type == "text/calendar"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer.headers["Cache-Control"]
    return list(Calendar.from_ical(await answer.read()).walk("VEVENT"))


async def test_a_calendar_has_the_lessons_with_time_and_place(school: School) -> None:
    room = await (await school.staff.post("/api/classrooms", {"name": "12", "place": "A"})).json()
    await school.planned(rrule=TUESDAYS, title="Байт; чист?", classroom_id=room["id"])
    mine = await link(school.student)
    events = await read(school, mine)
    assert len(events) == 4
    first = events[0]
    assert first["SUMMARY"] == "Physics: Байт; чист?"
    assert first["LOCATION"] == "12, A"
    assert first["DESCRIPTION"] == "Teacher"
    assert (first["DTEND"].dt - first["DTSTART"].dt).total_seconds() == 90 * 60
    (lesson, *_) = await school.shown()
    assert first["UID"] == f"{lesson['id']}@darsgoh"
    assert first["URL"].endswith(f"/lessons/{lesson['id']}")
    assert (await school.change(lesson, starts="2026-09-10T12:00")).status == 200
    moved = {one["UID"]: one["DTSTART"].dt for one in await read(school, mine)}
    assert f"{moved[first['UID']]:%d %H:%M}" == "10 07:00"
    assert len(await read(school, await link(school.student, classroom_id=room["id"]))) == 4
    assert len(await read(school, await link(school.student, course_id=school.course))) == 4


async def test_a_link_shows_what_its_person_may_see_now(school: School) -> None:
    await school.planned()
    mine = await link(school.student, course_id=school.course)
    assert len(await read(school, mine)) == 1
    assert school.student.person is not None
    path = f"/api/courses/{school.course}/members/{school.student.person.id}"
    assert (await school.staff.delete(path)).status == 204
    assert await read(school, mine) == []
    refused = await school.student.post("/api/calendar-links", {"course_id": school.course})
    assert refused.status == 404


async def test_a_revoked_link_leads_nowhere_and_only_its_person_revokes_it(school: School) -> None:
    mine = await link(school.student)
    path = f"/api/calendar-links/{mine['id']}"
    assert (await school.teacher.delete(path)).status == 404
    (listed,) = (await (await school.student.get("/api/calendar-links")).json())["links"]
    assert "url" not in listed
    assert (await school.student.delete(path)).status == 204
    token = mine["url"].rpartition("/")[2]
    assert (await school.student.get(f"/calendar/{token}")).status == 404


async def test_there_are_not_endlessly_many_links(school: School) -> None:
    for _ in range(calendars.MAX_LINKS):
        await link(school.student)
    answer = await school.student.post("/api/calendar-links", {})
    assert await problem(answer) == (409, "too-many-links")


@pytest.mark.parametrize(
    "title", ["END:VEVENT BEGIN:VALARM", 'A";CN=x:mailto:y', "\\n\\,;", "ҷ" * 160]
)
async def test_a_title_stays_a_title(school: School, title: str) -> None:
    await school.planned(title=title)
    (event,) = await read(school, await link(school.student))
    assert event["SUMMARY"] == f"Physics: {title}"
    assert event.subcomponents == []


@pytest.fixture
def logs(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[str], None]]:
    """Write logs as the server does; in one of its formats."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def begin(form: str) -> None:
        configure_logs(LogSettings.model_validate({"level": "debug", "format": form}))

    yield begin
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize("form", ["text", "json"])
async def test_no_log_and_no_table_has_the_secret(
    school: School,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    logs: Callable[[str], None],
    form: str,
) -> None:
    logs(form)
    mine = await link(school.student)
    token = mine["url"].rpartition("/")[2].removesuffix(".ics")
    async with school.world.services.database.read() as session:
        (row,) = await session.scalars(select(CalendarLink))
    assert token.encode() not in row.token_hash
    for error in (OperationalError("SELECT", {}, Exception("gone")), RuntimeError("broken")):

        async def fail(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(calendars, "_entries", fail)
        answer = await school.student.get(f"/calendar/{token}.ics")
        assert answer.status in (500, 503)
        assert token not in await answer.text()
    said = capsys.readouterr().err
    assert token not in said
    assert said.count("/calendar/{token}.ics") >= 2
