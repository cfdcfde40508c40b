"""Pictures of lessons that are recorded: a screen's become slides, keyframes become thumbnails.

Keyframes come from the recorder, the newest of each track at most every two seconds, and are looked
at by one thread of low priority for all lessons. What is seen is told in the recording's index.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from media.stills import NotAPicture, Still, Stills, StillThread, decode, thumbnail
from recordings import catalogue
from recordings.recorder import Recorder
from recordings.thumbs import MAIN, OTHER, Thumbs
from recordings.tracks import Keyframe
from server.errors import NotFound, Unavailable
from server.models import Lesson
from server.recordings import store
from server.slides import decks
from server.slides.showing import KINDS, Seen, Showing
from server.timeline import Addressed, Event

if TYPE_CHECKING:
    from server.services import Services

log = structlog.get_logger(__name__)

LOOK_SECONDS = 2.0  # between two looks at a lesson: a page is turned no faster
TRACKS = (MAIN, OTHER)


class Looker:
    """Makes stills and thumbnails of one lesson's keyframes; belongs to the thread."""

    def __init__(self, folder: Path) -> None:
        self.unreadable = 0
        self._stills = Stills()
        self._thumbs = Thumbs(folder)
        self._full = False

    @property
    def waits(self) -> bool:
        """Return whether a picture waits for its time."""
        return self._stills.waits

    def look(self, keyframes: Iterable[Keyframe], now: int, *, anew: bool) -> Still | None:
        """Look at keyframes; `anew` tells the next picture whatever was told before."""
        if anew:
            self._stills.forget()
        found = None
        for keyframe in keyframes:
            wanted = self._thumbs.wants(keyframe.track, keyframe.at)
            if keyframe.track != MAIN and not wanted:
                continue
            try:
                picture = decode(keyframe.codec, keyframe.data)
            except NotAPicture:
                self.unreadable += 1
                continue
            if wanted:
                self._keep(keyframe, thumbnail(picture))
            if keyframe.track == MAIN:
                self._thumbs.note_screen(keyframe.at)
                found = self._stills.take(keyframe.at, picture)
        return found or self._stills.due(now)

    def _keep(self, keyframe: Keyframe, data: bytes) -> None:
        try:
            self._thumbs.keep(keyframe.track, keyframe.at, data)
            self._full = False
        except OSError as error:
            if not self._full:  # said once, not every ten seconds
                log.warning("thumbnails can not be kept", reason=str(error))
            self._full = True


class LessonPictures:
    """Looks at one lesson for as long as it is recorded."""

    def __init__(
        self,
        recorder: Recorder,
        showing: Showing,
        thread: StillThread,
        position: Callable[[], float],
        tell: Callable[[Still], Awaitable[bool]],
    ) -> None:
        self._showing = showing
        self._recorder = recorder
        self._looker = Looker(recorder.plan.path)
        self._thread = thread
        self._position = position
        self._tell = tell
        self._newest: dict[str, Keyframe] = {}
        self._anew = False
        self._wake = asyncio.Event()
        recorder.on_keyframe(self.take)
        self._task = asyncio.create_task(self._watch())

    def take(self, keyframe: Keyframe) -> None:
        """Take a keyframe; one that nobody has looked at yet is forgotten for it."""
        if keyframe.track in TRACKS:
            self._newest[keyframe.track] = keyframe
            self._wake.set()

    def hear(self, event: Event) -> None:
        """Take an event about what is shown."""
        screen = self._showing.screen
        seen = self._showing.take(event.kind, event.position, event.payload)
        if seen is not None:
            self.note(seen)
        if self._showing.screen and not screen:
            self._anew = True  # a page may have been seen since

    def note(self, seen: Seen) -> None:
        """Tell in the index what is seen."""
        self._recorder.note(catalogue.Still(seen.number, seen.at, seen.widths))

    async def close(self) -> None:
        """Look no more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            patience = LOOK_SECONDS if self._looker.waits else None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), patience)
            self._wake.clear()
            still = await self._look()
            if still is not None and not await self._tell(still):
                self._anew = True
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> Still | None:
        newest, self._newest = self._newest, {}
        anew, self._anew = self._anew, False
        now, before = round(self._position()), self._looker.unreadable
        keyframes = tuple(newest.values())
        still = await self._thread.run(lambda: self._looker.look(keyframes, now, anew=anew))
        if self._looker.unreadable > before == 0:
            log.info("a keyframe can not be decoded: no picture is made of it")
        return still


class Pictures:
    """The pictures of all lessons that are recorded."""

    def __init__(self) -> None:
        self._thread = StillThread()
        self._lessons: dict[uuid.UUID, LessonPictures] = {}

    async def begin(
        self,
        services: "Services",
        lesson: uuid.UUID,
        recorder: Recorder,
        position: Callable[[], float],
    ) -> None:
        """Look at a lesson from now on."""

        async def tell(still: Still) -> bool:
            return await _tell(services, lesson, still)

        async def decide(session: AsyncSession, _lesson: Lesson) -> Sequence[Addressed]:
            # While nothing can be told, so that each event is either read here or heard later.
            showing = Showing()
            seen = await store.seen_slides(session, lesson, showing)
            made = LessonPictures(recorder, showing, self._thread, position, tell)
            for one in seen:
                if (one.number, one.at) not in recorder.plan.stills:
                    made.note(one)
            self._lessons[lesson] = made
            return []

        try:
            await services.timelines.record(lesson, decide)
        except (NotFound, SQLAlchemyError, OSError, Unavailable) as error:
            log.warning("no pictures are made of a lesson", lesson=str(lesson), reason=str(error))

    def of(self, lesson: uuid.UUID) -> LessonPictures | None:
        """Return what looks at a lesson, if it is recorded."""
        return self._lessons.get(lesson)

    async def end(self, lesson: uuid.UUID) -> None:
        """Look at a lesson no more."""
        known = self._lessons.pop(lesson, None)
        if known is not None:
            await known.close()

    async def hear(self, event: Event) -> None:
        """Take an event of any lesson."""
        known = self.of(event.lesson)
        if known is not None and event.kind in KINDS:
            known.hear(event)

    def close(self) -> None:
        """End the thread."""
        self._thread.close()


async def _tell(services: "Services", lesson: uuid.UUID, still: Still) -> bool:
    """Tell a picture to everybody; return whether it could be kept."""
    try:
        await decks.show_screen(services, lesson, still)
    except NotFound:
        return True  # nobody is there to be told
    except (SQLAlchemyError, OSError, Unavailable) as error:
        log.warning("a picture of a screen is not kept", lesson=str(lesson), reason=str(error))
        return False
    return True
