"""The joint to the media: rooms follow the lessons, what happens in them joins the timeline."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from media import events as media_events
from media.errors import LimitReached
from media.room import Room, RoomLimits
from media.rooms import Rooms
from media.types import CloseReason, SourceState
from media.worker import Worker
from server.access import lesson_access
from server.errors import NotFound, Problem, StartError, Unavailable
from server.lesson_state import OPEN
from server.models import Lesson, LessonState, Person
from server.rights import Right
from server.settings import MediaSettings
from server.timeline import Happening, View
from server.viewer import Viewer

if TYPE_CHECKING:
    from server.services import Services

log = structlog.get_logger(__name__)

MAX_WAITING = 1000  # events of one room while the database is away; beyond, only the sum is kept
FIRST_RETRY, LAST_RETRY = 0.1, 5.0  # s; a database that restarts is back in a second or two
RESTARTED = "server-restarted"  # the reason of a source that ended with the process


@asynccontextmanager
async def open_media(settings: MediaSettings) -> AsyncIterator[Rooms]:
    """Open the media port; raises StartError when it is taken or the address is not ours."""
    try:
        opened = Worker.open(
            settings.address,
            settings.port,
            settings.threads,
            tuple(settings.announced),
            tcp_ports=tuple(settings.tcp_ports),
            marks=settings.dscp,
        )
        worker = await opened.__aenter__()
    except ImportError as error:
        raise StartError(
            f"The media engine can not be loaded ({error}): run `make build`."
        ) from error
    except OSError as error:
        raise StartError(
            f"The media port {settings.address}:{settings.port} ({_protocols(settings)}) "
            f"can not be opened: {error.strerror or error}. "
            "Set media.port, media.tcp_ports and media.address in the settings."
        ) from error
    try:
        yield Rooms(worker)
    finally:
        await opened.__aexit__(None, None, None)


def _protocols(settings: MediaSettings) -> str:
    numbers = [str(port or settings.port) for port in settings.tcp_ports]
    return f"UDP, and TCP {', '.join(numbers)}" if numbers else "UDP"


def happening(event: media_events.RoomEvent) -> Happening | None:
    """Return what the timeline says of a room's event, or None if it says nothing."""
    match event:
        case media_events.SourceAdded(source, participant):
            return "source.added", {"source": source.value, "participant": participant}
        case media_events.SourceRemoved(source, _, reason):
            return "source.removed", {"source": source.value, "reason": reason.value}
        case media_events.SourceStalled(source, _):
            return "source.stalled", {"source": source.value}
        case media_events.SourceResumed(source, _):
            return "source.resumed", {"source": source.value}
        case media_events.SlotChanged(slot, source):
            shown = None if source is None else source.value
            return "slot.changed", {"slot": slot.value, "source": shown}
        case _:
            return None


def difference(view: View, room: Room | None, reason: str) -> list[Happening]:
    """Return the events that lead from what the timeline says to what the room holds."""
    sources = {} if room is None else {k.value: v for k, v in room.sources().items()}
    slots = {} if room is None else {k.value: v and v.value for k, v in room.slots().items()}
    found: list[Happening] = [
        ("source.removed", {"source": name, "reason": reason})
        for name in view.sources
        if name not in sources
    ]
    found += [
        happened
        for name, state in sources.items()
        for happened in _source_difference(view, name, state)
    ]
    found += [
        ("slot.changed", {"slot": slot, "source": slots.get(slot)})
        for slot in sorted({*view.slots, *slots})
        if view.slots.get(slot) != slots.get(slot)
    ]
    return found


def _source_difference(view: View, name: str, state: SourceState) -> Iterator[Happening]:
    known = view.sources.get(name)
    if known is None or known["participant"] != state.participant:
        yield "source.added", {"source": name, "participant": state.participant}
        known = {"state": "active"}
    if known["state"] != state.activity.value:
        kind = "source.resumed" if state.activity.value == "active" else "source.stalled"
        yield kind, {"source": name}


Follower = Callable[[uuid.UUID, Room | None], Awaitable[None]]


@dataclass(slots=True)
class _Scribe:
    """What waits to be written of one room."""

    room: Room
    waiting: list[Happening] = field(default_factory=list)
    overflown: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    stop_listening: Callable[[], None] | None = None
    task: asyncio.Task[None] | None = None

    def hear(self, event: media_events.RoomEvent) -> None:
        told = happening(event)
        if told is None:
            return
        if len(self.waiting) >= MAX_WAITING:
            self.waiting.clear()
            self.overflown = True
        if not self.overflown:
            self.waiting.append(told)
        self.wake.set()


