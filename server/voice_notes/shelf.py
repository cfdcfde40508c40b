"""Where the sound of voice notes lies; everything here blocks, and runs off the loop."""

import os
import shutil
import uuid
from collections.abc import Set
from pathlib import Path

FOLDER = "voice-notes"
_PART, _SOUND = ".part", ".webm"


class Shelf:
    """The files below the data directory: one folder per lesson."""

    def __init__(self, data: Path) -> None:
        self._root = data / FOLDER

    def path(self, lesson: uuid.UUID, note: uuid.UUID) -> Path:
        """Return where a note's sound is kept."""
        return self._root / str(lesson) / f"{note}{_SOUND}"

    def _part(self, lesson: uuid.UUID, note: uuid.UUID) -> Path:
        return self.path(lesson, note).with_suffix(_PART)

    def arrived(self, lesson: uuid.UUID, note: uuid.UUID) -> int:
        """Return how many bytes of an upload are here."""
        try:
            return self._part(lesson, note).stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, lesson: uuid.UUID, note: uuid.UUID, data: bytes) -> None:
        """Add to an upload."""
        path = self._part(lesson, note)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(data)

    def upload(self, lesson: uuid.UUID, note: uuid.UUID) -> bytes:
        """Return all that has arrived."""
        return self._part(lesson, note).read_bytes()

    def keep(self, lesson: uuid.UUID, note: uuid.UUID, data: bytes) -> None:
        """Keep a note's sound, whole or not at all."""
        path = self.path(lesson, note)
        unfinished = path.with_suffix(".new")
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)

    def read(self, lesson: uuid.UUID, note: uuid.UUID) -> bytes:
        """Return a note's sound; raises OSError."""
        return self.path(lesson, note).read_bytes()

    def drop_upload(self, lesson: uuid.UUID, note: uuid.UUID) -> None:
        """Delete what has arrived of a note."""
        self._part(lesson, note).unlink(missing_ok=True)

    def drop(self, lesson: uuid.UUID, note: uuid.UUID) -> None:
        """Delete all of a note."""
        for path in (self.path(lesson, note), self._part(lesson, note)):
            path.unlink(missing_ok=True)

    def drop_lesson(self, lesson: uuid.UUID) -> None:
        """Delete all notes of a lesson."""
        shutil.rmtree(self._root / str(lesson), ignore_errors=True)

    def lessons(self) -> list[uuid.UUID]:
        """Return the lessons that have a folder."""
        if not self._root.is_dir():
            return []
        return [uuid.UUID(path.name) for path in self._root.iterdir() if _is_id(path.name)]

    def drop_others(self, lesson: uuid.UUID, known: Set[uuid.UUID]) -> None:
        """Delete what belongs to no note that is known."""
        folder = self._root / str(lesson)
        names = {str(note) for note in known}
        for path in list(folder.iterdir()) if folder.is_dir() else []:
            if path.stem not in names:
                path.unlink(missing_ok=True)


def _is_id(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False
