"""The live side of voice notes: the media follow what is told, and their end is told."""

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from media.errors import MediaError
from media.playback import Playback, play
from server.errors import NotFound, Unavailable
from server.lesson_state import OPEN
from server.models import Lesson
from server.timeline import Addressed, Event, position_now
from server.voice_notes import sound, store
from server.voice_notes.events import played
from server.voice_notes.shelf import Shelf
from server.voice_notes.sound import NotUsable
from server.voice_notes.states import KEPT, Reason, State, Step
from server.voice_notes.tables import VoiceNote

if TYPE_CHECKING:
    from server.services import Services

log = structlog.get_logger(__name__)

THREADS = 2  # 30 s of sound take a second of one; the lesson's own work is worth more
MAX_WAITING = 64  # pieces and recordings; each has a page behind it that tries again
RETRY_SECONDS = 2
KEEP_UPLOADS = timedelta(days=1)  # that never became whole
PARTICIPANT = "voice-note:"  # with the number: nobody's id, so nobody seems to be here

T = TypeVar("T")


class VoiceNotes:
    """What is on air in each lesson, and the threads that touch files and sound."""

    def __init__(self, data: Path) -> None:
        self.shelf = Shelf(data)
        self.turns: dict[uuid.UUID, asyncio.Lock] = {}  # of the uploads that are served now
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="voice-notes")
        self._waiting = 0
        self._wanted: dict[uuid.UUID, uuid.UUID] = {}  # by lesson, the note that is played
        self._playing: dict[uuid.UUID, Playback] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._services: Services | None = None

    @property
    def services(self) -> "Services":
        """Return the parts of the running server."""
        if self._services is None:
            raise RuntimeError("the voice notes are used before the server has started")
        return self._services

    async def start(self, services: "Services") -> None:
        """Say that what was on air when the process ended is so no more."""
        self._services = services
        async with services.database.read() as session:
            left_over = await store.all_on_air(session)
        for lesson, note in left_over:
            await self._note_end(lesson, note, Reason.SERVER_RESTARTED)

    async def stop(self) -> None:
        """End the threads and what is on air."""
        self._wanted.clear()
        for playback in list(self._playing.values()):
            playback.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do what blocks in a thread; raises Unavailable when too much waits."""
        if self._waiting >= MAX_WAITING:
            raise Unavailable(
                "busy", "Many voice notes arrive just now.", retry_after=RETRY_SECONDS
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._waiting -= 1

    # --- on air -----------------------------------------------------------------------------

    async def hear(self, event: Event) -> None:
        """Let the media follow an event as soon as it is committed."""
        note = event.payload.get("note")
        if self._services is None or not isinstance(note, dict):
            return
        if event.kind == "note.playing":
            self._end(event.lesson)
            self._wanted[event.lesson] = uuid.UUID(note["id"])
            self._spawn(self._begin(event.lesson, self._wanted[event.lesson], note["number"]))
        elif event.kind == "note.played":
            self._end(event.lesson)

    def _end(self, lesson: uuid.UUID) -> None:
        self._wanted.pop(lesson, None)
        playback = self._playing.pop(lesson, None)
        if playback is not None:
            playback.stop()

    async def _begin(self, lesson: uuid.UUID, note: uuid.UUID, number: int) -> None:
        try:
            payloads = await self.run(self._packets, lesson, note)
        except (OSError, NotUsable, Unavailable) as error:
            log.warning("a voice note can not be played", note=str(note), reason=str(error))
            await self._note_end(lesson, note, Reason.NO_SOUND)
            return
        if self._wanted.get(lesson) == note:
            await self._play(lesson, note, number, payloads)

    def _packets(self, lesson: uuid.UUID, note: uuid.UUID) -> list[bytes]:
        return sound.packets(self.shelf.read(lesson, note))

    async def _play(
        self, lesson: uuid.UUID, note: uuid.UUID, number: int, payloads: Sequence[bytes]
    ) -> None:
        room = self.services.rooms.room(lesson)
        try:
            if room is None:
                await self._note_end(lesson, note, Reason.LESSON_ENDED)
                return
            playback = play(room, f"{PARTICIPANT}{number}", payloads)
        except MediaError as error:
            log.info("a voice note is not played", note=str(note), reason=str(error))
            await self._note_end(lesson, note, Reason.TURN)
            return
        self._playing[lesson] = playback
        playback.on_end(partial(self._handle_end, lesson, note))

    def _handle_end(self, lesson: uuid.UUID, note: uuid.UUID, whole: bool) -> None:
        """Take note of an end that nobody has told yet."""
        if self._wanted.get(lesson) != note:
            return
        self._wanted.pop(lesson, None)
        self._playing.pop(lesson, None)
        self._spawn(self._note_end(lesson, note, Reason.FINISHED if whole else Reason.TURN))

    async def _note_end(self, lesson_id: uuid.UUID, note_id: uuid.UUID, reason: Reason) -> None:
        clock = self.services.clock

        async def decide(session: AsyncSession, lesson: Lesson) -> Sequence[Addressed]:
            note = await session.get(VoiceNote, note_id)
            if note is None or note.state is not State.PLAYING:
                return []
            store.step(note, Step.END)
            note.aired_to = position_now(lesson, clock)
            return played(note, reason if lesson.state in OPEN else Reason.LESSON_ENDED)

        try:
            await self.services.timelines.record(lesson_id, decide)
        except NotFound:
            return
        except (SQLAlchemyError, OSError, Unavailable) as error:
            log.warning("the end of a voice note is not told", reason=str(error))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- keeping ----------------------------------------------------------------------------

    async def forget(self, lesson: uuid.UUID) -> None:
        """Delete the files of a lesson that was deleted; what fails is done when tidying."""
        try:
            await self.run(self.shelf.drop_lesson, lesson)
        except (OSError, Unavailable) as error:
            log.warning("voice notes stay for now", lesson=str(lesson), reason=str(error))

    async def tidy(self) -> None:
        """Delete the files of lessons that are gone and of uploads nobody will finish."""
        since = self.services.clock.now() - KEEP_UPLOADS
        for lesson in await self.run(self.shelf.lessons):
            async with self.services.database.read() as session:
                exists = await session.get(Lesson, lesson) is not None
                known = await store.with_files(session, lesson, KEPT, since)
            if exists:
                await self.run(self.shelf.drop_others, lesson, known)
            else:
                await self.run(self.shelf.drop_lesson, lesson)