class LiveRooms:
    """Keeps one media room per open lesson."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._scribes: dict[uuid.UUID, _Scribe] = {}
        self._turn = asyncio.Lock()
        self._followers: list[Follower] = []
        self._services: Services | None = None

    @property
    def services(self) -> "Services":
        """Return the parts of the running server."""
        if self._services is None:
            raise RuntimeError("the rooms are used before the server has started")
        return self._services

    async def start(self, services: "Services") -> None:
        """Open the rooms of lessons that were open when the process ended."""
        self._services = services
        async with services.database.read() as session:
            query = select(Lesson.id).where(Lesson.state.in_(OPEN))
            lessons = (await session.scalars(query)).all()
        for lesson_id in lessons:
            await self.follow(lesson_id)

    async def stop(self) -> None:
        """Let every room's last events be written; the lessons stay open."""
        for scribe in self._scribes.values():
            await self._end(scribe)
        for room in list(self._rooms):
            self._rooms.close(room.lesson)
        self._scribes.clear()

    def room(self, lesson_id: uuid.UUID) -> Room | None:
        """Return the media room of an open lesson."""
        scribe = self._scribes.get(lesson_id)
        return None if scribe is None else scribe.room

    @property
    def media(self) -> Rooms:
        """Return the media rooms, for the doors that lead into them."""
        return self._rooms

    def is_open(self) -> bool:
        """Return whether the media port is open."""
        return not self._rooms.worker.closed

    def counters(self) -> dict[str, int]:
        """Return the engine's totals."""
        return self._rooms.worker.counters()

    async def check_free(self, lesson_id: uuid.UUID, wanted: LessonState) -> None:
        """Raise Unavailable when no more lessons can be opened."""
        opens = wanted in OPEN and lesson_id not in self._scribes
        if opens and len(self._scribes) >= RoomLimits().rooms:
            raise Unavailable("too-many-lessons", "Too many lessons are open on this server.")

    async def follow(self, lesson_id: uuid.UUID) -> None:
        """Open, change or close the room as the lesson's state demands."""
        async with self._turn:
            async with self.services.database.read() as session:
                lesson = await session.get(Lesson, lesson_id)
            if lesson is None or lesson.state not in OPEN:
                await self._close(lesson_id)
            else:
                await self._open(lesson_id, lesson.state is LessonState.LIVE)
            self.services.metrics.lessons.set(len(self._scribes))
        for follower in self._followers:
            await follower(lesson_id, self.room(lesson_id))

    def on_follow(self, follower: Follower) -> None:
        """Call with a lesson and its room, or None, after each change of the lesson's state."""
        self._followers.append(follower)

    async def _open(self, lesson_id: uuid.UUID, live: bool) -> None:
        known = self._scribes.get(lesson_id)
        if known is not None:
            known.room.set_live(live)
            return
        view = await self.services.timelines.follow(lesson_id)
        if left_over := difference(view, None, RESTARTED):
            await self.services.timelines.happened(lesson_id, *left_over)
        try:
            room = self._rooms.open(str(lesson_id), live)
        except LimitReached as error:
            log.warning("the lesson has no room", lesson=str(lesson_id), reason=str(error))
            return
        scribe = _Scribe(room)
        scribe.stop_listening = room.subscribe_events(scribe.hear)
        room.subscribe_events(partial(self._hear, lesson_id))
        scribe.task = asyncio.create_task(self._write(lesson_id, scribe))
        self._scribes[lesson_id] = scribe

    def _hear(self, lesson_id: uuid.UUID, event: media_events.RoomEvent) -> None:
        """Tell a publisher's pages at once what is on no timeline."""
        if isinstance(event, media_events.LayersRest):
            facts = {"source": event.source.value, "rest": list(event.rids)}
            person = uuid.UUID(event.participant)
            self.services.sockets.tell_soon("layers", lesson_id, person, facts)

    async def _close(self, lesson_id: uuid.UUID) -> None:
        scribe = self._scribes.pop(lesson_id, None)
        if scribe is None:
            return
        self._rooms.close(str(lesson_id))
        await self._end(scribe)
        timelines = self.services.timelines
        view = timelines.view(lesson_id)
        left_over = difference(view, None, CloseReason.ROOM_CLOSED.value) if view else []
        if left_over:
            with contextlib.suppress(NotFound):
                await timelines.happened(lesson_id, *left_over)
        timelines.forget(lesson_id)

    async def _end(self, scribe: _Scribe) -> None:
        if scribe.stop_listening is not None:
            scribe.stop_listening()
        if scribe.task is not None:
            scribe.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await scribe.task

    async def _write(self, lesson_id: uuid.UUID, scribe: _Scribe) -> None:
        """Write a room's events as they come; while the database is away, wait with them."""
        pause = FIRST_RETRY
        while True:
            await scribe.wake.wait()
            scribe.wake.clear()
            batch = self._take(lesson_id, scribe)
            try:
                await self.services.timelines.happened(lesson_id, *batch)
            except NotFound:
                return
            except (SQLAlchemyError, OSError, Unavailable) as error:
                log.warning(
                    "events wait for the database", lesson=str(lesson_id), reason=str(error)
                )
                scribe.waiting[:0] = batch
                scribe.wake.set()
                await asyncio.sleep(pause)
                pause = min(2 * pause, LAST_RETRY)
            else:
                pause = FIRST_RETRY

    def _take(self, lesson_id: uuid.UUID, scribe: _Scribe) -> Sequence[Happening]:
        if scribe.overflown:
            scribe.overflown = False
            view = self.services.timelines.view(lesson_id) or View()
            return difference(view, scribe.room, CloseReason.LEFT.value)
        batch = list(scribe.waiting)
        scribe.waiting.clear()
        return batch

    async def recheck(self, person_id: uuid.UUID) -> None:
        """End what a person may not do any more in the lessons that are open now."""
        for lesson_id, scribe in list(self._scribes.items()):
            rights = await self._rights(person_id, lesson_id)
            self._end_media(scribe.room, str(person_id), rights)
        await self.services.hands.recheck(person_id)
        await self.services.sockets.recheck(person_id)

    async def _rights(self, person_id: uuid.UUID, lesson_id: uuid.UUID) -> frozenset[Right]:
        async with self.services.database.read() as session:
            person = await session.get(Person, person_id)
            try:
                access = await lesson_access(session, Viewer(person), lesson_id, Right.SEE)
            except Problem:
                return frozenset()
        return access.rights

    def _end_media(self, room: Room, participant: str, rights: frozenset[Right]) -> None:
        for publication in room.publications():
            needed = Right.PUBLISH if publication.turn is None else Right.WATCH
            if publication.participant == participant and needed not in rights:
                publication.close(CloseReason.LEFT)
        if Right.WATCH not in rights:
            for subscription in room.subscriptions():
                if subscription.participant == participant:
                    subscription.close(CloseReason.LEFT)
