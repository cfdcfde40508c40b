"""The demo: its stage, its links, its teacher's manners and the teacher's own process."""

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from rich.console import Console
from sqlalchemy import func, select

from media.room import Room
from media.types import Codec, Source, TrackParameters
from server.demo.robot import Robot
from server.demo.show import (
    Show,
    admit,
    check_video,
    demo_settings,
    local_base,
    show_panel,
)
from server.demo.stage import Part, Stage, has_ended, set_stage
from server.demo.teacher import Door, Order, Teacher, Tracks, teach
from server.errors import StartError
from server.models import Course, Lesson, LessonState, Member, Person
from server.serve import Running
from server.settings import Settings
from signaling.client import Declined
from signaling.errors import Refused
from signaling.grants import Grant, Right
from tests.server.conftest import World, problem

TRACK = TrackParameters(kind="video", mid="0", codecs=(Codec("VP8", 96, 90_000),), ssrcs=(1,))


@dataclass
class Played:
    """A world with the demo on its stage."""

    world: World
    stage: Stage
    show: Show

    @property
    def room(self) -> Room:
        room = self.world.services.rooms.room(self.stage.lesson)
        assert room is not None
        return room

    def grant(self, part: Part, right: Right = Right.PUBLISH) -> Grant:
        return Grant(
            lesson=str(self.stage.lesson),
            right=right,
            participant=str(self.stage.people[part]),
            name=part.value,
            rehearsal=False,
            expires_at=self.world.clock.now() + timedelta(minutes=10),
        )

    def publish(self, part: Part, source: Source = Source.CAMERA) -> None:
        self.room.add_publisher(str(self.stage.people[part]), {source: TRACK})

    def publishers(self) -> set[str]:
        return {publication.participant for publication in self.room.publications()}

    def admit(self, grant: Grant) -> None:
        admit(self.world.services, self.stage, grant)

    def base(self) -> str:
        return str(self.world.server.make_url("")).rstrip("/")

    def order(self) -> Order:
        order = self.show.order(0, None)
        return Order(self.base(), self.base(), order.link, order.lesson)


@pytest.fixture
async def demo(small_world: World) -> Played:
    stage = await set_stage(small_world.services)
    return Played(small_world, stage, Show(small_world.services, stage))


async def _count(world: World, table: type) -> int:
    async with world.services.database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


async def test_the_stage_is_set_once_and_found_again(world: World) -> None:
    first = await set_stage(world.services)
    second = await set_stage(world.services)
    assert first == second
    assert [await _count(world, table) for table in (Person, Course, Lesson, Member)] == [
        5,
        1,
        1,
        4,
    ]
    async with world.services.database.read() as session:
        assert (await session.get_one(Lesson, first.lesson)).state is LessonState.LIVE
    room = world.services.rooms.room(first.lesson)
    assert room is not None
    assert room.live


async def test_links_are_on_the_start_page_and_work_again_and_again(demo: Played) -> None:
    visitor = await demo.world.visitor()
    facts = await (await visitor.get("/api/demo")).json()
    assert facts["lesson"]["id"] == str(demo.stage.lesson)
    assert [link["role"] for link in facts["links"]] == ["teacher", "student", "staff"]
    for link in [*facts["links"], *facts["links"]]:
        path, _, token = link["url"].partition("#")
        assert path == "/sign-in"
        browser = await demo.world.visitor()
        answer = await browser.post("/api/sign-in/link", {"token": token})
        assert answer.status == 200
        assert (await answer.json())["person"]["staff"] is (link["role"] == "staff")


async def test_links_of_a_demo_open_nothing_without_one(demo: Played) -> None:
    token = demo.show.order(0, None).link
    demo.world.services.demo = None
    visitor = await demo.world.visitor()
    answer = await visitor.post("/api/sign-in/link", {"token": token})
    assert await problem(answer) == (404, "link-unknown")
    assert (await visitor.get("/api/demo")).status == 404


async def test_links_stay_the_same_at_the_next_start(demo: Played) -> None:
    again = Show(demo.world.services, demo.stage)
    assert again.describe().links == demo.show.describe().links


async def test_the_robot_makes_way_for_a_person(demo: Played) -> None:
    demo.publish(Part.ROBOT)
    demo.publish(Part.ROBOT, Source.SCREEN)
    demo.admit(demo.grant(Part.TEACHER))
    assert demo.publishers() == set()


async def test_the_robot_stays_away_while_a_person_teaches(demo: Played) -> None:
    demo.publish(Part.TEACHER, Source.SCREEN)
    with pytest.raises(Refused) as refusal:
        demo.admit(demo.grant(Part.ROBOT))
    assert refusal.value.code == "source-taken"
    demo.room.publications()[0].close()
    demo.admit(demo.grant(Part.ROBOT))


async def test_watching_and_speaking_do_not_disturb_the_robot(demo: Played) -> None:
    demo.publish(Part.ROBOT)
    demo.admit(demo.grant(Part.STUDENT, Right.WATCH))
    demo.admit(demo.grant(Part.STUDENT, Right.SPEAK))
    demo.admit(demo.grant(Part.ROBOT))
    assert demo.publishers() == {str(demo.stage.people[Part.ROBOT])}


