"""The access matrix: every route for everybody; a route that is not listed fails."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.server.conftest import Visitor, World

ROLES = ("anonymous", "outsider", "student", "guest", "teacher", "elsewhere", "staff")
# Pages and their files hold nothing about anybody; the media doors open to tokens, not to cookies.
OPEN_PATHS = ("/assets/", "/whip/", "/whep/", "/socket.io/")
PAGES = {
    "/",
    "/sign-in",
    "/join",
    "/join/{code}",
    "/courses",
    "/courses/{course}",
    "/courses/{course}/questions",
    "/courses/{course}/attendance",
    "/lessons/{lesson}/attendance",
    "/lessons/{lesson}",
    "/lessons/{lesson}/teach",
    "/lessons/{lesson}/screen",
    "/lessons/{lesson}/listen",
    "/lessons/{lesson}/replay",
    "/recordings",
    "/timetable",
    "/people",
    "/offline",
    "/manifest.webmanifest",
    "/worker.js",
    "/icon-180.png",
    "/icon-192.png",
    "/icon-512.png",
    "/icon-mask-512.png",
    "/dev/gallery",
}


@dataclass
class Case:
    """One route and what each role is answered, in the order of ROLES."""

    method: str
    path: str
    answers: str
    body: Any = None
    lesson: str = "course"  # whether {lesson} is one of the course, or the public event
    fresh: bool = False  # whether an allowed request uses its target up

    @property
    def route(self) -> tuple[str, str]:
        return self.method, self.path.partition("?")[0]


NOBODYS = "01990000-0000-7000-8000-000000000000"  # an id under which there is nothing

#                                       anon out stu gue tea els sta
CASES = [
    Case("GET", "/api/session", "200 200 200 200 200 200 200"),
    Case("PATCH", "/api/session", "401 200 200 200 200 200 200", {"language": "ru"}),
    Case("POST", "/api/sign-in", "401 401 401 401 401 401 401", {"login": "x", "password": "y"}),
    Case("POST", "/api/sign-in/link", "404 404 404 404 404 404 404", {"token": "unknown"}),
    Case("POST", "/api/password", "401 409 409 409 409 409 409", {"password": "long enough 1"}),
    Case("POST", "/api/join", "404 404 404 404 404 404 404", {"code": "000000", "name": "Who"}),
    Case("POST", "/join", "415 415 415 415 415 415 415", {"code": "000000"}),
    Case("GET", "/api/courses", "401 200 200 200 200 200 200"),
    Case("POST", "/api/courses", "401 403 403 403 403 403 201", {"title": "New"}),
    Case("GET", "/api/courses/{course}", "401 404 200 404 200 404 200"),
    Case("PATCH", "/api/courses/{course}", "401 404 403 404 200 404 200", {"title": "Other"}),
    Case("DELETE", "/api/courses/{course}", "401 404 403 404 403 404 204", fresh=True),
    Case(
        "POST",
        "/api/courses/{course}/members",
        "401 404 403 404 403 404 201",
        {"name": "New", "role": "student"},
    ),
    Case(
        "DELETE",
        "/api/courses/{course}/members/{person}",
        "401 404 403 404 403 404 204",
        fresh=True,
    ),
    Case("POST", "/api/courses/{course}/join-code", "401 404 403 404 200 404 200"),
    Case("POST", "/api/courses/{course}/lessons", "401 404 403 404 201 404 201", {"title": "New"}),
    Case("GET", "/api/lessons", "200 200 200 200 200 200 200"),
    Case("POST", "/api/lessons", "401 403 403 403 403 403 201", {"title": "New", "public": True}),
    Case("GET", "/api/lessons/{lesson}", "401 404 200 404 200 404 200"),
    Case("GET", "/api/lessons/{lesson}", "200 200 200 200 200 200 200", lesson="event"),
    Case("PATCH", "/api/lessons/{lesson}", "401 404 403 404 200 404 200", {"title": "Other"}),
    Case(
        "PATCH",
        "/api/lessons/{lesson}",
        "401 403 403 403 403 403 200",
        {"title": "Other"},
        lesson="event",
    ),
    Case("DELETE", "/api/lessons/{lesson}", "401 404 403 404 204 404 204", fresh=True),
    Case(
        "POST",
        "/api/lessons/{lesson}/state",
        "401 404 403 404 200 404 200",
        {"state": "practice"},
    ),
    Case(
        "POST",
        "/api/lessons/{lesson}/state",
        "401 403 403 403 403 403 200",
        {"state": "practice"},
        lesson="event",
    ),
    *(
        Case("POST", "/api/lessons/{lesson}/grant", answers, {"right": right}, lesson=lesson)
        for lesson, right, answers in (
            ("course-open", "watch", "401 404 200 404 200 404 200"),
            ("course-open", "speak", "401 404 403 404 200 404 200"),
            ("course-open", "publish", "401 404 403 404 200 404 200"),
            ("event-open", "watch", "401 403 403 200 403 403 200"),
            ("event-open", "speak", "401 403 403 403 403 403 200"),
            ("event-open", "publish", "401 403 403 403 403 403 200"),
        )
    ),
    # Of notes that nobody sent; those of others: tests/server/voice_notes/test_uploads.py.
    Case(
        "POST",
        "/api/lessons/{lesson}/voice-notes",
        "401 404 422 404 422 404 422",
        {"id": "none", "size": 1},
        lesson="course-open",
    ),
    Case(
        "POST",
        "/api/lessons/{lesson}/voice-notes",
        "401 403 403 422 403 403 422",
        {"id": "none", "size": 1},
        lesson="event-open",
    ),
    *(
        Case(method, f"/api/lessons/{{lesson}}/voice-notes/{{note}}{rest}", answers, body)
        for method, rest, answers, body in (
            ("GET", "", "401 404 404 404 404 404 404", None),
            ("PUT", "", "401 404 404 404 404 404 404", {}),
            ("GET", "/sound", "401 404 403 404 404 404 404", None),
        )
    ),
    Case("GET", "/api/recordings", "401 200 200 200 200 200 200"),  # those they teach
    Case("DELETE", "/api/lessons/{lesson}/recording", "401 404 403 404 404 404 404"),
    Case("POST", "/api/lessons/{lesson}/recording/restore", "401 404 403 404 404 404 404"),
    # While a lesson is on, its captions wait; those of one that is over:
    # tests/server/recordings/test_captions.py.
    Case("PUT", "/api/lessons/{lesson}/captions/{language}", "401 404 403 404 404 404 404"),
    Case("DELETE", "/api/lessons/{lesson}/captions/{language}", "401 404 403 404 404 404 404"),
    Case(
        "POST",
        "/api/lessons/{lesson}/captions/{language}/restore",
        "401 404 403 404 404 404 404",
    ),
    Case("POST", "/api/lessons/{lesson}/captions/{language}/draft", "401 404 403 404 404 404 404"),
    Case("GET", "/api/courses/{course}/recordings", "401 404 403 404 200 404 200"),
    Case(
        "PUT",
        "/api/courses/{course}/recordings",
        "401 404 403 404 200 404 200",
        {"publish": True, "pack": True, "keep_days": None},
    ),
    *(
        Case("GET", f"/api/{what}/attendance{rest}", "401 404 403 404 200 404 200")
        for what in ("courses/{course}", "lessons/{lesson}")
        for rest in ("", ".xlsx")
    ),
    Case("GET", "/api/timetable", "401 200 200 200 200 200 200"),  # their own and public lessons
    Case(
        "POST",
        "/api/courses/{course}/plan",
        "401 404 403 404 200 404 200",
        {"title": "New", "starts": "2026-09-02T09:00", "minutes": 90, "dry": True},
    ),
    Case(
        "PATCH",
        "/api/lessons/{lesson}/plan",
        "401 404 403 404 200 404 200",
        {"scope": "this", "was": None, "minutes": 60, "dry": True},
    ),
    Case("GET", "/api/courses/{course}/timetable", "401 404 403 404 200 404 200"),
    Case(
        "PUT",
        "/api/courses/{course}/timetable",
        "401 404 403 404 200 404 200",
        {"automatic": True, "margin_minutes": 15},
    ),
    Case("POST", "/api/classrooms", "401 403 403 403 403 403 201", {"name": "12", "place": ""}),
    Case("DELETE", "/api/classrooms/{classroom}", "401 403 403 403 403 403 404"),
    Case("PUT", "/api/holidays/{day}", "401 403 403 403 403 403 200", {"name": "Navruz"}),
    Case("DELETE", "/api/holidays/{day}", "401 403 403 403 403 403 404"),
    Case("GET", "/api/calendar-links", "401 200 200 200 200 200 200"),  # their own
    Case("POST", "/api/calendar-links", "401 201 201 201 201 201 201", {}),
    Case("DELETE", "/api/calendar-links/{link}", "401 404 404 404 404 404 404"),
    Case("GET", "/calendar/{token}.ics", "404 404 404 404 404 404 404"),
    Case("GET", "/api/jobs", "401 200 200 200 200 200 200"),  # of lessons they teach
    Case("POST", "/api/jobs/{job}", "401 404 404 404 404 404 404", {"state": "queued"}),
    # While a lesson is rehearsed its recording is for teachers; for whom it is open when:
    # tests/server/recordings/test_serve.py.
    *(
        Case(method, path, answers, body, lesson=lesson)
        for method, path, body, taught in (
            ("GET", "/api/lessons/{lesson}/recording", None, "200"),
            ("POST", "/api/lessons/{lesson}/recording", {"published": True}, "200"),
            ("GET", "/api/lessons/{lesson}/recording/index", None, "200"),
            (
                "PUT",
                "/api/lessons/{lesson}/recording/progress",
                {"position": 0, "seen": []},
                "200",
            ),
            ("GET", "/api/lessons/{lesson}/events", None, "200"),
            ("POST", "/api/lessons/{lesson}/recording/downloads/{name}", None, "409"),
            ("GET", "/api/lessons/{lesson}/recording/downloads/{name}", None, "409"),
            ("GET", "/recordings/{lesson}/downloads/{name}", None, "409"),
            ("GET", "/recordings/{lesson}/{run}.mp4", None, "404"),
            ("GET", "/recordings/{lesson}/{name}.m3u8", None, "200"),
            ("GET", "/recordings/{lesson}/chapters.vtt", None, "200"),
            ("GET", "/api/lessons/{lesson}/recording/pack", None, "409"),
            ("POST", "/api/lessons/{lesson}/recording/pack", None, "409"),
            ("GET", "/recordings/{lesson}/pack.html", None, "409"),
            ("GET", "/recordings/{lesson}/captions/{language}.vtt", None, "404"),
            ("GET", "/recordings/{lesson}/stills/{number}-{width}.webp", None, "404"),
            ("GET", "/recordings/{lesson}/thumbs/{number}.webp", None, "404"),
        )
        for lesson, answers in (
            ("course-open", f"401 404 403 404 {taught} 404 {taught}"),
            ("event-open", f"401 403 403 403 403 403 {taught}"),
        )
    ),
    # Whoever may watch listens, once it is live: tests/server/recordings/test_listen.py.
    *(
        Case("GET", "/recordings/{lesson}/listen.{kind}", answers, lesson=lesson)
        for lesson, answers in (
            ("course-open", "401 404 409 404 409 404 409"),
            ("event-open", "401 403 403 409 403 403 409"),
        )
    ),
    Case("GET", "/api/lessons/{lesson}/modes", "401 404 200 404 200 404 200"),
    Case("GET", "/api/lessons/{lesson}/modes", "401 403 403 200 403 403 200", lesson="event"),
    Case("GET", "/api/lessons/{lesson}/decks", "401 404 403 404 200 404 200"),
    Case(
        "POST",
        "/api/lessons/{lesson}/decks",
        "401 404 403 404 415 404 415",
        {},
    ),
    Case("DELETE", "/api/lessons/{lesson}/decks/{deck}", "401 404 403 404 404 404 404"),
    Case("GET", "/api/lessons/{lesson}/decks/{deck}/{page}/{width}", "401 404 403 404 404 404 404"),
    Case("POST", "/api/lessons/{lesson}/slide", "401 404 403 404 200 404 200", {}, "course-open"),
    Case("GET", "/api/lessons/{lesson}/slides/{number}/{width}", "401 404 404 404 404 404 404"),
    *(
        Case("GET", f"/api/{book}/questions{rest}", answers)
        for book in ("courses/{course}", "lessons/{lesson}")
        for rest, answers in (
            ("", "401 404 200 404 200 404 200"),
            ("/search?q=byte", "401 404 200 404 200 404 200"),
            ("/similar?text=byte", "401 404 200 404 200 404 200"),
            (".csv", "401 404 403 404 200 404 200"),
            (".xlsx", "401 404 403 404 200 404 200"),
        )
    ),
    Case(
        "POST",
        "/api/courses/{course}/commands",
        "401 404 422 404 422 404 422",
        {"id": NOBODYS, "name": "none", "args": {}},
    ),
    Case("GET", "/api/people", "401 403 403 403 403 403 200"),
    Case("POST", "/api/people", "401 403 403 403 403 403 201", {"name": "New"}),
    Case("POST", "/api/people/{person}/link", "401 403 403 403 403 403 200"),
    Case("GET", "/healthz", "200 200 200 200 200 200 200"),
    Case("GET", "/readyz", "200 200 200 200 200 200 200"),
    Case("GET", "/metrics", "200 200 200 200 200 200 200"),  # from this machine
    Case("GET", "/api/demo", "404 404 404 404 404 404 404"),
    # Last, because it ends the sessions.
    Case("POST", "/api/sign-out", "204 204 204 204 204 204 204"),
]


def case_name(case: Case) -> str:
    right = case.body.get("right", "") if isinstance(case.body, dict) else ""
    return " ".join(filter(None, (case.method, case.path, case.lesson, right)))


@dataclass
class Town:
    """One course, one event, and somebody of each role."""

    world: World
    people: dict[str, Visitor]
    course: str = ""
    lesson: str = ""
    event: str = ""

    async def aim(self, case: Case) -> str:
        """Return the path of a case with targets that exist."""
        staff = self.people["staff"]
        if case.fresh:
            await self.new_targets()
        names = {"course": self.course, "person": str(self.person()), "note": NOBODYS}
        names |= {"run": "camera-0001", "name": "index", "number": "1", "width": "640"}
        names |= {"deck": NOBODYS, "page": "1", "language": "tg", "job": NOBODYS}
        names |= {
            "kind": "webm",
            "classroom": NOBODYS,
            "link": NOBODYS,
            "token": "none",
            "day": "2027-03-21",
        }
        lesson = self.lesson if case.lesson.startswith("course") else self.event
        if case.lesson.endswith("-open"):
            await self.world.set_state(staff, lesson, "practice")
        return case.path.format(**names, lesson=lesson)

    def person(self) -> object:
        student = self.people["student"].person
        assert student is not None
        return student.id

    async def new_targets(self) -> None:
        staff = self.people["staff"]
        self.course = (await self.world.course(staff))["id"]
        self.lesson = (await self.world.lesson(staff, self.course))["id"]
        self.event = (await self.world.event(staff))["id"]
        for role in ("student", "teacher"):
            person = self.people[role].person
            assert person is not None
            body = {"person_id": str(person.id), "role": role}
            assert (await staff.post(f"/api/courses/{self.course}/members", body)).status == 201
        answer = await self.people["guest"].post("/api/join", {"lesson": self.event})
        assert answer.status == 200, await answer.text()


async def build_town(world: World) -> Town:
    staff = await world.staff()
    other = (await world.course(staff, "Elsewhere"))["id"]
    people = {
        "anonymous": await world.visitor(),
        "outsider": await world.member(staff, other, "student"),
        "student": await world.sign_in(await world.person("Student")),
        "guest": await world.sign_in(await world.person("Guest")),
        "teacher": await world.sign_in(await world.person("Teacher")),
        "elsewhere": await world.member(staff, other, "teacher"),
        "staff": staff,
    }
    town = Town(world, people)
    await town.new_targets()
    return town


@pytest.mark.parametrize("case", CASES, ids=case_name)
async def test_every_role_is_answered_as_listed(world: World, case: Case) -> None:
    town = await build_town(world)
    found = []
    for role in ROLES:
        path = await town.aim(case)
        answer = await town.people[role].send(case.method, path, json=case.body)
        found.append(str(answer.status))
    assert dict(zip(ROLES, found, strict=True)) == dict(
        zip(ROLES, case.answers.split(), strict=True)
    )


async def test_no_route_is_missing_here(small_world: World) -> None:
    listed = {case.route for case in CASES}
    for route in small_world.server.app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if path.startswith(OPEN_PATHS) or (route.method in ("GET", "HEAD") and path in PAGES):
            continue
        method = "GET" if route.method == "HEAD" else route.method
        assert (method, path) in listed, f"{method} {path} has no line in the access matrix"


async def test_ids_of_another_course_lead_nowhere(world: World) -> None:
    town = await build_town(world)
    mine = await world.course(town.people["staff"], "Mine")
    teacher = await world.member(town.people["staff"], mine["id"], "teacher")
    student = town.person()
    for method, path, body in (
        ("GET", f"/api/courses/{town.course}", None),
        ("PATCH", f"/api/courses/{town.course}", {"title": "Stolen"}),
        ("POST", f"/api/courses/{town.course}/lessons", {"title": "Planted"}),
        ("POST", f"/api/courses/{town.course}/join-code", {}),
        ("DELETE", f"/api/courses/{town.course}/members/{student}", None),
        ("GET", f"/api/lessons/{town.lesson}", None),
        ("PATCH", f"/api/lessons/{town.lesson}", {"title": "Stolen"}),
        ("DELETE", f"/api/lessons/{town.lesson}", None),
        ("POST", f"/api/lessons/{town.lesson}/state", {"state": "practice"}),
        ("POST", f"/api/lessons/{town.lesson}/grant", {"right": "publish"}),
        # an id of the wrong kind, and ids that are none
        ("GET", f"/api/courses/{town.lesson}", None),
        ("GET", f"/api/lessons/{town.course}", None),
        ("GET", "/api/lessons/1", None),
        ("GET", f"/api/lessons/{town.lesson.upper()}", None),
        ("GET", f"/api/lessons/{{{town.lesson}}}", None),
        ("GET", f"/api/lessons/{town.lesson}%00", None),
        ("GET", "/api/lessons/..%2f..%2fetc%2fpasswd", None),
    ):
        answer = await teacher.send(method, path, json=body)
        assert answer.status == 404, (method, path, await answer.text())
    facts = await (await town.people["staff"].get(f"/api/courses/{town.course}")).json()
    assert facts["title"] == "Physics"
    assert [lesson["title"] for lesson in facts["lessons"]] == ["Light"]


async def test_what_only_teachers_know_is_told_to_teachers_only(world: World) -> None:
    town = await build_town(world)
    of_student = await (await town.people["student"].get(f"/api/courses/{town.course}")).json()
    of_teacher = await (await town.people["teacher"].get(f"/api/courses/{town.course}")).json()
    assert "members" not in of_student
    assert "join_code" not in of_student
    assert {member["name"] for member in of_teacher["members"]} == {"Student", "Teacher"}
    assert len(of_teacher["join_code"]) == 6
    of_guest = await (await town.people["guest"].get(f"/api/lessons/{town.event}")).json()
    assert of_guest["rights"] == ["see", "watch"]
    assert "join_code" not in of_guest


async def test_nobody_makes_themselves_staff(world: World) -> None:
    town = await build_town(world)
    student = town.people["student"]
    for body in ({"staff": True}, {"name": "X", "guest": False}, {"id": "1"}):
        answer = await student.patch("/api/session", body)
        assert answer.status == 422, body
        assert (await answer.json())["code"] == "unknown-field"
    assert (await (await student.get("/api/session")).json())["person"]["staff"] is False


async def test_a_role_taken_away_is_gone_at_once(world: World) -> None:
    town = await build_town(world)
    teacher = town.people["teacher"]
    assert teacher.person is not None
    path = f"/api/courses/{town.course}/members/{teacher.person.id}"
    assert (await town.people["staff"].delete(path)).status == 204
    answer = await teacher.post(f"/api/lessons/{town.lesson}/state", {"state": "practice"})
    assert answer.status == 404


async def test_metrics_are_for_this_machine_or_the_token(sqlite_world_with_token: World) -> None:
    visitor = await sqlite_world_with_token.visitor()
    assert (await visitor.get("/metrics")).status == 200
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    assert (await visitor.get("/metrics", headers=forwarded)).status == 403
    for token, status in (("wrong", 403), ("", 403), ("right-token", 200)):
        headers = {**forwarded, "Authorization": f"Bearer {token}"}
        assert (await visitor.get("/metrics", headers=headers)).status == status
