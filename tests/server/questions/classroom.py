"""A lesson with people in it, and the verbs of asking and answering."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from server.clock import to_milliseconds
from server.commands import LessonCommand, NewCommand
from server.errors import Problem
from server.ids import uuid7
from server.models import Lesson
from server.questions.facts import Sight
from server.questions.lists import mine, snapshot
from server.questions.run import run_in_book, run_in_lesson
from server.timeline import Event, Reader, read_events
from server.viewer import Viewer
from tests.server.conftest import Visitor, World

HIDDEN = {"in-review", "dismissed", "withdrawn"}
NOTED = {"seen": False, "starred": False, "owner": None, "due": None}


@dataclass
class Book:
    """What a page knows: the reducer of docs/questions-protocol.md in a few lines."""

    me: str
    teacher: bool
    asked: set[int] = field(default_factory=set)
    questions: dict[int, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, bool] = field(
        default_factory=lambda: {"anonymous": True, "review": False, "paused": False}
    )
    on_screen: int | None = None
    seq: int = 0

    def apply(self, event: Event) -> None:
        kind, payload = event.kind, event.payload
        self.seq = event.seq
        if kind == "questions.shown":
            self.on_screen = payload["question"]
        elif kind == "questions.settings":
            self.settings = {name: payload[name] for name in self.settings}
        elif kind == "question.votes":
            for number, votes in payload["votes"].items():
                if int(number) in self.questions:
                    self.questions[int(number)]["votes"] = votes
        elif kind == "question.seen":
            for number in payload["questions"]:
                self.questions[number]["seen"] = True
        elif "question" in payload:
            self._merge(payload["question"], payload.get("answer"))

    def _merge(self, new: dict[str, Any], answer: dict[str, Any] | None) -> None:
        known = self.questions.setdefault(new["number"], {})
        known.update(new)
        asker = known.get("asker")
        if asker is not None and asker["id"] == self.me:
            self.asked.add(new["number"])
        if answer is not None:
            rest = [one for one in known["answers"] if one["answer"] != answer["answer"]]
            whole = [answer] if "text" in answer else []
            known["answers"] = sorted(rest + whole, key=lambda one: one["answer"])
        mine = self.teacher or new["number"] in self.asked
        if not mine and known.get("state") in HIDDEN:
            del self.questions[new["number"]]

    def shown(self) -> dict[int, dict[str, Any]]:
        """Return the questions with what is absent as its default."""
        names = ["seen"] if not self.teacher else list(NOTED)
        found = {}
        for number, question in self.questions.items():
            mine = self.teacher or number in self.asked
            defaults = {name: NOTED[name] for name in names} if mine else {}
            found[number] = {**defaults, **question}
        return found


class Told(Exception):  # noqa: N818  (a refusal is no error of the test)
    """A command was refused."""


@dataclass
class Someone:
    """A person at a page of a lesson."""

    room: "Room"
    visitor: Visitor

    @property
    def id(self) -> str:
        assert self.visitor.person is not None
        return str(self.visitor.person.id)

    @property
    def viewer(self) -> Viewer:
        return Viewer(self.visitor.person, b"session")

    async def send(
        self, name: str, key: uuid.UUID | None = None, lesson: str | None = None, **args: Any
    ) -> Any:
        """Send a command and return its whole answer; raises a Problem."""
        command = LessonCommand(
            id=key or self.room.new_id(),
            lesson=uuid.UUID(lesson or self.room.lesson),
            name=name,
            args=args,
        )
        return await run_in_lesson(self.room.world.services, self.viewer, command)

    async def do(self, name: str, **args: Any) -> Any:
        """Send a command and return its result."""
        return (await self.send(name, **args))["result"]

    async def do_in_book(self, name: str, **args: Any) -> Any:
        """Send a command to the course's book and return its result."""
        command = NewCommand(id=self.room.new_id(), name=name, args=args)
        course = uuid.UUID(self.room.course)
        return (await run_in_book(self.room.world.services, self.viewer, course, command))["result"]

    async def refused(self, name: str, **args: Any) -> str:
        """Send a command that must be refused and return the code."""
        try:
            answer = await self.do(name, **args)
        except Problem as problem:
            return problem.code
        raise AssertionError(f"{name} was done: {answer}")

    async def ask(self, text: str = "Why is the sky blue?", **args: Any) -> int:
        number: int = (await self.do("question_ask", text=text, **args))["question"]
        return number


@dataclass
class Room:
    """A live lesson of a course."""

    world: World
    course: str = ""
    lesson: str = ""
    teacher: Someone = field(init=False)
    other_teacher: Someone = field(init=False)
    staff: Someone = field(init=False)
    students: list[Someone] = field(default_factory=list)

    def new_id(self) -> uuid.UUID:
        return uuid7(to_milliseconds(self.world.clock.now()))

    async def build(self, students: int = 3) -> None:
        world = self.world
        staff = await world.staff()
        self.staff = Someone(self, staff)
        self.course = (await world.course(staff))["id"]
        self.teacher = Someone(self, await world.member(staff, self.course, "teacher"))
        self.other_teacher = Someone(self, await world.member(staff, self.course, "teacher"))
        for _ in range(students):
            self.students.append(Someone(self, await world.member(staff, self.course, "student")))
        await self.open_lesson()

    async def open_lesson(self, title: str = "Light") -> None:
        facts = await self.world.lesson(self.teacher.visitor, self.course, title)
        self.lesson = facts["id"]
        await self.world.set_state(self.teacher.visitor, self.lesson, "practice", "live")

    async def end_lesson(self) -> None:
        await self.world.set_state(self.teacher.visitor, self.lesson, "ended")

    async def tell_votes(self) -> None:
        """Tell the counts that wait, as the server does four times a second."""
        await self.world.services.tallies.tell(uuid.UUID(self.lesson))

    async def events(self, reader: Someone | None = None, *, teacher: bool = False) -> list[Event]:
        """Return the timeline as somebody reads it; without anybody, all of it."""
        seen = None if reader is None else Reader(uuid.UUID(reader.id), teacher)
        async with self.world.services.database.read() as session:
            return await read_events(session, uuid.UUID(self.lesson), 0, 100_000, seen)

    async def early(self, reader: Someone, *, teacher: bool = False) -> Book:
        """Return what a page knows that was there from the beginning."""
        book = Book(reader.id, teacher)
        for event in await self.events(reader, teacher=teacher):
            book.apply(event)
        return book

    async def late(self, reader: Someone, *, teacher: bool = False) -> dict[str, Any]:
        """Return what a page is told that joins now."""
        sight = Sight(uuid.UUID(reader.id), teacher)
        now_ms = to_milliseconds(self.world.clock.now())
        async with self.world.services.database.read() as session:
            lesson = await session.get_one(Lesson, uuid.UUID(self.lesson))
            told = await snapshot(session, lesson, sight, now_ms)
            return {**told, "my": await mine(session, lesson, sight)}

    async def check_agreement(self) -> None:
        """Check that early and late pages of everybody show the same."""
        for someone, teacher in [
            *((student, False) for student in self.students),
            (self.teacher, True),
        ]:
            book = await self.early(someone, teacher=teacher)
            late = await self.late(someone, teacher=teacher)
            assert not late["more"]
            assert book.shown() == {one["number"]: one for one in late["list"]}
            assert book.settings == late["settings"]
            assert book.on_screen == late["on_screen"]
            assert book.asked == set(late["my"]["asked"]) & book.questions.keys()


@asynccontextmanager
async def room_of(world: World, students: int = 3) -> AsyncIterator[Room]:
    room = Room(world)
    await room.build(students)
    yield room
