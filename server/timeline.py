"""A lesson's timeline: its clock, its numbered events, and what follows from them."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import Clock, to_milliseconds
from server.database import Database
from server.errors import NotFound
from server.models import Lesson, LessonEvent, LessonState

# The audience of an event: all who may see the lesson, those who may moderate it, or one person.
EVERYONE, TEACHERS, PERSON = "all", "teachers", "person"
MAX_EVENTS = 500  # events handed out at once; a client asks again for the rest

ENDED = f"lesson.{LessonState.ENDED.value}"  # after it a lesson's clock stands still

Happening = tuple[str, dict[str, Any]]
Push = Callable[["Event"], Awaitable[None]]


class Addressed(NamedTuple):
    """Something that happened and is not for everybody; `person` for one person's events."""

    kind: str
    payload: dict[str, Any]
    audience: str = EVERYONE
    person: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a timeline: a person, and whether teachers' events are theirs."""

    person: uuid.UUID | None
    teacher: bool

    def condition(self) -> Any:
        """Return what an event must be for this reader."""
        audiences = (EVERYONE, TEACHERS) if self.teacher else (EVERYONE,)
        if self.person is None:  # or the events of people who are gone would be nobody's
            return LessonEvent.audience.in_(audiences)
        mine = and_(LessonEvent.audience == PERSON, LessonEvent.person_id == self.person)
        return or_(LessonEvent.audience.in_(audiences), mine)


@dataclass(frozen=True, slots=True)
class Reading:
    """All clocks at one moment, in milliseconds."""

    boot: str
    steady_ms: int
    wall_ms: int


@dataclass(frozen=True, slots=True)
class Event:
    """One event as everybody sees it; `position` is in milliseconds on the lesson's clock."""

    lesson: uuid.UUID
    seq: int
    position: int
    kind: str
    payload: Mapping[str, Any]
    audience: str = EVERYONE
    person: uuid.UUID | None = None
    after_all: int = 0  # the event for everybody before this one
    after_teachers: int = 0  # the event for teachers before this one

    def to_json(self, after: int | None = None) -> dict[str, Any]:
        """Return the event as it travels; whoever knows all up to `after` misses nothing."""
        return {
            "lesson": str(self.lesson),
            "seq": self.seq,
            "after": self.seq - 1 if after is None else after,
            "position": self.position,
            "kind": self.kind,
            "payload": dict(self.payload),
        }


def take_reading(clock: Clock) -> Reading:
    """Read the clocks."""
    return Reading(clock.boot_id(), clock.steady_ms(), to_milliseconds(clock.now()))


def position_at(start: Reading | None, last: int, now: Reading) -> int:
    """Return the position of this moment, never before `last`.

    `start` is what the clocks read, or would have read, at position 0. Within one boot the steady
    clock decides, so a step of the wall clock changes nothing; only over a reboot the wall clock is
    all there is.
    """
    if start is None:
        return last
    if start.boot == now.boot:
        return max(last, now.steady_ms - start.steady_ms)
    return max(last, now.wall_ms - start.wall_ms)


def start_of(position: int, now: Reading) -> Reading:
    """Return what the clocks would have read at position 0; absorbs any step made until now."""
    return Reading(now.boot, now.steady_ms - position, now.wall_ms - position)


@dataclass(slots=True)
class View:
    """What the events of a lesson add up to: its sources and what is in its slots."""

    KINDS: ClassVar[frozenset[str]] = frozenset(
        {"source.added", "source.removed", "source.stalled", "source.resumed", "slot.changed"}
    )

    seq: int = 0
    sources: dict[str, dict[str, str]] = field(default_factory=dict)
    slots: dict[str, str | None] = field(default_factory=dict)

    def copy(self) -> "View":
        """Return the view as it is now."""
        sources = {name: dict(state) for name, state in self.sources.items()}
        return View(self.seq, sources, dict(self.slots))

    def apply(self, event: Event) -> None:
        """Take one event in; kinds that show nothing only move `seq`."""
        self.seq = event.seq
        source = event.payload.get("source")
        match event.kind:
            case "source.added":
                participant = str(event.payload["participant"])
                self.sources[str(source)] = {"state": "active", "participant": participant}
            case "source.removed":
                self.sources.pop(str(source), None)
            case "source.stalled" | "source.resumed":
                if (known := self.sources.get(str(source))) is not None:
                    known["state"] = "stalled" if event.kind.endswith("stalled") else "active"
            case "slot.changed":
                self.slots[str(event.payload["slot"])] = source
            case _:
                pass


async def lock_lesson(session: AsyncSession, lesson_id: uuid.UUID) -> Lesson:
    """Return a lesson that nobody else changes until the session ends; raises NotFound."""
    query = select(Lesson).where(Lesson.id == lesson_id).with_for_update()
    lesson = await session.scalar(query, execution_options={"populate_existing": True})
    if lesson is None:
        raise NotFound
    return lesson


def position_now(lesson: Lesson, clock: Clock) -> int:
    """Return where a lesson is on its clock, in milliseconds."""
    return position_at(_start(lesson), lesson.last_position, take_reading(clock))


def append(
    session: AsyncSession, lesson: Lesson, happening: Happening | Addressed, clock: Clock
) -> Event:
    """Add an event to a locked lesson, numbered and placed on its clock."""
    told = Addressed(*happening)
    position = _take_position(lesson, told.kind, clock)
    lesson.last_seq += 1
    event = Event(
        lesson.id,
        lesson.last_seq,
        position,
        told.kind,
        told.payload,
        told.audience,
        told.person,
        lesson.last_seq_all,
        lesson.last_seq_teachers,
    )
    if told.audience == EVERYONE:
        lesson.last_seq_all = event.seq
    if told.audience in (EVERYONE, TEACHERS):
        lesson.last_seq_teachers = event.seq
    session.add(_row(event, clock))
    return event


