"""Courses, members, lessons and what their lists say."""

import asyncio
from typing import Any

import pytest

from tests.server.conftest import World, problem


async def test_a_course_is_made_changed_and_deleted(world: World) -> None:
    staff = await world.staff()
    course = await world.course(staff)
    path = f"/api/courses/{course['id']}"
    change = {"title": "Химия", "description": "Line one\r\n\r\nLine two "}
    facts = await (await staff.patch(path, change)).json()
    assert (facts["title"], facts["description"]) == ("Химия", "Line one\n\nLine two")
    lesson = await world.lesson(staff, course["id"])
    assert (await staff.delete(path)).status == 204
    assert (await staff.get(path)).status == 404
    assert (await staff.get(f"/api/lessons/{lesson['id']}")).status == 404


async def test_a_course_with_an_open_lesson_is_not_deleted(world: World) -> None:
    staff = await world.staff()
    course = await world.course(staff)
    lesson = await world.lesson(staff, course["id"])
    await world.set_state(staff, lesson["id"], "practice")
    for path in (f"/api/courses/{course['id']}", f"/api/lessons/{lesson['id']}"):
        assert await problem(await staff.delete(path)) == (409, "lesson-open")


async def test_a_lesson_is_not_opened_and_deleted_at_once(world: World) -> None:
    staff = await world.staff()
    course = (await world.course(staff))["id"]
    for _ in range(5):
        lesson = (await world.lesson(staff, course))["id"]
        opened, deleted = await asyncio.gather(
            staff.post(f"/api/lessons/{lesson}/state", {"state": "practice"}),
            staff.delete(f"/api/lessons/{lesson}"),
        )
        assert (opened.status, deleted.status) in ((200, 409), (404, 204))


async def test_a_new_member_gets_a_link_and_a_known_one_does_not(world: World) -> None:
    staff = await world.staff()
    course = (await world.course(staff))["id"]
    path = f"/api/courses/{course}/members"
    new = await (
        await staff.post(path, {"name": "Anna", "login": "anna", "role": "teacher"})
    ).json()
    token = new["link"].partition("/sign-in#")[2]
    visitor = await world.visitor()
    assert (await visitor.post("/api/sign-in/link", {"token": token})).status == 200
    known = await (await staff.post(path, {"login": "anna", "role": "student"})).json()
    assert known["person"]["id"] == new["person"]["id"]
    assert "link" not in known
    facts = await (await staff.get(f"/api/courses/{course}")).json()
    assert [(one["name"], one["role"]) for one in facts["members"]] == [("Anna", "student")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"role": "student"}, (422, "invalid-field")),
        ({"name": "A", "role": "staff"}, (422, "invalid-field")),
        ({"login": "nobody", "role": "student"}, (404, "person-unknown")),
        (
            {"person_id": "01900000-0000-7000-8000-000000000000", "role": "student"},
            (404, "person-unknown"),
        ),
    ],
)
async def test_a_wrong_member_is_named(
    world: World, body: dict[str, str], expected: tuple[int, str]
) -> None:
    staff = await world.staff()
    course = (await world.course(staff))["id"]
    assert await problem(await staff.post(f"/api/courses/{course}/members", body)) == expected


async def test_steps_that_are_not_possible_name_what_is(world: World) -> None:
    staff = await world.staff()
    course = (await world.course(staff))["id"]
    lesson = (await world.lesson(staff, course))["id"]
    path = f"/api/lessons/{lesson}/state"
    answer = await staff.post(path, {"state": "live"})
    assert await problem(answer) == (409, "illegal-step")
    body = await answer.json()
    assert (body["expected"], body["got"]) == (["practice"], "live")
    assert await problem(await staff.post(path, {"state": "scheduled"})) == (422, "invalid-field")
    await world.set_state(staff, lesson, "practice", "practice", "live", "live", "ended", "ended")
    for state in ("practice", "live"):
        answer = await staff.post(path, {"state": state})
        assert await problem(answer) == (409, "illegal-step")


