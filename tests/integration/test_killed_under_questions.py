"""A server killed again and again under questions: what it acknowledged is there, and once.

`CHAOS_KILLS` says how many times; `make chaos` is 200.
"""

import asyncio
import contextlib
import itertools
import os
import random
import shutil
import sqlite3
import tempfile
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bench.crowd import enrol, sign_in
from server.clock import SystemClock
from server.database import SQLITE_FILE, Database
from server.demo.stage import set_stage
from server.models import Lesson, LessonEvent
from server.questions.events import MAX_RECENT
from server.questions.tables import Command, Question
from tests.integration.forked_server import ForkedServer
from tests.integration.insistent_student import Asked, Student
from tests.server.conftest import Place, running_world
from tests.services import create_database, running_postgres

CHAOS = "CHAOS_KILLS"
KILLS = int(os.environ.get(CHAOS, "20"))
# The same code commits on both databases, and a start on PostgreSQL takes longer.
POSTGRES_KILLS = int(os.environ.get(CHAOS, "5"))
SEATS = 10  # students at a time, each with two questions a second
PAUSE = 0.5
LIFE = (0.2, 0.9)  # seconds under questions before a kill, by chance
ENOUGH = 5  # acknowledgements in each life before that
PEOPLE_PER_KILL = 20  # of five questions each: enough for lives of five seconds
PATIENCE = 180  # seconds for what takes one; as in forked_server.py
TEST_SECONDS = 120 + 20 * max(KILLS, POSTGRES_KILLS)

Look = Callable[[], None]  # at what a kill has left

pytestmark = pytest.mark.timeout(TEST_SECONDS)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with running_postgres() as url:
        yield create_database(url, f"chaos_{uuid.uuid4().hex}")


async def prepare(place: Place, people: int) -> tuple[uuid.UUID, Sequence[str]]:
    """Make a live lesson; return it and the cookies of its students."""
    async with running_world(place, SystemClock()) as world:  # type: ignore[arg-type]  # a clock
        stage = await set_stage(world.services)
        students = await enrol(world.services, stage.lesson, people)
        return stage.lesson, await sign_in(world.services, students)


@dataclass
class Crowd:
    """Seats that are never empty: who has asked enough makes room for the next."""

    url: str
    lesson: uuid.UUID
    cookies: Iterator[str]
    students: list[Student] = field(default_factory=list)
    _over: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """Ask all the time; at the end everybody stays until all theirs is acknowledged."""
        async with asyncio.timeout(TEST_SECONDS), asyncio.TaskGroup() as seats:
            for _ in range(SEATS):
                seats.create_task(self._sit())
            yield
            self._over = True

    async def _sit(self) -> None:
        await asyncio.sleep(random.random() * PAUSE)
        while not self._over:
            student = Student(self.url, next(self.cookies), self.lesson)
            self.students.append(student)
            texts = [f"Savol {next(self._numbers)}?" for _ in range(MAX_RECENT)]
            await student.ask(texts, PAUSE)

    def asked(self) -> list[Asked]:
        return [one for student in self.students for one in student.asked]

    def acknowledged(self) -> int:
        return sum(1 for one in self.asked() if one.answers)

    async def until_acknowledged(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.acknowledged() < count:  # noqa: ASYNC110 - many students, one watcher
                await asyncio.sleep(0.02)


async def kill_often(server: ForkedServer, crowd: Crowd, kills: int, look: Look) -> None:
    for _ in range(kills):
        await crowd.until_acknowledged(crowd.acknowledged() + ENOUGH)
        await asyncio.sleep(random.uniform(*LIFE))
        await server.kill()
        await asyncio.to_thread(look)
        await server.start()


@dataclass
class Kept:
    """What the database has of a lesson."""

    head: int
    questions: dict[int, str]
    texts: Counter[str]
    commands: dict[str, dict[str, Any]]
    events: list[LessonEvent]


async def read_all(place: Place, lesson: uuid.UUID) -> Kept:
    database = Database.open(place.settings())
    async with database.read() as session:
        questions = list(await session.scalars(select(Question)))
        in_order = select(LessonEvent).where(LessonEvent.lesson_id == lesson)
        kept = Kept(
            head=(await session.get_one(Lesson, lesson)).last_seq,
            questions={one.number: one.text for one in questions},
            texts=Counter(one.text for one in questions),
            commands={str(one.id): one.answer for one in await session.scalars(select(Command))},
            events=list(await session.scalars(in_order.order_by(LessonEvent.seq))),
        )
    await database.close()
    return kept


def check_questions(crowd: Crowd, kept: Kept) -> None:
    """Nothing lost, nothing doubled, nothing that nobody asked."""
    asked = crowd.asked()
    assert not [student.refused for student in crowd.students if student.refused]
    assert [one.text for one in asked if not one.answers] == []
    for one in asked:
        assert len({str(answer) for answer in one.answers}) == 1, one
        answer = one.answers[0]
        assert kept.questions[answer["result"]["question"]] == one.text
        stored = kept.commands[one.id]
        assert (stored["seq"], stored["result"]) == (answer["seq"], answer["result"])
    assert kept.texts == Counter(one.text for one in asked)
    assert set(kept.commands) == {one.id for one in asked}
    assert sorted(kept.questions) == list(range(1, len(asked) + 1))


def check_timeline(crowd: Crowd, kept: Kept) -> None:
    """Every number is there, and every question was told once, where its asker was told."""
    assert [event.seq for event in kept.events] == list(range(1, kept.head + 1))
    positions = [event.position for event in kept.events]
    assert positions == sorted(positions)
    told = {
        event.seq: event.payload["question"]["number"]
        for event in kept.events
        if event.kind == "question.asked"
    }
    answers = [one.answers[0] for one in crowd.asked()]
    assert told == {answer["seq"]: answer["result"]["question"] for answer in answers}


def check_file(directory: Path) -> None:
    """Look at a copy as a kill has left it: opening the file itself would mend it."""
    with tempfile.TemporaryDirectory() as place:
        for one in directory.glob(f"{SQLITE_FILE}*"):
            shutil.copy(one, place)
        check_copy(Path(place) / SQLITE_FILE)


def check_copy(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


async def run(place: Place, kills: int, look: Look = lambda: None) -> None:
    lesson, cookies = await prepare(place, (kills + 2) * PEOPLE_PER_KILL)
    server = ForkedServer(place.directory, place.url)
    crowd = Crowd(server.url, lesson, iter(cookies))
    await server.open()
    try:
        await server.start()
        async with crowd.asking():
            await kill_often(server, crowd, kills, look)
    finally:
        await server.close()
    kept = await read_all(place, lesson)
    check_questions(crowd, kept)
    check_timeline(crowd, kept)
    again = sum(1 for one in crowd.asked() if one.sent > 1)
    starts = sorted(server.starts)
    print(  # noqa: T201 - what a run by hand is looked at for
        f"{kills} kills, {len(kept.questions)} questions, {again} sent again;"
        f" a start takes {starts[len(starts) // 2]:.2f} s, {starts[-1]:.2f} s at most"
    )


async def test_nothing_acknowledged_is_lost_or_doubled(tmp_path: Path) -> None:
    await run(Place(tmp_path), KILLS, lambda: check_file(tmp_path))


async def test_nothing_is_lost_or_doubled_on_postgresql(tmp_path: Path, postgres: str) -> None:
    await run(Place(tmp_path, postgres), POSTGRES_KILLS)
