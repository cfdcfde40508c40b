"""Joining by code, by link, with and without JavaScript."""

import asyncio

import pytest

from tests.server.conftest import World, problem

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_a_stranger_joins_a_course_with_a_name_and_stays(world: World) -> None:
    staff = await world.staff()
    course = await world.course(staff)
    visitor = await world.visitor()
    code = course["join_code"]
    spoken = f" {code[:3]}-{code[3:]} "
    answer = await visitor.post("/api/join", {"code": spoken, "name": "  Парвиз "})
    assert answer.status == 200, await answer.text()
    body = await answer.json()
    assert body["course"] == {"id": course["id"]}
    assert "lesson" not in body
    assert (body["person"]["name"], body["person"]["guest"]) == ("Парвиз", False)
    mine = (await (await visitor.get("/api/courses")).json())["courses"]
    assert [(one["id"], one["my_role"]) for one in mine] == [(course["id"], "student")]
    again = await visitor.post("/api/join", {"code": code})
    assert again.status == 200
    assert (await (await staff.get("/api/courses")).json())["courses"][0]["student_count"] == 1


async def test_joining_leads_to_the_lesson_that_is_on(world: World) -> None:
    staff = await world.staff()
    course = await world.course(staff)
    lesson = await world.lesson(staff, course["id"])
    await world.set_state(staff, lesson["id"], "practice", "live")
    visitor = await world.visitor()
    answer = await visitor.post("/api/join", {"code": course["join_code"], "name": "A"})
    assert (await answer.json())["lesson"] == {"id": lesson["id"]}


async def test_a_double_tap_joins_once(world: World) -> None:
    staff = await world.staff()
    course, event = await world.course(staff), await world.event(staff)
    person = await world.person("Hasty")
    tabs = [await world.sign_in(person) for _ in range(4)]
    for target in (course, event):
        body = {"code": target["join_code"]}
        answers = await asyncio.gather(*(tab.post("/api/join", body) for tab in tabs))
        assert [answer.status for answer in answers] == [200] * 4
    facts = await (await staff.get(f"/api/courses/{course['id']}")).json()
    assert [one["name"] for one in facts["members"]] == ["Hasty"]


async def test_a_teacher_who_uses_the_code_stays_a_teacher(world: World) -> None:
    staff = await world.staff()
    course = await world.course(staff)
    teacher = await world.member(staff, course["id"], "teacher")
    assert (await teacher.post("/api/join", {"code": course["join_code"]})).status == 200
    facts = await (await teacher.get(f"/api/courses/{course['id']}")).json()
    assert facts["my_role"] == "teacher"


async def test_a_guest_joins_an_event_by_code_and_by_link(world: World) -> None:
    staff = await world.staff()
    event = await world.event(staff)
    for target in ({"code": event["join_code"]}, {"lesson": event["id"]}):
        guest = await world.visitor()
        answer = await guest.post("/api/join", {**target, "name": "Guest"})
        body = await answer.json()
        assert body["lesson"] == {"id": event["id"]}
        assert body["person"]["guest"]
        facts = await (await guest.get(f"/api/lessons/{event['id']}")).json()
        assert facts["rights"] == ["see", "watch"]
    everybody = (await (await staff.get("/api/people")).json())["people"]
    assert [one["name"] for one in everybody] == ["Staff"]


async def test_a_lesson_of_a_course_is_no_door(world: World) -> None:
    staff = await world.staff()
    course = await world.course(staff)
    lesson = await world.lesson(staff, course["id"])
    visitor = await world.visitor()
    answer = await visitor.post("/api/join", {"lesson": lesson["id"], "name": "A"})
    assert await problem(answer) == (404, "not-found")


async def test_an_event_that_is_over_is_closed(world: World) -> None:
    staff = await world.staff()
    event = await world.event(staff)
    await world.set_state(staff, event["id"], "practice", "ended")
    visitor = await world.visitor()
    answer = await visitor.post("/api/join", {"lesson": event["id"], "name": "A"})
    assert await problem(answer) == (409, "lesson-over")
    assert (await (await visitor.get("/api/session")).json())["person"] is None


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"code": "{code}"}, 422, "name-missing"),
        ({"code": "{code}", "name": ""}, 422, "invalid-field"),
        ({"code": "12345", "name": "A"}, 422, "invalid-field"),
        ({"code": "abcdef", "name": "A"}, 422, "invalid-field"),
        ({"name": "A"}, 422, "invalid-field"),
        ({"code": "{code}", "lesson": "x", "name": "A"}, 422, "invalid-field"),
    ],
)
async def test_a_wrong_wish_is_named(
    small_world: World, body: dict[str, str], status: int, code: str
) -> None:
    course = await small_world.course(await small_world.staff())
    body = {key: value.format(code=course["join_code"]) for key, value in body.items()}
    visitor = await small_world.visitor()
    assert await problem(await visitor.post("/api/join", body)) == (status, code)


async def test_a_new_code_replaces_the_old(world: World) -> None:
    staff = await world.staff()
    course = await world.course(staff)
    answer = await staff.post(f"/api/courses/{course['id']}/join-code")
    new = (await answer.json())["join_code"]
    visitor = await world.visitor()
    if new != course["join_code"]:
        old = await visitor.post("/api/join", {"code": course["join_code"], "name": "A"})
        assert await problem(old) == (404, "code-unknown")
    assert (await visitor.post("/api/join", {"code": new, "name": "A"})).status == 200


async def test_guessing_codes_ends_soon_and_a_class_behind_one_address_does_not(
    small_world: World,
) -> None:
    course = await small_world.course(await small_world.staff())
    for number in range(40):
        pupil = await small_world.visitor()
        body = {"code": course["join_code"], "name": f"Pupil {number}"}
        assert (await pupil.post("/api/join", body)).status == 200
    guesser = await small_world.visitor()
    guesser.headers["X-Forwarded-For"] = "203.0.113.7"
    wrong = "000000" if course["join_code"] != "000000" else "000001"
    codes = [
        (await guesser.post("/api/join", {"code": wrong, "name": "G"})).status for _ in range(21)
    ]
    assert codes == [404] * 20 + [429]
    right = await guesser.post("/api/join", {"code": course["join_code"], "name": "G"})
    assert await problem(right) == (429, "too-many-tries")


async def test_the_form_works_without_javascript(world: World) -> None:
    staff = await world.staff()
    event = await world.event(staff)
    visitor = await world.visitor()
    data = {"code": event["join_code"], "name": "Ғуломов Ҷ."}
    answer = await visitor.send("POST", "/join", data=data)
    assert (answer.status, answer.headers["Location"]) == (303, f"/lessons/{event['id']}")
    person = (await (await visitor.get("/api/session")).json())["person"]
    assert person["name"] == "Ғуломов Ҷ."


@pytest.mark.parametrize(
    ("data", "location"),
    [
        (b"code=000000&name=A", "/join#code-unknown"),
        (b"code=1&name=A", "/join#invalid-field"),
        (b"", "/join#invalid-field"),
        (b"code=%00&name=A", "/join#bad-json"),
        (b"code=%ff", "/join#bad-form"),
        (b"code=000000&name=A&staff=1", "/join#unknown-field"),
        (b"&".join(b"a=1" for _ in range(9)), "/join#bad-form"),
    ],
)
async def test_the_form_comes_back_with_what_was_wrong(
    small_world: World, data: bytes, location: str
) -> None:
    visitor = await small_world.visitor()
    answer = await visitor.send("POST", "/join", data=data, headers=FORM)
    assert (answer.status, answer.headers["Location"]) == (303, location)
