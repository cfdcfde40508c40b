"""What is made of recordings in the background: H.264 of VP8, AAC of the voice, files to keep."""

import asyncio
import json
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from recordings.cuts import Cuts
from recordings.downloads import file_name
from recordings.made import OPUS, VP8, to_be_made
from recordings.making import MODULE
from server.errors import NotFound, Unavailable
from server.jobs import store as jobs_store
from server.jobs.child import run_child
from server.jobs.runner import JobFailed, Report
from server.jobs.states import JobState
from server.jobs.tables import Job
from server.models import Lesson, LessonState
from server.recordings import store
from server.recordings.tables import Recording
from server.rounds import Rounds

if TYPE_CHECKING:
    from server.services import Services

log = structlog.get_logger(__name__)

H264, AAC, DOWNLOAD = "h264", "aac", "download"
# Somebody waits for a download; AAC is soon made, H.264 takes long.
RANKS: Mapping[str, int] = {DOWNLOAD: 0, AAC: 1, H264: 2}
ENCODED: Mapping[str, str] = {H264: VP8, AAC: OPUS}
LOOK_SECONDS = 60.0  # between looks at lessons that are on; a run is closed every ten minutes
# After a lesson the class opens the replay at once: the disk and the processor are theirs first.
WAIT = timedelta(seconds=5)
RECENT = timedelta(days=7)  # in which what was not begun, because the server was away, is begun
MEGABYTE = 1024**2


class Making:
    """Starts what makes recordings play everywhere, and does it."""

    def __init__(self, reserve_mb: int) -> None:
        self._reserve = reserve_mb * MEGABYTE
        # one child at a time in a recording's folder
        self._turns: WeakValueDictionary[uuid.UUID, asyncio.Lock] = WeakValueDictionary()
        self._rounds = Rounds("making", LOOK_SECONDS, self._look)
        self._services: Services | None = None

    @property
    def services(self) -> "Services":
        """Return the parts of the running server."""
        if self._services is None:
            raise RuntimeError("recordings are made before the server has started")
        return self._services

    def start(self, services: "Services") -> None:
        """Look after recordings from now on."""
        self._services = services
        for kind in ENCODED:
            services.jobs.register(kind, self._encode, RANKS[kind])
        services.jobs.register(DOWNLOAD, self._keep, RANKS[DOWNLOAD])
        self._rounds.start()

    async def stop(self) -> None:
        """Look no more."""
        await self._rounds.stop()

    # --- beginning --------------------------------------------------------------------------

    async def consider(self, lesson: uuid.UUID, *, again: bool = False) -> None:
        """Begin what a recording needs and nobody has begun yet; `again` if it was cancelled."""
        try:
            await self._consider(lesson, again=again)
        except NotFound:
            return
        except (SQLAlchemyError, OSError, Unavailable) as error:
            log.warning("a recording is encoded later", lesson=str(lesson), reason=str(error))

    async def _consider(self, lesson_id: uuid.UUID, *, again: bool) -> None:
        services = self.services
        async with services.database.read() as session:
            lesson = await session.get(Lesson, lesson_id)
            recording = await session.get(Recording, lesson_id)
            if lesson is None or recording is None or recording.deleted_at is not None:
                return
            live = lesson.state is LessonState.LIVE
            jobs = {
                kind: await jobs_store.of_lessons(session, [lesson_id], kind, [*JobState])
                for kind in ENCODED
            }
        if not live and lesson.state is not LessonState.ENDED:
            return
        catalogue = await services.recordings.catalogue(lesson_id)
        for kind, codec in ENCODED.items():
            if live and kind == AAC:  # of a lesson that is on nobody needs it: /listen has AAC
                continue
            parameters = {"live": True} if live else {}
            # While it is on, the next runs are a job like the last. What failed waits for people.
            ignored = {JobState.DONE} if live else set()
            ignored |= {JobState.CANCELLED} if again else set()
            known = {job.state for job in jobs[kind] if job.parameters == parameters}
            if to_be_made(catalogue, codec) and not known - ignored:
                await services.jobs.add(kind, lesson_id, parameters, wait=WAIT)

    async def _look(self) -> None:
        try:
            lessons = await self._unfinished()
        except (SQLAlchemyError, OSError, Unavailable) as error:
            log.warning("recordings are not looked at", reason=str(error))
            return
        for lesson in lessons:
            await self.consider(lesson)

    async def _unfinished(self) -> list[uuid.UUID]:
        """Return the lessons that are on, and those that ended lately without having a job."""
        since = self.services.clock.now() - RECENT
        encoded = select(Job.id).where(Job.lesson_id == Lesson.id, Job.kind.in_(ENCODED))
        ended = (Lesson.state == LessonState.ENDED) & (Lesson.ended_at > since) & ~encoded.exists()
        query = select(Lesson.id).where((Lesson.state == LessonState.LIVE) | ended)
        async with self.services.database.read() as session:
            return list(await session.scalars(query))

    # --- doing ------------------------------------------------------------------------------

    async def _encode(self, job: Job, report: Report) -> None:
        await self._recording(job.lesson_id)
        await self._run(job, {"kind": job.kind}, report)

    async def _keep(self, job: Job, report: Report) -> None:
        """Make a file to keep; files for cuts that nobody has any more are deleted."""
        recording = await self._recording(job.lesson_id)
        async with self.services.database.read() as session:
            audience = await store.cuts_of(session, recording, teacher=False)
        name = job.parameters["name"]
        cuts = cuts_from(job.parameters)
        keep = [file_name(name, one) for one in (audience, Cuts(), cuts)]
        await self._run(job, {"kind": DOWNLOAD, "keep": keep, **job.parameters}, report)

    async def _recording(self, lesson: uuid.UUID) -> Recording:
        async with self.services.database.read() as session:
            recording = await session.get(Recording, lesson)
        if recording is None or recording.deleted_at is not None:
            raise JobFailed("recording-gone", "The recording was deleted.")
        return recording

    async def _run(self, job: Job, wish: Mapping[str, Any], report: Report) -> None:
        folder = self.services.recordings.folder(job.lesson_id).absolute()
        text = json.dumps({**wish, "reserve": self._reserve})
        turn = self._turns.setdefault(job.lesson_id, asyncio.Lock())
        async with turn:
            await run_child(MODULE, [str(folder), text], report)


def cuts_facts(cuts: Cuts) -> dict[str, Any]:
    """Return cuts as the parameters of a job keep them."""
    return {
        "start": cuts.start,
        "kept": [[*one] for one in cuts.kept],
        "muted": [[*one] for one in cuts.muted],
    }


def cuts_from(parameters: Mapping[str, Any]) -> Cuts:
    """Return the cuts of a job's parameters."""
    kept, muted = (tuple((at, to) for at, to in parameters[key]) for key in ("kept", "muted"))
    return Cuts(parameters["start"], kept, muted)
