"""Planning over HTTP: series, what clashes, this and following and all, holidays, substitutes."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.server.conftest import Visitor, World, problem

TUESDAYS = "FREQ=WEEKLY;BYDAY=TU;COUNT=4"


@dataclass
class School:
    """A course with a teacher, and those who plan."""

    world: World
    staff: Visitor
    teacher: Visitor
    student: Visitor
    course: str

    async def plan(self, who: Visitor | None = None, **wish: Any) -> Any:
        body = {"title": "Light", "starts": "2026-09-08T09:00", "minutes": 90} | wish
        return await (who or self.teacher).post(f"/api/courses/{self.course}/plan", body)

    async def planned(self, **wish: Any) -> dict[str, Any]:
        answer = await self.plan(self.staff, **wish)
        assert answer.status in (200, 201), await answer.text()
        found: dict[str, Any] = await answer.json()
        return found

    async def shown(self, who: Visitor | None = None, query: str = "") -> list[dict[str, Any]]:
        path = f"/api/timetable?from=2026-09-01&days=42{query}"
        answer = await (who or self.teacher).get(path)
        assert answer.status == 200, await answer.text()
        found: list[dict[str, Any]] = (await answer.json())["lessons"]
        return found

    async def change(self, lesson: dict[str, Any], **wish: Any) -> Any:
        body = {"scope": "this", "was": lesson["starts_at"]} | wish
        return await self.staff.patch(f"/api/lessons/{lesson['id']}/plan", body)


@pytest.fixture
async def school(world: World) -> School:
    staff = await world.staff()
    course = (await world.course(staff))["id"]
    teacher = await world.member(staff, course, "teacher")
    return School(world, staff, teacher, await world.member(staff, course, "student"), course)


def starts(lessons: list[dict[str, Any]]) -> list[str]:
    return [one["starts_at"][5:16] for one in lessons]


async def test_a_series_is_looked_at_and_then_saved(school: School) -> None:
    looked = await school.planned(rrule=TUESDAYS, dry=True)
    assert not looked["saved"]
    assert starts(looked["lessons"]) == ["09-08T04:00", "09-15T04:00", "09-22T04:00", "09-29T04:00"]
    assert await school.shown() == []
    assert (await school.planned(rrule=TUESDAYS))["saved"]
    shown = await school.shown()
    assert starts(shown) == starts(looked["lessons"])
    assert {(one["ends_at"][11:16], one["series"], one["classroom"]) for one in shown} == {
        ("05:30", True, None)
    }
    assert len(await school.shown(school.student)) == 4
    other = await school.world.course(school.staff, "Elsewhere")
    outsider = await school.world.member(school.staff, other["id"], "student")
    assert await school.shown(outsider) == []


async def test_clashes_are_shown_before_saving_and_stop_it(school: School) -> None:
    room = await (await school.staff.post("/api/classrooms", {"name": "12"})).json()
    await school.planned(classroom_id=room["id"])
    wish = {"starts": "2026-09-08T10:00", "classroom_id": room["id"]}
    looked = await school.planned(**wish, dry=True)
    assert [one["teacher"] for one in looked["clashes"]] == ["Teacher", None]
    assert looked["clashes"][0]["title"] == "Light"
    answer = await school.plan(**wish)
    assert await problem(answer) == (409, "clashes")
    assert (await answer.json())["clash_count"] == 2
    assert len(await school.shown()) == 1
    assert (await school.planned(**wish, anyway=True))["saved"]
    assert (await school.planned(starts="2026-09-08T11:30"))["clashes"] == []


async def test_the_title_of_a_lesson_elsewhere_is_not_told(school: School) -> None:
    room = await (await school.staff.post("/api/classrooms", {"name": "12"})).json()
    await school.planned(classroom_id=room["id"])
    other = (await school.world.course(school.staff, "Elsewhere"))["id"]
    teacher = await school.world.member(school.staff, other, "teacher")
    body = {"title": "X", "starts": "2026-09-08T09:00", "minutes": 60, "dry": True}
    path = f"/api/courses/{other}/plan"
    (clash,) = (await (await teacher.post(path, body | {"classroom_id": room["id"]})).json())[
        "clashes"
    ]
    assert (clash["title"], clash["teacher"]) == (None, None)


async def test_this_following_and_all(school: School) -> None:
    await school.planned(rrule=TUESDAYS)
    first, second, third, _ = await school.shown()
    assert (await school.change(second, starts="2026-09-16T10:00")).status == 200
    assert starts(await school.shown()) == [
        "09-08T04:00", "09-16T05:00", "09-22T04:00", "09-29T04:00",
    ]  # fmt: skip
    assert (
        await school.change(third, scope="following", starts="2026-09-23T08:00", minutes=45)
    ).status == 200
    shown = await school.shown()
    assert starts(shown) == ["09-08T04:00", "09-16T05:00", "09-23T03:00", "09-30T03:00"]
    assert [one["ends_at"][11:16] for one in shown] == ["05:30", "06:30", "03:45", "03:45"]
    assert (await school.change(first, scope="all", title="Sound")).status == 200
    assert {one["title"] for one in await school.shown()} == {"Sound"}
    looked = await school.change(shown[2], scope="following", cancel=True, dry=True)
    assert len((await looked.json())["lessons"]) == 2
    assert len(await school.shown()) == 4
    assert (await school.change(shown[2], scope="following", cancel=True)).status == 200
    assert len(await school.shown()) == 2


async def test_two_who_change_one_lesson_do_not_undo_each_other(school: School) -> None:
    await school.planned()
    (lesson,) = await school.shown()
    assert (await school.change(lesson, starts="2026-09-09T09:00")).status == 200
    late = await school.change(lesson, starts="2026-09-10T09:00")
    assert await problem(late) == (409, "changed-meanwhile")
    (moved,) = await school.shown()
    await school.world.set_state(school.staff, moved["id"], "practice")
    assert await problem(await school.change(moved, minutes=60)) == (409, "lesson-begun")


async def test_holidays_fall_out_of_series_and_not_of_single_lessons(school: School) -> None:
    path = "/api/holidays/2026-09-15"
    assert (await school.staff.send("PUT", path, json={"name": "Ид"})).status == 200
    found = await school.planned(rrule=TUESDAYS)
    assert found["skipped"] == [{"day": "2026-09-15", "name": "Ид"}]
    assert len(found["lessons"]) == 3
    assert len((await school.planned(starts="2026-09-15T09:00"))["lessons"]) == 1
    only = await school.plan(starts="2026-09-15T12:00", rrule="FREQ=DAILY;COUNT=1")
    assert await problem(only) == (422, "bad-rule")
    assert (await school.staff.delete(path)).status == 204
    assert (await school.staff.delete(path)).status == 404
    assert (await school.staff.send("PUT", "/api/holidays/x", json={"name": "Ид"})).status == 404


async def test_a_substitute_teaches_and_is_the_one_who_clashes(school: School) -> None:
    other = await school.world.member(
        school.staff, (await school.world.course(school.staff, "Elsewhere"))["id"], "teacher"
    )
    assert other.person is not None
    who = str(other.person.id)
    await school.planned()
    (lesson,) = await school.shown()
    assert await problem(await school.plan(teacher_id=who)) == (403, "not-allowed")
    assert (await school.change(lesson, teacher_id=who)).status == 200
    assert (await other.get(f"/api/lessons/{lesson['id']}")).status == 200
    assert (await school.planned(dry=True))["clashes"] == []
    (clash,) = (await school.planned(teacher_id=who, dry=True))["clashes"]
    assert clash["teacher"] == "Teacher"
    assert (await school.change(lesson, teacher_id=None)).status == 200
    assert (await other.get(f"/api/lessons/{lesson['id']}")).status == 404


async def test_a_classroom_that_is_deleted_leaves_its_lessons(school: School) -> None:
    room = await (await school.staff.post("/api/classrooms", {"name": "12", "place": "A"})).json()
    assert await problem(await school.staff.post("/api/classrooms", {"name": "12"})) == (
        409,
        "classroom-taken",
    )
    await school.planned(classroom_id=room["id"])
    assert (await school.staff.delete(f"/api/classrooms/{room['id']}")).status == 204
    assert [one["classroom"] for one in await school.shown()] == [None]
    assert await problem(await school.plan(classroom_id=room["id"])) == (404, "classroom-unknown")


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"rrule": "FREQ=SECONDLY;COUNT=3"}, 422, "bad-rule"),
        ({"rrule": "FREQ=DAILY;COUNT=9999"}, 422, "bad-rule"),
        ({"rrule": "x" * 201}, 422, "invalid-field"),
        ({"starts": "2026-09-08T09:00:00Z"}, 422, "invalid-field"),
        ({"starts": "1026-09-08T09:00:00"}, 422, "invalid-field"),
        ({"starts": "tomorrow"}, 422, "invalid-field"),
        ({"minutes": 0}, 422, "invalid-field"),
        ({"minutes": 100_000}, 422, "invalid-field"),
        ({"title": ""}, 422, "invalid-field"),
        ({"classroom_id": "01990000-0000-7000-8000-000000000000"}, 404, "classroom-unknown"),
        ({"extra": 1}, 422, "unknown-field"),
    ],
)
async def test_what_can_not_be_planned_is_said(
    school: School, wish: dict[str, Any], status: int, code: str
) -> None:
    assert await problem(await school.plan(**wish)) == (status, code)
    assert await school.shown() == []


@pytest.mark.parametrize("query", ["from=x", "from=1026-01-01", "days=0", "days=43", "days=٣"])
async def test_days_that_are_none_are_refused(school: School, query: str) -> None:
    assert (await school.teacher.get(f"/api/timetable?{query}")).status == 422
