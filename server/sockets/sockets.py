"""Who may open a socket, and what pages ask for over it."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import socketio
import structlog
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from server.access import follower_access, lesson_access
from server.commands import LessonCommand
from server.errors import NotAllowed, NotFound, Problem, TooMany, Unavailable
from server.health import Report
from server.limits import SOCKET_EVENTS
from server.models import Person
from server.polls.live import Word
from server.questions.run import run_in_lesson
from server.rights import Right
from server.sockets.following import Page
from server.sockets.library import Server, is_upgrade
from server.sockets.outgoing import Message
from server.sockets.own import Own, read_own
from server.sockets.snapshot import JoinLesson, Snapshots
from server.sockets.telling import Telling
from server.timeline import Event
from server.viewer import COOKIE, Viewer, find_viewer, find_viewer_of
from server.web import Body, check_body, own_origin

if TYPE_CHECKING:
    from server.services import Services

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 2
PRESENCE_SECONDS = 1.0  # presence is told at most this often per lesson
MAX_LESSONS = 8  # joined by one socket; a page joins one

Answer = dict[str, Any]


class LeaveLesson(Body):
    """The lesson to follow no more."""

    lesson: uuid.UUID


class Sockets(Telling):
    """The sockets of all pages."""

    def __init__(self) -> None:
        super().__init__(self._cut)
        self._sio = Server(self._check_rate)
        self._sio.on("connect", self._on_connect)
        self._sio.on("disconnect", self._on_disconnect)
        for name, work in (
            ("join", self._join),
            ("leave", self._leave),
            ("command", self._command),
            ("report", self._report),
            ("pulse", self._pulse),
        ):
            self._sio.on(name, self._answering(work))
        self._snapshots = Snapshots(self.told)
        self._timers: dict[uuid.UUID, asyncio.TimerHandle] = {}
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
        services.timelines.on_event(self._tell_recorded)
        self._spawn(self._sweep_forever())

    async def stop(self) -> None:
        """Close every socket; safe to call twice."""
        if self._stopped:
            return
        self._stopped = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._sio.close()

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request of the Socket.IO client after checking where it comes from."""
        self._check_origin(request)
        response: web.StreamResponse = await self._sio.handle_request(request)
        return response

    def _check_origin(self, request: web.Request) -> None:
        own = own_origin(request, self.services.settings)
        origin = request.headers.get("Origin")
        if origin is None and not is_upgrade(request):
            if request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none"):
                return
        elif origin == own:
            return
        raise NotAllowed("cross-site", "Sockets are opened by our own pages only.")

    # --- coming and going -------------------------------------------------------------------

    async def _check_rate(self, eio_sid: str) -> None:
        await self.services.limits.take(SOCKET_EVENTS, eio_sid)

    async def _on_connect(self, sid: str, environ: dict[str, Any], _auth: Any = None) -> None:
        request: web.Request = environ["aiohttp.request"]
        viewer = await self._guarded(find_viewer(self.services, request.cookies.get(COOKIE)))
        if viewer is None or viewer.person is None or viewer.session is None:
            code = "unavailable" if viewer is None else "not-signed-in"
            raise socketio.exceptions.ConnectionRefusedError(code)
        eio_sid, way = self._sio.way_to(sid)
        self._pages.add(Page(sid, eio_sid, way, viewer.person.id, viewer.session))
        self.services.metrics.sockets.set(len(self._pages))

    async def _guarded(self, question: Awaitable[Viewer]) -> Viewer | None:
        try:
            return await question
        except (SQLAlchemyError, OSError, Unavailable):
            log.warning("a socket could not be checked: the database does not answer")
            return None

    async def _on_disconnect(self, sid: str, _reason: Any = None) -> None:
        page = self._pages.remove(sid)
        if page is None:
            return
        self.services.metrics.sockets.set(len(self._pages))
        for lesson_id in page.lessons:
            self.services.presence.leave(lesson_id, page.person)
            self._presence_changed(lesson_id)

    def _known(self, sid: str) -> Page:
        page = self._pages.get(sid)
        if page is None:
            raise Unavailable("socket-closed", "The socket is closed.")
        return page

    # --- what pages send --------------------------------------------------------------------

    def _answering(
        self, work: Callable[[str, Any], Awaitable[Answer]]
    ) -> Callable[..., Awaitable[Answer]]:
        """Return a handler of the library's that always answers."""

        async def handle(sid: str, data: Any = None, *_rest: Any) -> Answer:
            return await self._answered(work, sid, data)

        return handle

    async def _answered(
        self, work: Callable[[str, Any], Awaitable[Answer]], sid: str, data: Any
    ) -> Answer:
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

    async def _join(self, sid: str, data: Any) -> Answer:
        wish = check_body(data, JoinLesson)
        # In turn, so that a page that asks in a flood never holds more than one connection to the
        # database; it may be gone when its turn has come.
        async with self._known(sid).turn:
            return await self._join_in_turn(self._known(sid), wish)

    async def _join_in_turn(self, page: Page, wish: JoinLesson) -> Answer:
        services, lesson_id = self.services, wish.lesson
        if lesson_id not in page.lessons and len(page.lessons) >= MAX_LESSONS:
            raise TooMany("too-many-lessons", "Leave a lesson first.", retry_after=1)
        told, now = self.told(lesson_id), services.clock.now()
        async with services.database.read() as session:
            access = await follower_access(session, page.session, lesson_id, now)
            own: Own | None = await read_own(session, access.lesson, page.person)
        # Following before reading on: an event that comes in between arrives twice, never not.
        self._follow(page, lesson_id, access.rights)
        if told != self.told(lesson_id):
            own = None  # what was told before this page followed may have been its own
        answer = await self._snapshots.read(services, access, page.person, own, wish.since)
        self._known(page.sid)  # who has left meanwhile is counted nowhere
        self._enter(page, lesson_id, access.rights)
        present = services.presence.present(lesson_id)
        answer["present"] = {"students": present.students, "teachers": present.teachers}
        return answer

    def _follow(self, page: Page, lesson_id: uuid.UUID, rights: frozenset[Right]) -> None:
        self._known(page.sid)
        self._pages.follow(page, lesson_id, teacher=Right.MODERATE in rights)

    def _enter(self, page: Page, lesson_id: uuid.UUID, rights: frozenset[Right]) -> None:
        if lesson_id not in page.lessons:
            page.lessons.add(lesson_id)
            self.services.presence.enter(lesson_id, page.person, rights)
            self._presence_changed(lesson_id)

    async def _leave(self, sid: str, data: Any) -> Answer:
        lesson_id = check_body(data, LeaveLesson).lesson
        self._take_out(self._known(sid), lesson_id)
        return {}

    def _take_out(self, page: Page, lesson_id: uuid.UUID) -> None:
        self._pages.leave(page, lesson_id)
        if lesson_id in page.lessons:
            page.lessons.discard(lesson_id)
            self.services.presence.leave(lesson_id, page.person)
            self._presence_changed(lesson_id)

    async def _command(self, sid: str, data: Any) -> Answer:
        command = check_body(data, LessonCommand)
        page = self._known(sid)
        async with page.turn:
            viewer = await find_viewer_of(self.services, page.session)
            return dict(await run_in_lesson(self.services, viewer, command))

    async def _report(self, sid: str, data: Any) -> Answer:
        report = check_body(data, Report)
        page = self._student(sid, report.lesson)
        self.services.classes.report(page.person, sid, report)
        return {}

    async def _pulse(self, sid: str, data: Any) -> Answer:
        word = check_body(data, Word)
        page = self._student(sid, word.lesson)
        self.services.classes.say(page.person, word)
        own = self.services.classes.own(word.lesson, page.person)
        await self.tell_person("felt", word.lesson, page.person, {"own": own})
        return {}

    def _student(self, sid: str, lesson_id: uuid.UUID) -> Page:
        """Return the page of somebody who watches a lesson as a student; asks no database."""
        page = self._known(sid)
        if lesson_id not in page.lessons:
            raise NotFound
        if page.person not in self.services.presence.students(lesson_id):
            raise NotAllowed
        return page

    # --- what pages are told ----------------------------------------------------------------

    async def _tell_recorded(self, event: Event) -> None:
        self.services.metrics.events.labels(event.kind).inc()
        await self.tell_event(event)

    def tell_soon(
        self, name: str, lesson_id: uuid.UUID, person: uuid.UUID, facts: dict[str, Any]
    ) -> None:
        """Tell one person's pages something that is on no timeline, without waiting for it."""
        self._spawn(self.tell_person(name, lesson_id, person, facts))

    def _presence_changed(self, lesson_id: uuid.UUID) -> None:
        if lesson_id not in self._timers:
            loop = asyncio.get_running_loop()
            self._timers[lesson_id] = loop.call_later(
                PRESENCE_SECONDS, self._tell_presence, lesson_id
            )

    def _tell_presence(self, lesson_id: uuid.UUID) -> None:
        self._timers.pop(lesson_id, None)
        present = self.services.presence.present(lesson_id)
        self._spawn(self.tell_presence(lesson_id, present))

    # --- whom we cut off --------------------------------------------------------------------

    def _cut(self, page: Page) -> None:
        self._sio.cut(page.eio_sid)

    async def drop_session(self, session: bytes) -> None:
        """Close the sockets of a session that has ended."""
        for page in self._pages:
            if page.session == session:
                self._cut(page)

    async def recheck(self, person_id: uuid.UUID) -> None:
        """Take a person's sockets out of lessons they may not see any more."""
        for page in self._pages.of(person_id):
            for lesson_id in list(page.lessons):
                await self._recheck(page, lesson_id)

    async def _recheck(self, page: Page, lesson_id: uuid.UUID) -> None:
        lesson = {"lesson": str(lesson_id)}
        async with self.services.database.read() as session:
            person = await session.get(Person, page.person)
            viewer = Viewer(person, page.session, self.services.clock.now())
            try:
                access = await lesson_access(session, viewer, lesson_id, Right.WATCH)
            except Problem:
                self._take_out(page, lesson_id)
                self._tell([page], Message("removed", lesson))
                return
        if lesson_id not in page.lessons or self._pages.get(page.sid) is None:
            return  # gone while the database was asked
        presence = self.services.presence
        presence.leave(lesson_id, page.person)
        presence.enter(lesson_id, page.person, access.rights)
        self._follow(page, lesson_id, access.rights)
        self._tell([page], Message("rights", lesson))

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            await self.sweep(asyncio.get_running_loop().time())

    async def sweep(self, now: float) -> None:
        """Close the sockets that had their time and joined nothing; `now` is the loop's time."""
        self._sio.sweep(now, {page.eio_sid for page in self._pages if page.lessons})
