"""What the command line does with recordings, beside a server that may be running."""

import io
import shutil
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from av.error import FFmpegError
from sqlalchemy import select

from recordings.catalogue import INDEX_NAME, RUN_SUFFIX, Catalogue, Run
from recordings.export import Plan, export, plan, size_of
from recordings.objects import Objects, StoreAway
from recordings.verify import Depth, Report, verify
from server.clerk import open_database
from server.clock import to_iso
from server.errors import StartError
from server.ids import parse_id
from server.lesson_state import OPEN
from server.models import Course, Lesson
from server.recordings.depot import open_objects
from server.recordings.retention import Due, Step, due_steps, hide
from server.recordings.shelf import RecordingShelf
from server.recordings.tables import Recording
from server.settings import Settings

MAX_NAME = 60  # characters of a title in a file's name; with Tajik letters 120 bytes
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording, as the database and its folder know it; the folder may be empty."""

    lesson: uuid.UUID
    title: str
    course: str | None
    started_at: datetime | None
    state: str
    published: bool
    folder: Path
    catalogue: Catalogue
    objects: Objects | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the recording for machines."""
        return {
            "lesson": str(self.lesson),
            "title": self.title,
            "course": self.course,
            "state": self.state,
            "started_at": None if self.started_at is None else to_iso(self.started_at),
            "length": self.catalogue.length,
            "bytes": self.catalogue.size,
            "published": self.published,
        }

    def open_run(self, run: Run) -> BinaryIO:
        """Open a run's file, read from the store if it is not here; raises OSError."""
        path = self.folder / f"{run.name}{RUN_SUFFIX}"
        if self.objects is None or path.exists():
            return path.open("rb")
        return io.BytesIO(self.objects.read_all(f"{self.folder.name}/{path.name}"))

    @property
    def file_name(self) -> str:
        """Return what its exported files begin with: a date, the title, the end of the id."""
        letters = "".join(one if one.isalnum() else " " for one in self.title)
        title = "-".join(letters.split())[:MAX_NAME] or "lesson"
        day = "" if self.started_at is None else f"{self.started_at:%Y-%m-%d}-"
        return f"{day}{title}-{self.lesson.hex[-8:]}"


async def find_recordings(settings: Settings, lessons: Sequence[str] = ()) -> list[Kept]:
    """Return recordings, all or those of some lessons, newest first; raises StartError."""
    wanted = [_id(text) for text in lessons]
    query = (
        select(Lesson, Recording, Course.title)
        .join(Recording, Recording.lesson_id == Lesson.id)
        .outerjoin(Course, Course.id == Lesson.course_id)
        .order_by(Lesson.id.desc())
    )
    async with open_database(settings) as database, database.read() as session:
        rows = [row for row in await session.execute(query) if not wanted or row[0].id in wanted]
    known = {row[0].id for row in rows}
    for one in wanted:
        if one not in known:
            raise StartError(f"There is no recording of a lesson {one}.")
    shelf = _shelf(settings)
    return [_kept(shelf, *row) for row in rows]


def _shelf(settings: Settings) -> RecordingShelf:
    return RecordingShelf(settings.data.directory, open_objects(settings.recordings))


def _id(text: str) -> uuid.UUID:
    value = parse_id(text)
    if value is None:
        raise StartError(f"{text!r} is not the id of a lesson; `darsgoh recordings list` has them.")
    return value


def _kept(shelf: RecordingShelf, lesson: Lesson, recording: Recording, course: str | None) -> Kept:
    folder, catalogue = shelf.folder(lesson.id), Catalogue()
    if (folder / INDEX_NAME).is_file():
        catalogue.feed((folder / INDEX_NAME).read_bytes())
    state = "recording" if lesson.state in OPEN else "ready" if catalogue.runs else "none"
    return Kept(
        lesson.id,
        lesson.title,
        course,
        lesson.started_at,
        "deleted" if recording.deleted_at else state,
        recording.published,
        folder,
        catalogue,
        shelf.objects,
    )


def check(kept: Kept, depth: Depth, progress: Progress) -> Report:
    """Look at every part of a recording; raises StartError."""
    try:
        return verify(kept.catalogue, kept.open_run, depth, progress)
    except StoreAway as error:
        raise StartError(f"The store of recordings does not answer: {error}.") from error
    except OSError as error:
        raise StartError(f"{kept.folder} can not be read: {error.strerror}.") from error


@dataclass(frozen=True, slots=True)
class Export:
    """A file to be made of a recording; `done` is one that an earlier call made."""

    kept: Kept
    plan: Plan
    path: Path
    size: int
    done: bool

    def make(self, progress: Progress) -> None:
        """Write the file; raises StartError, and leaves nothing half-made."""
        try:
            export(self.kept.catalogue, self.kept.open_run, self.plan, self.path, progress)
        except StoreAway as error:
            raise StartError(f"The store of recordings does not answer: {error}.") from error
        except (OSError, FFmpegError) as error:
            reason = error.strerror or str(error)
            raise StartError(f"{self.path} can not be written: {reason}.") from error

    def to_json(self) -> dict[str, Any]:
        """Return what was made, for machines."""
        return {
            "lesson": str(self.kept.lesson),
            "file": str(self.path),
            "tracks": list(self.plan.tracks),
            "bytes": self.path.stat().st_size,
        }


def plan_exports(
    found: Sequence[Kept], target: Path, tracks: Sequence[str], *, single: bool
) -> list[Export]:
    """Return the files to be made in a directory, which is made; raises StartError."""
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"The directory {target} can not be made: {error.strerror}.") from error
    exports = [
        Export(
            kept,
            one,
            path := target / f"{kept.file_name}{one.ending}",
            size_of(kept.catalogue, one),
            _is_newer(path, kept.folder / INDEX_NAME),
        )
        for kept in found
        for one in plan(kept.catalogue, tracks, single=single)
    ]
    needed = sum(one.size for one in exports if not one.done)
    if needed > (free := shutil.disk_usage(target).free):
        raise StartError(
            f"{target} has room for {free // 1024**2} MiB, and {needed // 1024**2} MiB are needed."
        )
    return exports


def _is_newer(path: Path, index: Path) -> bool:
    """Say whether a file was made after the recording last changed."""
    return path.is_file() and path.stat().st_mtime >= index.stat().st_mtime


async def prune(settings: Settings, now: datetime, *, dry: bool) -> list[tuple[Step, int]]:
    """Take away and delete what retention says, or only say it; raises StartError.

    Each step comes with the bytes of its recording.
    """
    async with open_database(settings) as database, database.write() as session:
        steps = await due_steps(session, now)
        if not dry:
            await hide(session, steps, now)
    shelf = _shelf(settings)
    sized = [(step, _size(shelf.folder(step.lesson))) for step in steps]
    sized = [(step, size) for step, size in sized if step.due is Due.HIDE or size]
    for step, _ in sized:
        if step.due is Due.DELETE and not dry:
            shelf.remove(step.lesson)
    return sized


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
