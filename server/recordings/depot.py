"""Recordings on their way to an object store and back: sent when closed, let go when checked.

Everything that is to be done is read from the disk: files that are not in the store, and the names
of recordings that were deleted. A store that is down, or a kill, only means that it is done later.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog

from recordings.catalogue import RUN_SUFFIX
from recordings.objects import Objects, StoreAddress, StoreAway
from recordings.stored import (
    DROPPED,
    Stored,
    away,
    dropped,
    let_go,
    mark,
    note_stored,
    read_stored,
    unsent,
)
from server.errors import Unavailable
from server.recordings.shelf import RecordingShelf
from server.settings import RecordingSettings

log = structlog.get_logger(__name__)

LOOK_SECONDS = 60.0  # between looks for files that are complete; a run lasts minutes
WAITS = (5.0, 30.0, 120.0, 300.0)  # s after the store did not answer
LEAST = timedelta(hours=1)  # a run that was brought back stays so long: somebody works with it


def open_objects(settings: RecordingSettings) -> Objects | None:
    """Return the store that the settings name, or None."""
    if not settings.store:
        return None
    return Objects(
        StoreAddress(
            settings.store,
            settings.store_endpoint,
            settings.store_region,
            settings.store_key.get_secret_value(),
            settings.store_secret.get_secret_value(),
        )
    )


class Depot:
    """Keeps the store as the disk is."""

    def __init__(self, shelf: RecordingShelf, settings: RecordingSettings) -> None:
        self.waiting = 0  # files that were not in the store at the last look
        self.away = False  # whether the store did not answer when it was last asked
        self._shelf = shelf
        self._keep = timedelta(days=settings.keep_local_days)
        # what was complete in the store: its mark then, and when it is looked at again
        self._looked: dict[Path, tuple[tuple[int, ...], float]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; without a store there is nothing to do."""
        if self._shelf.objects is not None:
            self._task = asyncio.create_task(self._run(self._shelf.objects))

    async def stop(self) -> None:
        """Leave the rest for the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, objects: Objects) -> None:
        failures = 0
        while True:
            try:
                await self.work(objects, time.time())
                failures = 0
            except (StoreAway, OSError) as error:
                failures += 1
                log.warning("recordings wait for the store", reason=str(error))
            self._set_away(failures > 0)
            wait = WAITS[min(failures, len(WAITS)) - 1] if failures else LOOK_SECONDS
            await asyncio.sleep(wait)

    def _set_away(self, now: bool) -> None:
        if now is not self.away:
            log.info("the store of recordings", answers=not now)
        self.away = now

    async def work(self, objects: Objects, now: float) -> None:
        """Do what is due; `now` in Unix seconds. Raises StoreAway and OSError."""
        for lesson in await self._shelf.run(self._shelf.removed):
            await objects.delete_all(str(lesson))
            await self._shelf.run(partial(self._shelf.forget_removed, lesson))
        found = [
            (folder, *await self._shelf.run(partial(_look, folder)))
            for folder in await self._shelf.run(lambda: self._due(now))
        ]
        self.waiting = sum(len(some) for _, _, some in found)
        before = now - max(self._keep, LEAST).total_seconds()
        for folder, seen, some in found:
            for one in some:
                await self._send(objects, folder, one)
            for name in await self._shelf.run(partial(dropped, folder)):
                await objects.delete(f"{folder.name}/{name}")
                gone = Stored(name, DROPPED, 0)
                await self._shelf.run(partial(note_stored, folder, gone))
            await self._shelf.run(partial(let_go, folder, before))
            if not some:
                self._looked[folder] = (seen, now + LEAST.total_seconds())

    def _due(self, now: float) -> list[Path]:
        """Return the recordings that have changed, or were looked at long ago; blocks."""
        folders = self._shelf.folders()
        self._looked = {one: self._looked[one] for one in folders if one in self._looked}
        return [
            folder
            for folder in folders
            if (known := self._looked.get(folder)) is None
            or known[0] != mark(folder)
            or known[1] <= now
        ]

    async def _send(self, objects: Objects, folder: Path, one: Stored) -> None:
        try:
            tag = await objects.put(f"{folder.name}/{one.name}", folder / one.name, one.size)
        except FileNotFoundError:
            return  # deleted meanwhile
        sent = Stored(one.name, one.size, one.changed, tag)
        with contextlib.suppress(FileNotFoundError):
            await self._shelf.run(lambda: note_stored(folder, sent))
        self.waiting -= 1

    async def bring_back(self, lesson: uuid.UUID) -> None:
        """Have every run of a lesson on this disk; raises Unavailable and OSError."""
        objects, folder = self._shelf.objects, self._shelf.folder(lesson)
        if objects is None:
            return
        known = await self._shelf.run(lambda: read_stored(folder))
        for run in sorted(await self._shelf.run(lambda: away(folder))):
            name = f"{run}{RUN_SUFFIX}"
            pieces = objects.read(f"{folder.name}/{name}", 0, known[name].size)
            try:
                await self._keep_file(folder / name, pieces)
            except StoreAway as error:
                raise Unavailable("store-away", "The store does not answer.") from error
            same = Stored(name, known[name].size, (folder / name).stat().st_mtime_ns)
            await self._shelf.run(partial(note_stored, folder, same))

    async def _keep_file(self, path: Path, pieces: AsyncIterator[bytes]) -> None:
        fresh = path.with_suffix(".new")
        try:
            with fresh.open("wb") as file:
                async for piece in pieces:
                    await self._shelf.run(partial(file.write, piece))
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)


def _look(folder: Path) -> tuple[tuple[int, ...], list[Stored]]:
    seen = mark(folder)  # first: what comes meanwhile is a change
    return seen, unsent(folder)