async def test_an_ended_lesson_is_followed_by_another(demo: Played) -> None:
    teacher = await demo.world.visitor()
    links = {link.role: link.url for link in demo.show.describe().links}
    await teacher.post("/api/sign-in/link", {"token": links["teacher"].partition("#")[2]})
    await demo.world.set_state(teacher, str(demo.stage.lesson), "ended")
    assert await has_ended(demo.world.services, demo.stage.lesson)
    robot = Robot(demo.order())
    await demo.show._begin_again(robot)
    now = demo.world.services.demo
    assert now is not None
    assert now.lesson_id != str(demo.stage.lesson)
    assert robot._order.lesson == now.lesson_id
    facts = await (await teacher.get(f"/api/lessons/{now.lesson_id}")).json()
    assert facts["state"] == "live"


def test_the_demo_keeps_away_from_real_data() -> None:
    real = Settings(
        data={"directory": "somewhere"}, database={"url": "postgresql://a:b@db.example/school"}
    )
    settings = demo_settings(real)
    assert settings.data.directory == Path("somewhere/demo")
    assert settings.database.url.get_secret_value() == ""


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("127.0.0.1", "http://127.0.0.1:81"),
        ("0.0.0.0", "http://127.0.0.1:81"),
        ("::", "http://[::1]:81"),
        ("lessons.local", "http://lessons.local:81"),
    ],
)
def test_the_teacher_finds_the_server_on_this_machine(host: str, base: str) -> None:
    assert local_base(Settings(server={"host": host}), 81) == base


@pytest.mark.parametrize("width", [40, 80, 120])
async def test_the_terminal_never_breaks_a_link(demo: Played, width: int) -> None:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=False)
    show_panel(console, Running(demo.world.services, "http://localhost:8080", 8080))
    for link in demo.show.describe().links:
        assert f"http://localhost:8080{link.url}" in out.getvalue()


def test_a_recording_that_can_not_be_shown_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"missing\.mp4"):
        check_video(tmp_path / "missing.mp4")


async def test_the_teacher_gets_its_grant_at_the_public_door(demo: Played) -> None:
    order = demo.order()
    async with aiohttp.ClientSession() as http:
        door = Door(http, order)
        grant = await door.grant(order.lesson)
        assert grant.camera == f"{demo.base()}/whip/{order.lesson}"
        assert grant.screen == f"{demo.base()}/whip/{order.lesson}/screen"
        assert grant.token


async def test_the_teacher_signs_in_again_when_its_session_is_over(demo: Played) -> None:
    order = demo.order()
    async with aiohttp.ClientSession() as http:
        door = Door(http, order)
        await door.grant(order.lesson)
        demo.world.clock.pass_time(days=60)
        with pytest.raises(Declined) as refusal:
            await door.grant(order.lesson)
        assert refusal.value.status == 401
        assert (await door.grant(order.lesson)).token


async def test_a_lesson_that_is_gone_is_a_refusal_not_a_crash(demo: Played) -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(Declined) as refusal:
            await Door(http, demo.order()).grant("018f0000-0000-7000-8000-000000000000")
    assert refusal.value.status == 404


class Doors:
    """A door that answers as the test wants, and counts."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.asked: list[str] = []
        self.enough = asyncio.Event()

    async def grant(self, lesson: str) -> None:
        self.asked.append(lesson)
        if not self.errors:
            self.enough.set()
            await asyncio.Event().wait()
        raise self.errors.pop(0)


async def test_the_teacher_tries_again_after_every_kind_of_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    real_sleep = asyncio.sleep

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await real_sleep(0)

    monkeypatch.setattr("server.demo.teacher.asyncio.sleep", sleep)
    door = Doors(
        aiohttp.ClientConnectionError("refused"),
        TimeoutError(),
        Declined(403, "source-taken", "A person teaches now.", None),
        Declined(409, "lesson-not-open", "Not yet.", None),
        ConnectionError("dropped"),
    )
    teacher = Teacher(door, lambda: Tracks(None, None, None), "lesson")  # type: ignore[arg-type]
    running = asyncio.create_task(teacher.run())
    await asyncio.wait_for(door.enough.wait(), 10)
    running.cancel()
    assert pauses == [1.0, 2.0, 5.0, 4.0, 8.0]


async def test_the_teacher_goes_home_when_its_orders_end() -> None:
    async def lines() -> AsyncIterator[bytes]:
        yield Order("http://127.0.0.1:9", "http://127.0.0.1:9", "token", "lesson").to_line()

    await asyncio.wait_for(teach(lines()), 30)


@pytest.mark.parametrize(
    ("said", "code", "sentence"),
    [
        (Order("http://127.0.0.1:9", "", "token", "lesson").to_line(), 0, ""),
        (b"", 0, ""),
        (b"teach!\n", 2, "takes its orders from `darsgoh demo`"),
    ],
)
async def test_the_process_ends_with_its_parent(said: bytes, code: int, sentence: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server.demo",
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, heard = await asyncio.wait_for(process.communicate(said), 60)
    assert process.returncode == code
    assert sentence in heard.decode()
    assert "Traceback" not in heard.decode()


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - nothing tells when a process has started
            await asyncio.sleep(0.01)


async def test_the_robot_takes_its_process_along() -> None:
    robot = Robot(Order("http://127.0.0.1:9", "", "token", "lesson"))
    running = asyncio.create_task(robot.run())
    await _until(lambda: robot._process is not None)
    process = robot._process
    assert process
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert process.returncode is not None
