"""Where recordings lie, and their indexes read so far; files are read in threads."""

import asyncio
import shutil
import time
import uuid
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, TypeVar

from recordings.catalogue import INDEX_NAME, Catalogue, Run
from recordings.made import FOLDER as MADE
from recordings.making import file_of, read_made
from recordings.objects import Objects, StoreAway
from server.errors import TooMany, Unavailable
from server.ids import parse_id

FOLDER = "recordings"
REMOVED = ".removed"  # the folder with the names of what the store is still to delete
THREADS = 4  # readers of files: a disk serves no more at once, and a class waits for one index
KEPT = 64  # catalogues in memory; 90 minutes with three tracks take about 15 MB
FRESH_SECONDS = 0.2  # a class that polls an index asks the disk this often
PIECE = 256 * 1024  # bytes read at once; most parts are smaller
MAX_READS = 16  # at once of one person: a player needs four, and there may be two of them
AGAIN_SECONDS = 2  # until who has too many is asked to try again

T = TypeVar("T")


@dataclass(slots=True)
class _Reading:
    catalogue: Catalogue = field(default_factory=Catalogue)
    offset: int = 0
    inode: int = 0
    made: tuple[int, int, int] = (0, 0, 0)  # which index of what was made has been read
    looked: float = float("-inf")
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class RecordingShelf:
    """The recordings below the data directory: one folder per lesson."""

    def __init__(self, data: Path, objects: Objects | None = None) -> None:
        self.root = data / FOLDER
        self.objects = objects  # where runs are that are not here
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="recordings")
        self._readings: OrderedDict[uuid.UUID, _Reading] = OrderedDict()
        self._readers: Counter[str] = Counter()

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def run(self, work: Callable[[], T]) -> T:
        """Do something with files off the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def folder(self, lesson: uuid.UUID) -> Path:
        """Return the folder of a lesson's recording."""
        return self.root / str(lesson)

    def path(self, lesson: uuid.UUID, run: Run) -> Path:
        """Return the file of a run, whose name the index has vouched for."""
        return self.folder(lesson) / file_of(run)

    async def catalogue(self, lesson: uuid.UUID) -> Catalogue:
        """Return what a recording holds now; an empty one if there is none."""
        reading = self._readings.setdefault(lesson, _Reading())
        self._readings.move_to_end(lesson)
        while len(self._readings) > KEPT:
            self._readings.popitem(last=False)
        async with reading.turn:
            if time.monotonic() - reading.looked > FRESH_SECONDS:
                await self.run(partial(_read_on, self.folder(lesson), reading))
                reading.looked = time.monotonic()
        return reading.catalogue

    def forget(self, lesson: uuid.UUID) -> None:
        """Drop what was read of a recording."""
        self._readings.pop(lesson, None)

    @contextmanager
    def lend(self, who: str) -> Iterator[None]:
        """Count a file that somebody reads; raises TooMany when they read too many."""
        if self._readers[who] >= MAX_READS:
            raise TooMany("too-many-downloads", "Too many at once.", retry_after=AGAIN_SECONDS)
        self._readers[who] += 1
        try:
            yield
        finally:
            self._readers[who] -= 1
            if not self._readers[who]:
                del self._readers[who]

    async def pieces(self, path: Path, first: int, end: int) -> AsyncGenerator[bytes]:
        """Yield the bytes [first, end) of a file, from the store if it is not here.

        Raises OSError, and Unavailable when the store does not answer.
        """
        try:
            file: IO[bytes] = await self.run(lambda: path.open("rb"))
        except FileNotFoundError:
            if self.objects is None:
                raise
            async for data in self._away(self.objects, path, first, end):
                yield data
            return
        try:
            while first < end:
                data = await self.run(partial(_read_at, file, first, min(PIECE, end - first)))
                if not data:
                    return
                yield data
                first += len(data)
        finally:
            file.close()

    async def _away(
        self, objects: Objects, path: Path, first: int, end: int
    ) -> AsyncGenerator[bytes]:
        name, begun = path.relative_to(self.root).as_posix(), False
        try:
            async for data in objects.read(name, first, end):
                begun = True
                yield data
        except StoreAway as error:
            if not begun:  # what breaks off later is shorter, as of a file that was deleted
                detail = "The recording is out of reach just now."
                raise Unavailable("store-away", detail, retry_after=AGAIN_SECONDS) from error

    def remove(self, lesson: uuid.UUID) -> None:
        """Delete the files of a recording, those in the store by and by; blocks."""
        if self.objects is not None:
            (self.root / REMOVED).mkdir(parents=True, exist_ok=True)
            (self.root / REMOVED / str(lesson)).touch()
        shutil.rmtree(self.folder(lesson), ignore_errors=True)
        self.forget(lesson)

    def folders(self) -> list[Path]:
        """Return the folders of all recordings; blocks."""
        there = self.root.iterdir() if self.root.is_dir() else ()
        return sorted(path for path in there if parse_id(path.name) is not None)

    def removed(self) -> list[uuid.UUID]:
        """Return the recordings that are still to be deleted in the store; blocks."""
        there = (self.root / REMOVED).iterdir() if (self.root / REMOVED).is_dir() else ()
        return [lesson for path in there if (lesson := parse_id(path.name)) is not None]

    def forget_removed(self, lesson: uuid.UUID) -> None:
        """Note that the store has nothing of a deleted recording any more; blocks."""
        (self.root / REMOVED / str(lesson)).unlink(missing_ok=True)


def _read_on(folder: Path, reading: _Reading) -> None:
    """Read what the index has grown by; a new file, or one that shrank, is read from its start."""
    path = folder / INDEX_NAME
    try:
        with path.open("rb") as file:
            status = path.stat()
            if status.st_size < reading.offset or status.st_ino != reading.inode:
                reading.catalogue, reading.offset = Catalogue(), 0
                reading.inode = status.st_ino
            file.seek(reading.offset)
            data = file.read()
    except FileNotFoundError:
        reading.catalogue, reading.offset, reading.inode = Catalogue(), 0, 0
        return
    reading.offset += len(data)
    reading.catalogue.feed(data)
    _read_made(folder, reading)


def _read_made(folder: Path, reading: _Reading) -> None:
    """Read what was made anew if its index was replaced, or belongs to another recording."""
    try:
        status = (folder / MADE / INDEX_NAME).stat()
        mark = (reading.inode, status.st_ino, status.st_mtime_ns)
    except FileNotFoundError:
        mark = (reading.inode, 0, 0)
    if mark != reading.made:
        reading.catalogue.made = read_made(folder)
        reading.made = mark


def _read_at(file: IO[bytes], offset: int, count: int) -> bytes:
    file.seek(offset)
    return file.read(count)