async def test_lists_say_what_is_on_what_comes_and_what_was(world: World) -> None:
    staff = await world.staff()
    course = (await world.course(staff))["id"]
    student = await world.member(staff, course, "student")

    async def lesson(title: str, starts_at: str | None = None, *states: str) -> dict[str, Any]:
        body = {"title": title, "starts_at": starts_at}
        world.clock.pass_time(seconds=1)  # ids sort by the time they were made
        made = await (await staff.post(f"/api/courses/{course}/lessons", body)).json()
        await world.set_state(staff, made["id"], *states)
        return dict(made)

    await lesson("over", None, "practice", "live", "ended")
    await lesson("on", None, "practice", "live")
    await lesson("rehearsed", None, "practice")
    await lesson("someday")
    await lesson("tomorrow", "2026-09-02T09:00:00Z")
    await lesson("today", "2026-09-01T10:00:00Z")
    await lesson("forgotten", "2026-08-01T10:00:00Z")
    other = (await world.course(staff, "Other"))["id"]
    await world.lesson(staff, other, "hidden")
    world.clock.pass_time(seconds=1)
    await world.event(staff, "open day")
    lists = await (await student.get("/api/lessons")).json()
    titles = {name: [one["title"] for one in lessons] for name, lessons in lists.items()}
    assert titles == {
        "live": ["on"],
        "next": ["rehearsed", "today", "tomorrow", "someday", "open day"],
        "past": ["over"],
    }
    facts = (await (await student.get("/api/courses")).json())["courses"][0]
    assert facts["live_lesson"]["title"] == "on"
    assert facts["next_lesson"]["title"] in ("today", "rehearsed")
    assert facts["lessons_count"] == 7


async def test_a_start_is_moved_only_before_the_lesson_begins(world: World) -> None:
    staff = await world.staff()
    course = (await world.course(staff))["id"]
    lesson = (await world.lesson(staff, course))["id"]
    path = f"/api/lessons/{lesson}"
    start = {"starts_at": "2026-09-02T09:00:00Z"}
    assert (await (await staff.patch(path, start)).json())["starts_at"] is not None
    assert (await (await staff.patch(path, {"title": "T"})).json())["starts_at"] is not None
    assert (await (await staff.patch(path, {"starts_at": None})).json())["starts_at"] is None
    await world.set_state(staff, lesson, "practice")
    assert await problem(await staff.patch(path, start)) == (409, "lesson-begun")


async def test_teachers_delete_what_has_not_begun_and_staff_what_is_over(world: World) -> None:
    staff = await world.staff()
    course = (await world.course(staff))["id"]
    teacher = await world.member(staff, course, "teacher")
    planned = (await world.lesson(teacher, course))["id"]
    assert (await teacher.delete(f"/api/lessons/{planned}")).status == 204
    over = (await world.lesson(teacher, course))["id"]
    await world.set_state(teacher, over, "practice", "live", "ended")
    assert await problem(await teacher.delete(f"/api/lessons/{over}")) == (403, "not-allowed")
    assert (await staff.delete(f"/api/lessons/{over}")).status == 204


async def test_an_event_may_have_a_teacher_who_is_no_staff(world: World) -> None:
    staff = await world.staff()
    teacher = await world.sign_in(await world.person("Speaker"))
    assert teacher.person is not None
    body = {"title": "Talk", "public": True, "teacher_ids": [str(teacher.person.id)]}
    event = await (await staff.post("/api/lessons", body)).json()
    assert [one["name"] for one in event["teachers"]] == ["Speaker"]
    await world.set_state(teacher, event["id"], "practice")
    body["teacher_ids"] = ["01900000-0000-7000-8000-000000000000"]
    assert await problem(await staff.post("/api/lessons", body)) == (404, "person-unknown")


async def test_lists_cost_the_same_number_of_queries_however_long(world: World) -> None:
    staff = await world.staff()
    course = (await world.course(staff))["id"]

    async def count() -> int:
        counted = []
        from sqlalchemy import event  # noqa: PLC0415 - for this one question

        engine = world.services.database.engine.sync_engine

        def note(*_: object) -> None:
            counted.append(1)

        event.listen(engine, "before_cursor_execute", note)
        assert (await staff.get("/api/lessons")).status == 200
        assert (await staff.get("/api/courses")).status == 200
        event.remove(engine, "before_cursor_execute", note)
        return len(counted)

    await world.lesson(staff, course)
    few = await count()
    for _ in range(10):
        await world.lesson(staff, course)
    assert await count() == few
