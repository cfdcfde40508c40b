"""The runner of jobs: takes them in turn, keeps what they report, tries again what has failed."""

import asyncio
import errno
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.errors import Unavailable
from server.jobs import store
from server.jobs.states import JobState, bounded, time_left, with_line
from server.jobs.tables import Job

if TYPE_CHECKING:
    from server.services import Services

log = structlog.get_logger(__name__)
T = TypeVar("T")

LOOK_SECONDS = 5.0  # between looks for what is due again; what is added is seen at once
WRITE_SECONDS = 1.0  # between writes of a progress; a page asks as often
FULL, ERROR = "disk-full", "error"  # why a job failed, when it does not say itself


class JobFailed(Exception):  # noqa: N818  (the name says what happened)
    """A job that can not be done, however often it is tried; `reason` is a stable code."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class JobGone(Exception):  # noqa: N818  (the name says what happened)
    """The job was cancelled, or its lesson deleted; handlers let it through."""


class Report(Protocol):
    """Keeps how far a job is, 0 to 1, and a line for its log; raises JobGone."""

    def __call__(self, progress: float, line: str | None = None) -> Awaitable[None]: ...


Handler = Callable[[Job, Report], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Kind:
    handler: Handler
    rank: int


class Jobs:
    """The background jobs of a server."""

    def __init__(self, parallel: int) -> None:
        self._parallel = parallel
        self._kinds: dict[str, _Kind] = {}
        self._running: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._writes: set[asyncio.Task[Any]] = set()
        self._woken = asyncio.Event()
        self._stopping = False
        self._loop: asyncio.Task[None] | None = None
        self._services: Services | None = None

    @property
    def services(self) -> "Services":
        """Return the parts of the running server."""
        if self._services is None:
            raise RuntimeError("the jobs are used before the server has started")
        return self._services

    def register(self, kind: str, handler: Handler, rank: int = 0) -> None:
        """Say who does the jobs of a kind; the lower its rank, the sooner it is taken.

        A handler is called again after a failure, a restart of the server or a kill, and goes on
        from what it finds. It is cancelled like any task, and has its work done elsewhere: in a
        thread or a child process.
        """
        self._kinds[kind] = _Kind(handler, rank)

    async def start(self, services: "Services") -> None:
        """Go on with what was not finished."""
        self._services = services
        async with services.database.write() as session:
            await store.put_back(session)
        self._loop = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Interrupt what runs; it goes on after a restart."""
        self._stopping = True
        self.wake()
        if self._loop is not None:
            await self._loop
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*self._writes, return_exceptions=True)

    async def keep(self, writing: Coroutine[Any, Any, T]) -> T:
        """Write to the database to the end, even if the job that asks for it is interrupted."""
        task = asyncio.create_task(writing)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return await asyncio.shield(task)

    async def add(
        self,
        kind: str,
        lesson: uuid.UUID,
        parameters: dict[str, Any] | None = None,
        *,
        wait: timedelta = timedelta(),
    ) -> Job:
        """Return the job that does this: the unfinished one that is the same, or a new one.

        `wait` is how much later it may begin. Raises NotFound when the lesson is gone.
        """
        if kind not in self._kinds:
            raise ValueError(f"nobody does jobs of the kind {kind}")
        now = self.services.clock.now()
        async with self.services.database.write() as session:
            job = await store.add(session, kind, lesson, parameters or {}, now=now, due=now + wait)
        self.wake()
        return job

    def wake(self) -> None:
        """Look for what is due now."""
        self._woken.set()

    def interrupt(self, job: uuid.UUID) -> None:
        """Stop the work of a job that was cancelled."""
        task = self._running.get(job)
        if task is not None:
            task.cancel()

    async def cancel_all(self, lesson: uuid.UUID) -> None:
        """Cancel what is not finished of a lesson."""
        async with self.services.database.write() as session:
            cancelled = await store.cancel_all(session, lesson, self.services.clock.now())
        for job in cancelled:
            self.interrupt(job)

    async def idle(self) -> None:
        """Wait until nothing runs."""
        while self._running:
            await asyncio.wait(list(self._running.values()))

    # --- taking -----------------------------------------------------------------------------

    async def _run(self) -> None:
        while not self._stopping:
            self._woken.clear()
            try:
                await self._fill()
            except (SQLAlchemyError, OSError, Unavailable) as error:
                log.warning("jobs wait for the database", reason=str(error))
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _fill(self) -> None:
        ranks = {name: kind.rank for name, kind in self._kinds.items()}
        while len(self._running) < self._parallel and not self._stopping:
            now = self.services.clock.now()
            async with self.services.database.write() as session:
                job = await store.take_next(session, ranks, self._running.keys(), now)
            if job is None:
                return
            task = asyncio.create_task(self._work(job))
            self._running[job.id] = task
            task.add_done_callback(partial(self._forget, job.id))

    def _forget(self, job: uuid.UUID, _task: asyncio.Task[None]) -> None:
        self._running.pop(job, None)
        self.wake()

    # --- doing ------------------------------------------------------------------------------

    async def _work(self, job: Job) -> None:
        said = _Said(self.services, job)
        about = {"job": str(job.id), "kind": job.kind, "lesson": str(job.lesson_id)}
        log.info("job begins", **about)
        try:
            await self.services.depot.bring_back(job.lesson_id)
            await self._kinds[job.kind].handler(job, said.report)
            await self._settle(said, JobState.DONE)
        except JobGone:
            log.info("job is no longer wanted", **about)
        except JobFailed as error:
            log.warning("job can not be done", reason=str(error), **about)
            await self._settle(said, JobState.FAILED, error.reason, str(error))
        except Exception as error:  # a job's mistake is its own: the next one is not hurt
            full = isinstance(error, OSError) and error.errno == errno.ENOSPC
            log.warning("job failed", reason=repr(error), **about)
            await self._settle(said, JobState.QUEUED, FULL if full else ERROR, repr(error))

    async def _settle(
        self, said: "_Said", state: JobState, reason: str = "", line: str = ""
    ) -> None:
        """Keep how a job went; a job whose end can not be written is done again after a restart."""
        services, job = self.services, said.job
        now = services.clock.now()
        if line:
            said.lines = with_line(said.lines, now, line)

        async def write() -> None:
            async with services.database.write() as session:
                if state is JobState.DONE:
                    await store.finish(session, job.id, now, said.lines)
                else:
                    final = state is JobState.FAILED
                    await store.fail(session, job.id, now, said.lines, reason, final=final)

        try:
            await self.keep(write())
        except (SQLAlchemyError, OSError, Unavailable) as error:
            log.warning("the end of a job is not kept", job=str(job.id), reason=str(error))


class _Said:
    """What a job has reported, written now and then."""

    def __init__(self, services: "Services", job: Job) -> None:
        self.job = job
        self.lines: list[Any] = job.lines
        self._services = services
        self._began: tuple[float, float] | None = None  # when, and with which progress
        self._written = float("-inf")

    async def report(self, progress: float, line: str | None = None) -> None:
        """Keep how far the job is; raises JobGone when it is not wanted any more."""
        now, wall = asyncio.get_running_loop().time(), self._services.clock.now()
        progress = bounded(progress)
        self._began = self._began or (now, progress)
        if line is not None:
            self.lines = with_line(self.lines, wall, line)
        elif now - self._written < WRITE_SECONDS:
            return
        self._written = now
        left = time_left(self._began[1], progress, now - self._began[0])
        ends_at = None if left is None else wall + timedelta(seconds=left)
        if not await self._services.jobs.keep(self._write(progress, ends_at)):
            raise JobGone

    async def _write(self, progress: float, ends_at: datetime | None) -> bool:
        async with self._services.database.write() as session:
            return await store.note(session, self.job.id, progress, ends_at, self.lines)
