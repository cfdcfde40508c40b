"""Recorders follow the lessons: they begin when one goes live and end with it."""

import asyncio
import shutil
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from media.encoder import VoiceLayers
from media.mixer import Mix
from media.picture_layers import PictureLayers
from media.room import Room
from media.stills import give_way
from recordings.recorder import Gap, Plan, Recorder
from recordings.recovery import Recovered, recover
from recordings.segments import Folder
from recordings.tracks import Lengths
from server.errors import NotFound, Unavailable
from server.models import Lesson, LessonState
from server.recordings import store
from server.recordings.listen import Broadcast
from server.recordings.shelf import FOLDER
from server.settings import Settings
from server.timeline import EVERYONE, TEACHERS, Addressed, position_now

if TYPE_CHECKING:
    from server.services import Services

log = structlog.get_logger(__name__)

THREADS = 8  # that write; a disk serves no more at once
LOOK_SECONDS = 3.0  # between looks at the disk; people are to be warned within ten
ENCODERS = 2  # threads that make pictures small; a lesson needs a twentieth of one
ROOM_AGAIN = 64 * 1024 * 1024  # bytes above the reserve before recording goes on


@dataclass(slots=True)
class _Live:
    """One lesson that is recorded, and heard by those who only listen."""

    recorder: Recorder
    broadcast: Broadcast
    voices: VoiceLayers
    pictures: PictureLayers


