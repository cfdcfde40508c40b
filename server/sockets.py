"""The sockets: they wake pages with events; what counts is in the timeline."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import socketio
import structlog
from aiohttp import web
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from server.access import LessonAccess, lesson_access
from server.clock import to_milliseconds
from server.commands import LessonCommand
from server.errors import BadRequest, NotAllowed, NotFound, Problem, TooMany, Unavailable
from server.hands.store import read_snapshot
from server.health import Report
from server.lesson_facts import lesson_facts
from server.limits import SOCKET_EVENTS
from server.models import Lesson, Person
from server.polls.live import Word
from server.polls.store import read_polls
from server.questions.facts import Sight
from server.questions.lists import Snapshots
from server.questions.lists import mine as own_numbers
from server.questions.run import run_in_lesson
from server.rights import Right
from server.timeline import (
    MAX_EVENTS,
    PERSON,
    TEACHERS,
    Event,
    Reader,
    read_events,
    read_view,
)
from server.viewer import COOKIE, Viewer, find_viewer, find_viewer_of
from server.voice_notes.events import snapshot as read_notes
from server.web import Body, check_body, own_origin, parse_json

if TYPE_CHECKING:
    from server.services import Services

log = structlog.get_logger(__name__)

PATH = "/socket.io/"
PING_SECONDS = 10  # with the same again to answer: a dead link is noticed within 20 s
MAX_MESSAGE = 16 * 1024  # bytes; our longest event is under one kilobyte
JOIN_SECONDS = 10  # a socket that has joined no lesson by then is closed
SWEEP_SECONDS = 2
CLOSE_SECONDS = 2  # for the goodbye to be sent
PRESENCE_SECONDS = 1.0  # presence is told at most this often per lesson
MAX_SEQ = 2**31 - 1  # what a column of both databases holds
MAX_LESSONS = 8  # joined by one socket; a page joins one
STUDENTS = "students"  # the part of a lesson's room that is not its teachers
_BINARY_EVENT, _BINARY_ACK = "5", "6"


class _StrictJson:
    """JSON as strict as that of the HTTP routes; process-wide in python-socketio."""

    @staticmethod
    def dumps(value: Any, **_options: Any) -> str:
        """Write compact JSON; a Cyrillic letter takes two bytes, not six."""
        return json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)

    @staticmethod
    def loads(text: str, **_options: Any) -> Any:
        """Read strict JSON; raises ValueError, which is what the library expects."""
        try:
            # A phone that cuts a text in the middle of an emoji must not lose its socket for it.
            return parse_json(text, mend=True)
        except BadRequest as error:
            raise ValueError(error.detail) from error


class _Server(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """A server that cuts off whoever sends what is no message of ours."""

    check_rate: Callable[[str], Awaitable[None]]
    cut: Callable[[str], None]

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        try:
            _check_message(data)
            await self.check_rate(eio_sid)
            await super()._handle_eio_message(eio_sid, data)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, TooMany) as error:
            log.info("socket closed for a bad message", socket=eio_sid, reason=str(error)[:200])
            self.cut(eio_sid)


def _check_message(data: Any) -> None:
    # We use no binary events; waiting for their attachments would only cost memory.
    if not isinstance(data, str) or data[:1] in (_BINARY_EVENT, _BINARY_ACK):
        raise ValueError("binary messages are not used here")


def _is_upgrade(request: web.Request) -> bool:
    return request.headers.get("Upgrade", "").lower() == "websocket"


class JoinLesson(Body):
    """The lesson to follow, and the number of the last event seen."""

    lesson: uuid.UUID
    since: int | None = Field(default=None, ge=0, le=MAX_SEQ)


class LeaveLesson(Body):
    """The lesson to follow no more."""

    lesson: uuid.UUID


@dataclass(slots=True)
class _Socket:
    """One connected page."""

    person: uuid.UUID
    session: bytes
    lessons: set[uuid.UUID] = field(default_factory=set)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # one wish after the other


def _rooms(lesson_id: uuid.UUID, person: uuid.UUID, rights: frozenset[Right]) -> set[str]:
    """Return the rooms of a page that follows a lesson: all, its own part, its person."""
    part = TEACHERS if Right.MODERATE in rights else STUDENTS
    return {str(lesson_id), f"{lesson_id}:{part}", f"{lesson_id}:{person}"}


def _parts(event: Event) -> Iterator[tuple[str, int]]:
    """Yield who is told, and the event that they were told before; all at once where they can."""
    if event.audience == PERSON:
        yield str(event.person), event.seq - 1
    elif event.audience == TEACHERS:
        yield TEACHERS, event.after_teachers
    elif event.after_all == event.after_teachers:
        yield "", event.after_all
    else:
        yield STUDENTS, event.after_all
        yield TEACHERS, event.after_teachers


class Sockets:
    """Who follows which lesson, and the telling of it."""

    def __init__(self) -> None:
        self._sio = _Server(
            async_mode="aiohttp",
            cors_allowed_origins=[],  # our own check stands before the library
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            max_http_buffer_size=MAX_MESSAGE,
            json=_StrictJson,
        )
        self._sio.check_rate = self._check_rate
        self._sio.cut = self._cut
        self._sio.on("connect", self._on_connect)
        self._sio.on("disconnect", self._on_disconnect)
        self._sio.on("join", self._on_join)
        self._sio.on("leave", self._on_leave)
        self._sio.on("command", self._on_command)
        self._sio.on("report", self._on_report)
        self._sio.on("pulse", self._on_pulse)
        self._sockets: dict[str, _Socket] = {}
        self._seen: dict[str, float] = {}
        self._joined: set[str] = set()  # Engine.IO ids, which outlive no reconnect
        self._upgrades: dict[str, web.Request] = {}
        self._snapshots = Snapshots()
        self._telling: dict[uuid.UUID, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False
        self._services: Services | None = None

    @property
    def services(self) -> "Services":
        """Return the parts of the running server."""
        if self._services is None:
            raise RuntimeError("the sockets are used before the server has started")
        return self._services

    def start(self, services: "Services") -> None:
        """Begin to tell events and to close sockets that never join."""
        self._services = services
        services.timelines.on_event(self._tell_event)
        self._spawn(self._sweep_forever())

    async def stop(self) -> None:
        """Close every socket; safe to call twice."""
        if self._stopped:
            return
        self._stopped = True
        for timer in self._telling.values():
            timer.cancel()
        self._telling.clear()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(self._close(eio_sid) for eio_sid in list(self._sio.eio.sockets)))
        await self._sio.shutdown()

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request of the Socket.IO client after checking where it comes from."""
        self._check_origin(request)
        if _is_upgrade(request) and (eio_sid := request.query.get("sid")) in self._sio.eio.sockets:
            self._upgrades[str(eio_sid)] = request
        response: web.StreamResponse = await self._sio.handle_request(request)
        return response

    def _check_origin(self, request: web.Request) -> None:
        own = own_origin(request, self.services.settings)
        origin = request.headers.get("Origin")
        if origin is None and not _is_upgrade(request):
            if request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none"):
                return
        elif origin == own:
            return
        raise NotAllowed("cross-site", "Sockets are opened by our own pages only.")

    # --- what pages send --------------------------------------------------------------------

    async def _check_rate(self, eio_sid: str) -> None:
        await self.services.limits.take(SOCKET_EVENTS, eio_sid)

    async def _on_connect(self, sid: str, environ: dict[str, Any], _auth: Any = None) -> None:
        request: web.Request = environ["aiohttp.request"]
        viewer = await self._guarded(find_viewer(self.services, request.cookies.get(COOKIE)))
        if viewer is None or viewer.person is None or viewer.session is None:
            code = "unavailable" if viewer is None else "not-signed-in"
            raise socketio.exceptions.ConnectionRefusedError(code)
        self._sockets[sid] = _Socket(viewer.person.id, viewer.session)
        self.services.metrics.sockets.set(len(self._sockets))

    async def _guarded(self, question: Awaitable[Viewer]) -> Viewer | None:
        try:
            return await question
        except (SQLAlchemyError, OSError, Unavailable):
            log.warning("a socket could not be checked: the database does not answer")
            return None

    async def _on_disconnect(self, sid: str, _reason: Any = None) -> None:
        socket = self._sockets.pop(sid, None)
        if socket is None:
            return
        self.services.metrics.sockets.set(len(self._sockets))
        for lesson_id in socket.lessons:
            self.services.presence.leave(lesson_id, socket.person)
            self._presence_changed(lesson_id)

    async def _on_join(self, sid: str, data: Any = None, *_rest: Any) -> dict[str, Any]:
        return await self._answered(self._join, sid, data)

    async def _on_leave(self, sid: str, data: Any = None, *_rest: Any) -> dict[str, Any]:
        return await self._answered(self._leave, sid, data)

    async def _on_command(self, sid: str, data: Any = None, *_rest: Any) -> dict[str, Any]:
        return await self._answered(self._command, sid, data)

    async def _on_report(self, sid: str, data: Any = None, *_rest: Any) -> dict[str, Any]:
        return await self._answered(self._report, sid, data)

    async def _on_pulse(self, sid: str, data: Any = None, *_rest: Any) -> dict[str, Any]:
        return await self._answered(self._pulse, sid, data)

    async def _answered(
        self, work: Callable[[str, Any], Awaitable[dict[str, Any]]], sid: str, data: Any
    ) -> dict[str, Any]:
        try:
            return {"ok": True, **await work(sid, data)}
        except Problem as problem:
            self.services.metrics.refused.labels(problem.code).inc()
            return {"ok": False, "error": problem.short()}
        except (SQLAlchemyError, OSError) as error:
            log.warning("a socket's event failed: the database does not answer", error=str(error))
            sentence = "The database does not answer just now."
            return {"ok": False, "error": {"code": "database-unavailable", "detail": sentence}}
        except Exception:  # the page must not wait for ever for its answer
            log.exception("a socket's event failed")
            sentence = "Something went wrong on our side; it has been logged."
            return {"ok": False, "error": {"code": "internal", "detail": sentence}}

    async def _join(self, sid: str, data: Any) -> dict[str, Any]:
        wish = check_body(data, JoinLesson)
        # In turn, so that a page that asks in a flood never holds more than one connection to the
        # database; it may be gone when its turn has come.
        async with self._known(sid).turn:
            return await self._join_in_turn(sid, self._known(sid), wish)

    async def _join_in_turn(self, sid: str, socket: _Socket, wish: JoinLesson) -> dict[str, Any]:
        viewer = await find_viewer_of(self.services, socket.session)
        viewer.must_be_somebody()
        if wish.lesson not in socket.lessons and len(socket.lessons) >= MAX_LESSONS:
            raise TooMany("too-many-lessons", "Leave a lesson first.", retry_after=1)
        async with self.services.database.read() as session:
            access = await lesson_access(session, viewer, wish.lesson, Right.SEE)
        # Following before reading: an event committed in between arrives twice, never not at all.
        await self._follow(sid, socket, access)
        return await self._snapshot(socket, viewer, wish)

    async def _follow(self, sid: str, socket: _Socket, access: LessonAccess) -> None:
        lesson_id = access.lesson.id
        rooms = _rooms(lesson_id, socket.person, access.rights)
        for part in (TEACHERS, STUDENTS):
            if (room := f"{lesson_id}:{part}") not in rooms:
                await self._sio.leave_room(sid, room)
        for room in rooms:
            await self._sio.enter_room(sid, room)

    async def _command(self, sid: str, data: Any) -> dict[str, Any]:
        command = check_body(data, LessonCommand)
        socket = self._known(sid)
        async with socket.turn:
            viewer = await find_viewer_of(self.services, socket.session)
            return dict(await run_in_lesson(self.services, viewer, command))

    async def _report(self, sid: str, data: Any) -> dict[str, Any]:
        report = check_body(data, Report)
        socket = self._student(sid, report.lesson)
        self.services.classes.report(socket.person, sid, report)
        return {}

    async def _pulse(self, sid: str, data: Any) -> dict[str, Any]:
        word = check_body(data, Word)
        socket = self._student(sid, word.lesson)
        self.services.classes.say(socket.person, word)
        own = self.services.classes.own(word.lesson, socket.person)
        await self.tell_person("felt", word.lesson, socket.person, {"own": own})
        return {}

    def _student(self, sid: str, lesson_id: uuid.UUID) -> _Socket:
        """Return the socket of somebody who watches a lesson as a student; asks no database."""
        socket = self._known(sid)
        if lesson_id not in socket.lessons:
            raise NotFound
        if socket.person not in self.services.presence.students(lesson_id):
            raise NotAllowed
        return socket

    def _known(self, sid: str) -> _Socket:
        socket = self._sockets.get(sid)
        if socket is None:
            raise Unavailable("socket-closed", "The socket is closed.")
        return socket

    async def _snapshot(self, socket: _Socket, viewer: Viewer, wish: JoinLesson) -> dict[str, Any]:
        services, lesson_id = self.services, wish.lesson
        async with services.database.read() as session:
            access = await lesson_access(session, viewer, lesson_id, Right.SEE)
            facts = await lesson_facts(session, access)
            known = services.timelines.view(lesson_id) or await read_view(session, lesson_id)
            view = known.copy()
            # What is read after this is at least as new as both; events told again do no harm.
            view.seq = min(view.seq, access.lesson.last_seq)
            reader = Reader(socket.person, Right.MODERATE in access.rights)
            since = view.seq if wish.since is None else wish.since
            events = await read_events(session, lesson_id, since, MAX_EVENTS, reader)
            whole = wish.since is None or wish.since > view.seq or len(events) == MAX_EVENTS
            sight = Sight(reader.person, reader.teacher)
            asked = await self._questions(session, access.lesson, sight) if whole else None
            mine = await own_numbers(session, access.lesson, sight)
            hands = await read_snapshot(
                session, access.lesson, socket.person, teacher=reader.teacher
            )
            polls = await read_polls(session, access.lesson, socket.person, teacher=reader.teacher)
            notes = await read_notes(session, lesson_id, socket.person, teacher=reader.teacher)
        if lesson_id not in socket.lessons:
            socket.lessons.add(lesson_id)
            services.presence.enter(lesson_id, socket.person, access.rights)
            self._presence_changed(lesson_id)
        present = services.presence.present(lesson_id)
        return {
            "seq": view.seq,
            "lesson": facts,
            "sources": view.sources,
            "slots": view.slots,
            "present": {"students": present.students, "teachers": present.teachers},
            "events": [event.to_json() for event in events if event.seq <= view.seq],
            "questions": asked,
            "my": mine,
            "hands": hands,
            "notes": notes,
            "class": {"polls": polls, **self._class(lesson_id, reader)},
        }

    def _class(self, lesson_id: uuid.UUID, reader: Reader) -> dict[str, Any]:
        classes = self.services.classes
        if reader.teacher:
            return {"pulse": classes.pulse(lesson_id), "health": classes.health(lesson_id)}
        own = None if reader.person is None else classes.own(lesson_id, reader.person)
        return {"own": own}

    async def _questions(
        self, session: AsyncSession, lesson: Lesson, sight: Sight
    ) -> dict[str, Any]:
        now_ms = to_milliseconds(self.services.clock.now())
        return await self._snapshots.of(session, lesson, sight, now_ms)

    async def _leave(self, sid: str, data: Any) -> dict[str, Any]:
        lesson_id = check_body(data, LeaveLesson).lesson
        await self._take_out(sid, self._known(sid), lesson_id)
        return {}

    async def _take_out(self, sid: str, socket: _Socket, lesson_id: uuid.UUID) -> None:
        if lesson_id not in socket.lessons:
            return
        socket.lessons.discard(lesson_id)
        for room in _rooms(lesson_id, socket.person, frozenset()) | {f"{lesson_id}:{TEACHERS}"}:
            await self._sio.leave_room(sid, room)
        self.services.presence.leave(lesson_id, socket.person)
        self._presence_changed(lesson_id)

    # --- what pages are told ----------------------------------------------------------------

    async def _tell_event(self, event: Event) -> None:
        self.services.metrics.events.labels(event.kind).inc()
        for part, after in _parts(event):
            room = f"{event.lesson}:{part}" if part else str(event.lesson)
            await self._sio.emit("event", event.to_json(after), room=room)

    async def tell_mine(
        self, lesson_id: uuid.UUID, person: uuid.UUID, voted: Mapping[str, bool]
    ) -> None:
        """Tell a person's pages what they voted for on one of them."""
        body = {"lesson": str(lesson_id), "voted": dict(voted)}
        await self._sio.emit("mine", body, room=f"{lesson_id}:{person}")

    async def tell_teachers(self, name: str, lesson_id: uuid.UUID, facts: dict[str, Any]) -> None:
        """Tell the teachers' pages something that is on no timeline."""
        body = {"lesson": str(lesson_id), **facts}
        await self._sio.emit(name, body, room=f"{lesson_id}:{TEACHERS}")

    async def tell_all(self, name: str, lesson_id: uuid.UUID, facts: dict[str, Any]) -> None:
        """Tell all pages of a lesson something that is on no timeline."""
        await self._sio.emit(name, {"lesson": str(lesson_id), **facts}, room=str(lesson_id))

    async def tell_person(
        self, name: str, lesson_id: uuid.UUID, person: uuid.UUID, facts: dict[str, Any]
    ) -> None:
        """Tell one person's pages something that is on no timeline."""
        body = {"lesson": str(lesson_id), **facts}
        await self._sio.emit(name, body, room=f"{lesson_id}:{person}")

    def _presence_changed(self, lesson_id: uuid.UUID) -> None:
        if lesson_id not in self._telling:
            loop = asyncio.get_running_loop()
            self._telling[lesson_id] = loop.call_later(
                PRESENCE_SECONDS, self._tell_presence, lesson_id
            )

    def _tell_presence(self, lesson_id: uuid.UUID) -> None:
        self._telling.pop(lesson_id, None)
        present = self.services.presence.present(lesson_id)
        body = {
            "lesson": str(lesson_id),
            "students": present.students,
            "teachers": present.teachers,
        }
        self._spawn(self._sio.emit("presence", body, room=str(lesson_id)))

    # --- whom we cut off --------------------------------------------------------------------

    def _cut(self, eio_sid: str | None) -> None:
        """Close a socket without waiting for whoever is at its other end."""
        if eio_sid is not None:
            self._spawn(self._close(eio_sid))

    async def _close(self, eio_sid: str) -> None:
        first = self._sio.environ.get(eio_sid, {}).get("aiohttp.request")
        requests = [first, self._upgrades.pop(eio_sid, None)]
        polite = True
        try:
            # The library waits until everything is sent, which a silent reader never lets happen.
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._sio.eio.disconnect(eio_sid)
        except TimeoutError:
            polite = False
        for request in requests:
            # Who ignores our goodbye could go on sending: the connection itself has to end.
            if request is not None and _is_upgrade(request) and request.transport is not None:
                (request.transport.close if polite else request.transport.abort)()

    async def drop_session(self, session: bytes) -> None:
        """Close the sockets of a session that has ended."""
        for sid, socket in list(self._sockets.items()):
            if socket.session == session:
                self._cut(self._sio.manager.eio_sid_from_sid(sid, "/"))

    async def recheck(self, person_id: uuid.UUID) -> None:
        """Take a person's sockets out of lessons they may not see any more."""
        for sid, socket in list(self._sockets.items()):
            if socket.person == person_id:
                await self._recheck(sid, socket)

    async def _recheck(self, sid: str, socket: _Socket) -> None:
        for lesson_id in list(socket.lessons):
            async with self.services.database.read() as session:
                viewer = Viewer(await session.get(Person, socket.person), socket.session)
                try:
                    access = await lesson_access(session, viewer, lesson_id, Right.WATCH)
                except Problem:
                    await self._take_out(sid, socket, lesson_id)
                    await self._sio.emit("removed", {"lesson": str(lesson_id)}, to=sid)
                    continue
            presence = self.services.presence
            presence.leave(lesson_id, socket.person)
            presence.enter(lesson_id, socket.person, access.rights)
            await self._follow(sid, socket, access)
            await self._sio.emit("rights", {"lesson": str(lesson_id)}, to=sid)

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            await self.sweep(asyncio.get_running_loop().time())

    async def sweep(self, now: float) -> None:
        """Close the sockets that had their time and joined nothing; `now` is the loop's time."""
        alive = set(self._sio.eio.sockets)
        joined = {
            self._sio.manager.eio_sid_from_sid(sid, "/")
            for sid, socket in self._sockets.items()
            if socket.lessons
        }
        self._joined = (self._joined | joined) & alive
        self._upgrades = {key: one for key, one in self._upgrades.items() if key in alive}
        self._seen = {eio_sid: self._seen.get(eio_sid, now) for eio_sid in alive}
        for eio_sid, since in self._seen.items():
            if eio_sid not in self._joined and now - since > JOIN_SECONDS:
                self._cut(eio_sid)
