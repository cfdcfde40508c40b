"""Looking at who hears the lessons that are live, and writing it down at once.

One look every few seconds asks the media which connections are up: it does not matter how often
somebody came back, or on how many devices.
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from media.types import TransportState
from server.attendance.heard import Roll, Stretch
from server.attendance.tables import Attendance
from server.errors import Unavailable
from server.ids import parse_id
from server.models import Lesson, LessonState, Person
from server.rounds import Rounds
from server.timeline import position_now

if TYPE_CHECKING:
    from server.services import Services

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0  # what a crash costs at most, and how exact the minutes are
MAX_ASKED = 500  # people in one question; SQLite takes 32,766 values

_Key = tuple[uuid.UUID, uuid.UUID, int]  # lesson, person, began


class Looks:
    """Calls the roll of every live lesson."""

    def __init__(self) -> None:
        self._rolls: dict[uuid.UUID, Roll] = {}
        self._unwritten: dict[_Key, int] = {}  # where each stretch has come to
        self._rounds = Rounds("attendance", LOOK_SECONDS, self.look)
        self._running = False
        self._services: Services | None = None

    @property
    def services(self) -> "Services":
        """Return the parts of the running server."""
        if self._services is None:
            raise RuntimeError("the roll is called before the server has started")
        return self._services

    def start(self, services: "Services") -> None:
        """Begin to look."""
        self._services = services
        self._rounds.start()
        self._running = True

    async def stop(self) -> None:
        """Look once more, and never again."""
        if self._running:
            self._running = False
            await self._rounds.stop()
            await self.look()

    async def look(self) -> None:
        """See who hears what; while the database is away, it is kept and written later."""
        try:
            await self._call_rolls()
            if self._unwritten:
                await self._write()
        except (SQLAlchemyError, OSError, Unavailable) as error:
            log.warning("attendance is written later", reason=str(error))
        except Exception:  # one bad look must not be the last
            log.exception("attendance could not be looked at")

    async def _call_rolls(self) -> None:
        services = self.services
        query = select(Lesson).where(Lesson.state == LessonState.LIVE)
        async with services.database.read() as session:
            live = {lesson.id: lesson for lesson in await session.scalars(query)}
        self._rolls = {one: self._rolls.get(one, Roll()) for one in live}
        for lesson_id, lesson in live.items():
            position = position_now(lesson, services.clock)
            stretches = self._rolls[lesson_id].look(position, hearing(services, lesson_id))
            self._note(lesson_id, stretches)

    def _note(self, lesson_id: uuid.UUID, stretches: Iterable[Stretch]) -> None:
        for one in stretches:
            self._unwritten[lesson_id, one.person, one.began] = one.ended

    async def _write(self) -> None:
        batch = dict(self._unwritten)
        async with self.services.database.write() as session:
            await write_stretches(session, batch)
        for key, ended in batch.items():
            if self._unwritten.get(key) == ended:
                del self._unwritten[key]


def hearing(services: "Services", lesson_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """Return who receives a live lesson now: over a media connection, or listening only."""
    room = services.rooms.room(lesson_id)
    connected = [
        parse_id(one.participant)
        for one in (room.subscriptions() if room is not None else ())
        if one.transport.state is TransportState.CONNECTED
    ]
    broadcast = services.recorders.broadcast(lesson_id)
    listening = () if broadcast is None else broadcast.people()
    # A player with a token of its own is nobody.
    return frozenset(one for one in (*connected, *listening) if one is not None)


async def write_stretches(session: AsyncSession, stretches: Mapping[_Key, int]) -> None:
    """Write where stretches have come to; those of people or lessons that are gone are nobody's."""
    people = await _known(session, Person, {person for _, person, _ in stretches})
    lessons = await _known(session, Lesson, {lesson for lesson, _, _ in stretches})
    rows = [
        {"lesson_id": lesson, "person_id": person, "began": began, "ended": ended}
        for (lesson, person, began), ended in stretches.items()
        if lesson in lessons and person in people
    ]
    if not rows:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    query = dialect.insert(Attendance)
    key = Attendance.__table__.primary_key
    query = query.on_conflict_do_update(
        index_elements=list(key), set_={"ended": query.excluded.ended}
    )
    await session.execute(query, rows)


async def _known(session: AsyncSession, table: Any, ids: set[uuid.UUID]) -> set[uuid.UUID]:
    wanted, found = list(ids), set[uuid.UUID]()
    for first in range(0, len(wanted), MAX_ASKED):
        query = select(table.id).where(table.id.in_(wanted[first : first + MAX_ASKED]))
        found.update(await session.scalars(query))
    return found