def _take_position(lesson: Lesson, kind: str, clock: Clock) -> int:
    now = take_reading(clock)
    start = _start(lesson)
    position = position_at(start, lesson.last_position, now)
    lesson.last_position = position
    stands = kind == ENDED or (start is None and lesson.state is LessonState.ENDED)
    kept = None if stands else start_of(position, now)
    lesson.clock_boot = None if kept is None else kept.boot
    lesson.clock_steady_ms = None if kept is None else kept.steady_ms
    lesson.clock_wall_ms = None if kept is None else kept.wall_ms
    return position


def _row(event: Event, clock: Clock) -> LessonEvent:
    return LessonEvent(
        lesson_id=event.lesson,
        seq=event.seq,
        position=event.position,
        kind=event.kind,
        audience=event.audience,
        person_id=event.person,
        payload=dict(event.payload),
        created_at=clock.now(),
    )


def _start(lesson: Lesson) -> Reading | None:
    if lesson.clock_boot is None or lesson.clock_steady_ms is None or lesson.clock_wall_ms is None:
        return None
    return Reading(lesson.clock_boot, lesson.clock_steady_ms, lesson.clock_wall_ms)


async def read_events(
    session: AsyncSession,
    lesson_id: uuid.UUID,
    since: int,
    limit: int = MAX_EVENTS,
    reader: Reader | None = None,
    *,
    about: str = "",
) -> list[Event]:
    """Return events after a number, oldest first, at most `limit`; without a reader, all.

    `about` is what comes before the dot of their kinds.
    """
    query = (
        select(LessonEvent)
        .where(LessonEvent.lesson_id == lesson_id, LessonEvent.seq > since)
        .order_by(LessonEvent.seq)
        .limit(limit)
    )
    if reader is not None:
        query = query.where(reader.condition())
    if about:
        query = query.where(LessonEvent.kind.startswith(f"{about}.", autoescape=True))
    return [_event(row) for row in (await session.scalars(query)).all()]


def _event(row: LessonEvent) -> Event:
    where = (row.lesson_id, row.seq, row.position)
    return Event(*where, row.kind, row.payload, row.audience, row.person_id)


async def read_view(session: AsyncSession, lesson_id: uuid.UUID) -> View:
    """Return what all events of a lesson add up to."""
    last = await session.scalar(select(Lesson.last_seq).where(Lesson.id == lesson_id))
    view = View()
    query = (
        select(LessonEvent)
        .where(
            LessonEvent.lesson_id == lesson_id,
            LessonEvent.seq <= last,
            LessonEvent.kind.in_(View.KINDS),
        )
        .order_by(LessonEvent.seq)
    )
    for row in await session.scalars(query):
        view.apply(_event(row))
    view.seq = last or 0
    return view


class Timelines:
    """Records events one lesson at a time and hands them on in the order of their numbers."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._turns: dict[uuid.UUID, tuple[asyncio.Lock, int]] = {}
        self._views: dict[uuid.UUID, View] = {}
        self._listeners: list[Push] = []

    def on_event(self, push: Push) -> None:
        """Call with every event after its commit, in order within a lesson."""
        self._listeners.append(push)

    async def record(
        self,
        lesson_id: uuid.UUID,
        decide: Callable[[AsyncSession, Lesson], Awaitable[Sequence[Happening | Addressed]]],
    ) -> Lesson:
        """Change a lesson and record what happened, in one transaction; then tell everybody."""
        async with self._turn(lesson_id):
            async with self._database.write() as session:
                lesson = await lock_lesson(session, lesson_id)
                happenings = await decide(session, lesson)
                events = [append(session, lesson, one, self._clock) for one in happenings]
            for event in events:
                await self._tell(event)
        return lesson

    async def happened(self, lesson_id: uuid.UUID, *happenings: Happening) -> None:
        """Record events that change nothing else."""

        async def decide(_session: AsyncSession, _lesson: Lesson) -> Sequence[Happening]:
            return happenings

        await self.record(lesson_id, decide)

    async def _tell(self, event: Event) -> None:
        if (view := self._views.get(event.lesson)) is not None:
            view.apply(event)
        for push in self._listeners:
            await push(event)

    @asynccontextmanager
    async def _turn(self, lesson_id: uuid.UUID) -> AsyncIterator[None]:
        lock, waiting = self._turns.get(lesson_id, (asyncio.Lock(), 0))
        self._turns[lesson_id] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._turns.pop(lesson_id)
            if waiting > 1:
                self._turns[lesson_id] = (lock, waiting - 1)

    async def follow(self, lesson_id: uuid.UUID) -> View:
        """Keep the view of an open lesson at hand."""
        async with self._turn(lesson_id):
            if (known := self._views.get(lesson_id)) is not None:
                return known
            async with self._database.read() as session:
                view = await read_view(session, lesson_id)
            self._views[lesson_id] = view
            return view

    def forget(self, lesson_id: uuid.UUID) -> None:
        """Stop keeping the view of a lesson that is over."""
        self._views.pop(lesson_id, None)

    def view(self, lesson_id: uuid.UUID) -> View | None:
        """Return the view of an open lesson, or None."""
        return self._views.get(lesson_id)
