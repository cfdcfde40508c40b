"""What teachers are told of a class while it happens: coalesced, in memory, on no timeline."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError

from server.errors import Problem
from server.health import ClassHealth, Path, Report, same
from server.models import LessonState
from server.paths import Paths
from server.polls.pulse import Feeling, Said, feel, left
from server.polls.store import read_open
from server.rounds import Rounds
from server.timeline import ENDED, Event
from server.web import Body

if TYPE_CHECKING:
    from server.services import Services

log = structlog.get_logger(__name__)

LIVE = f"lesson.{LessonState.LIVE.value}"
TELL_SECONDS = 0.25  # four times a second looks like at once
# With pages that report every 5 s teachers know within 7 s that somebody does not hear them.
LOOK_SECONDS = 2.0


class Word(Body):
    """What a student says of the lesson just now; null takes it back."""

    lesson: uuid.UUID
    value: str | None = Field(default=None, pattern="^(understood|lost)$")


@dataclass(slots=True)
class _Class:
    health: ClassHealth = field(default_factory=ClassHealth)
    paths: Paths = field(default_factory=Paths)
    seen_paths: Mapping[uuid.UUID, Sequence[Path]] = field(default_factory=dict)
    words: dict[uuid.UUID, Said] = field(default_factory=dict)
    told_health: dict[str, Any] | None = None
    told_pulse: dict[str, Any] | None = None


class Classes:
    """The classes of the open lessons."""

    def __init__(self) -> None:
        self._classes: dict[uuid.UUID, _Class] = {}
        self._timers: dict[tuple[uuid.UUID, str], asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._rounds = Rounds("classes", LOOK_SECONDS, self.look)
        self._services: Services | None = None

    @property
    def services(self) -> "Services":
        """Return the parts of the running server."""
        if self._services is None:
            raise RuntimeError("the classes are used before the server has started")
        return self._services

    def start(self, services: "Services") -> None:
        """Begin to look at the classes."""
        self._services = services
        self._rounds.start()

    async def stop(self) -> None:
        """Tell nothing more."""
        await self._rounds.stop()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def hear(self, event: Event) -> None:
        """Begin anew when a lesson begins: who waited for it has not lost it; and when it ends."""
        if event.kind in (LIVE, ENDED):
            self._classes.pop(event.lesson, None)

    def report(self, person: uuid.UUID, page: str, report: Report) -> None:
        """Take in how a student's page receives the lesson."""
        now_ms = self.services.clock.steady_ms()
        self._class(report.lesson).health.heard(person, page, report, now_ms)

    def say(self, person: uuid.UUID, word: Word) -> None:
        """Take in what a student says of the lesson; a new word takes the place of the old."""
        words = self._class(word.lesson).words
        if word.value is None:
            words.pop(person, None)
        else:
            words[person] = Said(Feeling(word.value), self.services.clock.steady_ms())
        self.soon(word.lesson, "pulse", self._tell_pulse)

    def _class(self, lesson_id: uuid.UUID) -> _Class:
        return self._classes.setdefault(lesson_id, _Class())

    def own(self, lesson_id: uuid.UUID, person: uuid.UUID) -> dict[str, Any] | None:
        """Return what a student said and for how many milliseconds it still counts."""
        here = self._classes.get(lesson_id)
        said = None if here is None else here.words.get(person)
        rest = left(said, self.services.clock.steady_ms())
        return {"value": said.feeling.value, "left": rest} if said is not None and rest else None

    def pulse(self, lesson_id: uuid.UUID) -> dict[str, Any]:
        """Return the pulse of a class; words that count no more are forgotten."""
        here = self._classes.get(lesson_id)
        now_ms = self.services.clock.steady_ms()
        if here is None:
            return feel({}, now_ms)
        here.words = {one: said for one, said in here.words.items() if left(said, now_ms)}
        return feel(here.words, now_ms)

    def health(self, lesson_id: uuid.UUID) -> dict[str, Any]:
        """Return how the students do who are here."""
        here = self._classes.get(lesson_id) or _Class()
        present = self.services.presence.students(lesson_id)
        return here.health.look(present, self.services.clock.steady_ms(), here.seen_paths)

    # --- telling ----------------------------------------------------------------------------

    def soon(
        self, lesson_id: uuid.UUID, what: str, tell: Callable[[uuid.UUID], Awaitable[None]]
    ) -> None:
        """Tell something of a lesson soon, once for all that happens until then."""
        key = (lesson_id, what)
        if key in self._timers:
            return

        def now() -> None:
            del self._timers[key]
            self._spawn(self._safely(tell, lesson_id))

        self._timers[key] = asyncio.get_running_loop().call_later(TELL_SECONDS, now)

    async def _safely(
        self, tell: Callable[[uuid.UUID], Awaitable[None]], lesson_id: uuid.UUID
    ) -> None:
        try:
            await tell(lesson_id)
        except Problem:
            return  # the lesson is gone
        except (SQLAlchemyError, OSError) as error:
            log.warning("a class is not told just now", lesson=str(lesson_id), reason=str(error))
        except Exception:  # one lesson's trouble must not silence the others
            log.exception("a class could not be told")

    async def _tell_pulse(self, lesson_id: uuid.UUID) -> None:
        here = self._class(lesson_id)
        pulse = self.pulse(lesson_id)
        if here.told_pulse == pulse:
            return
        here.told_pulse = pulse
        await self.services.sockets.tell_teachers("pulse", lesson_id, pulse)

    def poll_changed(self, lesson_id: uuid.UUID) -> None:
        """Tell soon how the open poll stands."""
        self.soon(lesson_id, "poll", self._tell_poll)

    async def _tell_poll(self, lesson_id: uuid.UUID) -> None:
        async with self.services.database.read() as session:
            found = await read_open(session, lesson_id)
        for poll, counts in found:
            body = {"poll": {"number": poll.number, **counts.to_json()}}
            sockets = self.services.sockets
            await (sockets.tell_all if poll.shown else sockets.tell_teachers)(
                "poll", lesson_id, body
            )

    async def tell_voted(
        self, lesson_id: uuid.UUID, person: uuid.UUID, voted: Mapping[str, list[int]]
    ) -> None:
        """Tell a person's pages what they chose on one of them."""
        await self.services.sockets.tell_person("voted", lesson_id, person, {"voted": voted})

    async def _tell_health(self, lesson_id: uuid.UUID) -> None:
        here = self._class(lesson_id)
        room = self.services.rooms.room(lesson_id)
        here.seen_paths = {} if room is None else await here.paths.look(room)
        health = self.health(lesson_id)
        if same(here.told_health, health):
            return
        here.told_health = health
        await self.services.sockets.tell_teachers("health", lesson_id, health)

    async def look(self) -> None:
        """Tell teachers of every class what has changed by itself."""
        open_now = self.services.presence.lessons()
        for gone in self._classes.keys() - open_now:
            del self._classes[gone]
        for lesson_id in open_now:
            await self._safely(self._tell_pulse, lesson_id)
            await self._safely(self._tell_health, lesson_id)