class LiveRecordings:
    """Records every lesson from its first second."""

    def __init__(self, settings: Settings) -> None:
        self.directory = settings.data.directory / FOLDER
        self._settings = settings.recordings
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="recorder")
        self._encoders = ThreadPoolExecutor(1, thread_name_prefix="listening")
        self._shrinkers = ThreadPoolExecutor(ENCODERS, "low-picture", initializer=give_way)
        self._live: dict[uuid.UUID, _Live] = {}
        self._turn = asyncio.Lock()
        self._low = False
        self._room_left: int | None = None  # bytes on the disk when it was looked at last
        self._failed: set[uuid.UUID] = set()  # live lessons whose recording could not begin
        self._watch: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._services: Services | None = None

    @property
    def services(self) -> "Services":
        """Return the parts of the running server."""
        if self._services is None:
            raise RuntimeError("the recordings are used before the server has started")
        return self._services

    async def start(self, services: "Services") -> None:
        """Close what ended while nobody was here; go on with lessons that are live."""
        self._services = services
        services.rooms.on_follow(self.follow)
        async with services.database.read() as session:
            query = select(Lesson.id).where(Lesson.state == LessonState.LIVE)
            live = set((await session.scalars(query)).all())
        self._low = self._is_low()
        for lesson in live:
            await self.follow(lesson, services.rooms.room(lesson))
        await self._close_others(live)
        self._watch = asyncio.create_task(self._watch_disk())

    async def stop(self) -> None:
        """Write what has come; the recordings go on after a restart."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        for lesson, one in list(self._live.items()):
            await self._finish(lesson, one, final=False)
        self._live.clear()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._threads.shutdown(wait=False)
        self._encoders.shutdown(wait=False, cancel_futures=True)
        self._shrinkers.shutdown(wait=False, cancel_futures=True)

    def hush(self) -> None:
        """Let nobody listen any more."""
        for one in self._live.values():
            one.broadcast.end()

    def broadcast(self, lesson: uuid.UUID) -> Broadcast | None:
        """Return the voice of a lesson that is live."""
        one = self._live.get(lesson)
        return None if one is None else one.broadcast

    def written(self) -> int:
        """Return the bytes written for lessons that are recorded now."""
        return sum(one.recorder.written for one in self._live.values())

    def __len__(self) -> int:
        return len(self._live)

    def standing(self, lesson: uuid.UUID) -> dict[str, Any] | None:
        """Return whether a lesson is being recorded, for its teachers; None if it is not live."""
        if lesson in self._failed:
            return {"state": "stopped", "why": "server", "free": self._room_left}
        if lesson not in self._live:
            return None
        if self._low:
            return {"state": "stopped", "why": "disk", "free": self._room_left}
        return {"state": "on", "free": self._room_left}

    # --- lessons ----------------------------------------------------------------------------

    async def follow(self, lesson: uuid.UUID, room: Room | None) -> None:
        """Record a room as long as it is live."""
        async with self._turn:
            known = self._live.get(lesson)
            if room is not None and room.live and known is None:
                await self._begin(lesson, room)
            elif room is None:
                self._failed.discard(lesson)
                if known is not None:
                    del self._live[lesson]
                    await self._finish(lesson, known, final=True)
                    await self._measure(lesson)
                    await self.services.making.consider(lesson)

    async def _begin(self, lesson: uuid.UUID, room: Room) -> None:
        folder = self.directory / str(lesson)
        try:
            found = await self._run(lambda: recover(folder) if folder.is_dir() else Recovered())
            position = await self._position(lesson)
            recorder = Recorder(room, self._plan(folder, found), Mix(), position, self._threads)
            recorder.on_gap(lambda gap: self._tell_gap(lesson, gap))
            recorder.on_error(lambda error: self._handle_error(lesson, error))
            broadcast = Broadcast(self._encoders)
            recorder.on_voice(broadcast.hear)
            voices = VoiceLayers(room, self._encoders)
            recorder.on_voice(voices.hear)
            await recorder.start()
        except (OSError, NotFound, SQLAlchemyError) as error:
            log.warning("a lesson is not recorded", lesson=str(lesson), reason=str(error))
            if lesson not in self._failed and not isinstance(error, NotFound):
                self._failed.add(lesson)
                self._spawn(self._tell(lesson, "recording.stopped", {"why": "server"}))
            return
        pictures = PictureLayers(room, self._shrinkers)
        pictures.start()
        self._live[lesson] = _Live(recorder, broadcast, voices, pictures)
        await self.services.pictures.begin(self.services, lesson, recorder, position)
        if lesson in self._failed:
            self._failed.discard(lesson)
            self._spawn(self._tell(lesson, "recording.started", {}))
        self._tell_stills(lesson)
        if self._low:
            await recorder.pause()
            await self._tell(lesson, "recording.low-disk", {"free": self._free()}, TEACHERS)

    def _plan(self, folder: Path, found: Recovered) -> Plan:
        settings = self._settings
        lengths = Lengths(
            round(settings.part_seconds * 1000),
            settings.run_minutes * 60_000,
            settings.keyframe_seconds * 1000,
        )
        stills = frozenset(found.stills)
        return Plan(folder, lengths, settings.sync, settings.sync_seconds, found.ends, stills)

    async def _position(self, lesson_id: uuid.UUID) -> Callable[[], float]:
        """Return the lesson's clock, in milliseconds, as finely as the machine's."""
        clock = self.services.clock
        async with self.services.database.read() as session:
            lesson = await session.get(Lesson, lesson_id)
            if lesson is None:
                raise NotFound
            start = clock.steady_ms() - position_now(lesson, clock)
        return lambda: clock.steady_ms() - start

    async def _finish(self, lesson: uuid.UUID, one: _Live, *, final: bool) -> None:
        one.broadcast.end()
        one.voices.end()
        one.pictures.end()
        await self.services.pictures.end(lesson)
        try:
            await one.recorder.stop(final=final)
        except OSError as error:
            log.warning("the end of a recording is not written", reason=str(error))

    async def _measure(self, lesson: uuid.UUID) -> None:
        try:
            await store.measure(self.services, lesson)
        except (SQLAlchemyError, OSError, Unavailable) as error:
            log.warning("a recording is measured later", lesson=str(lesson), reason=str(error))

    async def _close_others(self, live: set[uuid.UUID]) -> None:
        """Close the recordings of lessons that ended, or were deleted, while we were away."""
        for folder in await self._run(self._folders):
            if uuid.UUID(folder.name) not in live:
                try:
                    await self._run(partial(_close, folder))
                except OSError as error:
                    log.warning("a recording stays open", folder=folder.name, reason=str(error))

    def _folders(self) -> list[Path]:
        if not self.directory.is_dir():
            return []
        return [path for path in self.directory.iterdir() if _is_id(path.name)]

    # --- the disk ---------------------------------------------------------------------------

    def _free(self) -> int:
        there = self.directory
        while not there.exists():
            there = there.parent
        self._room_left = shutil.disk_usage(there).free
        return self._room_left

    def _is_low(self) -> bool:
        reserve = self._settings.reserve_mb * 1024 * 1024
        return self._free() < reserve + (ROOM_AGAIN if self._low else 0)

    async def _watch_disk(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                low = await self._run(self._is_low)
            except OSError as error:
                log.warning("the disk of the recordings can not be asked", reason=str(error))
                continue
            if low is not self._low:
                await self._set_low(low)
            for lesson in list(self._failed):
                await self.follow(lesson, self.services.rooms.room(lesson))

    async def _set_low(self, low: bool) -> None:
        self._low = low
        log.warning("recordings stop: the disk is full" if low else "recordings go on")
        for lesson, one in list(self._live.items()):
            self._tell_stills(lesson)
            if low:
                await one.recorder.pause()
                await self._tell(lesson, "recording.low-disk", {"free": self._free()}, TEACHERS)
                await self._tell(lesson, "recording.stopped", {"why": "disk"})
            else:
                one.recorder.resume()
                await self._tell(lesson, "recording.started", {})

    def _tell_stills(self, lesson: uuid.UUID) -> None:
        """Tell a lesson's room whether pictures are made of its screen."""
        room = self.services.rooms.room(lesson)
        if room is not None:
            room.set_stills(not self._low and self.services.pictures.of(lesson) is not None)

    def _handle_error(self, lesson: uuid.UUID, error: OSError) -> None:
        log.error("a recording can not be written", lesson=str(lesson), reason=str(error))
        if not self._low:
            self._spawn(self._set_low(low=True))

    # --- what is told -----------------------------------------------------------------------
    # A live lesson is recorded: the timeline tells only when it is not, and when it is again.

    def _tell_gap(self, lesson: uuid.UUID, gap: Gap) -> None:
        facts = {"track": gap.track, "at": gap.at, "for": gap.length, "why": gap.why}
        self._spawn(self._tell(lesson, "recording.gap", facts))

    async def _tell(
        self, lesson: uuid.UUID, kind: str, payload: dict[str, Any], audience: str = EVERYONE
    ) -> None:
        async def decide(_session: AsyncSession, _lesson: Lesson) -> Sequence[Addressed]:
            return [Addressed(kind, payload, audience)]

        try:
            await self.services.timelines.record(lesson, decide)
        except NotFound:
            return
        except (SQLAlchemyError, OSError, Unavailable) as error:
            log.warning("the timeline is not told of a recording", reason=str(error))

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _close(folder: Path) -> None:
    found = recover(folder)
    if not found.ended:
        kept = Folder(folder)
        kept.end(max(found.ends.values(), default=0))
        kept.close()


def _is_id(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False
