"""Where uploaded slides lie; everything here blocks, and runs off the loop."""

import json
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media.stills import StillImage
from server.slides.press import Page

FOLDER, RECORDINGS = "slides", "recordings"
_UNFINISHED, _FACTS = ".new", "deck.json"


@dataclass(frozen=True, slots=True)
class Deck:
    """An uploaded file: its name and its pages, the first first."""

    id: uuid.UUID
    name: str
    created_at: str  # ISO 8601
    pages: tuple[Page, ...]

    def facts(self) -> dict[str, Any]:
        """Return the deck as it is told and kept."""
        pages = [
            {"page": page.number, "text": page.text, "images": [list(one) for one in page.images]}
            for page in self.pages
        ]
        return {
            "id": str(self.id),
            "name": self.name,
            "created_at": self.created_at,
            "pages": pages,
        }


class Shelf:
    """The files below the data directory.

    `slides/<lesson>/<deck>/` has the pages of a deck; a page that was shown is copied beside the
    lesson's recording, where it stays when the deck is deleted.
    """

    def __init__(self, data: Path) -> None:
        self._data = data

    def _lesson(self, lesson: uuid.UUID) -> Path:
        return self._data / FOLDER / str(lesson)

    def prepare(self, lesson: uuid.UUID, deck: uuid.UUID) -> Path:
        """Make and return the folder in which a deck is made."""
        folder = self._lesson(lesson) / f"{deck}{_UNFINISHED}"
        folder.mkdir(mode=0o700, parents=True)
        return folder

    def keep(self, lesson: uuid.UUID, deck: Deck) -> None:
        """Keep a deck that is complete."""
        folder = self._lesson(lesson) / f"{deck.id}{_UNFINISHED}"
        (folder / _FACTS).write_text(json.dumps(deck.facts()), encoding="utf-8")
        folder.replace(self._lesson(lesson) / str(deck.id))

    def drop_unfinished(self, lesson: uuid.UUID, deck: uuid.UUID) -> None:
        """Delete what was made of a deck that will not be."""
        shutil.rmtree(self._lesson(lesson) / f"{deck}{_UNFINISHED}", ignore_errors=True)

    def deck(self, lesson: uuid.UUID, deck: uuid.UUID) -> Deck | None:
        """Return a deck, or None."""
        try:
            text = (self._lesson(lesson) / str(deck) / _FACTS).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None
        facts = json.loads(text)
        pages = [
            Page(page["page"], tuple((w, h, size) for w, h, size in page["images"]), page["text"])
            for page in facts["pages"]
        ]
        return Deck(deck, facts["name"], facts["created_at"], tuple(pages))

    def decks(self, lesson: uuid.UUID) -> list[Deck]:
        """Return the decks of a lesson, oldest first."""
        folder = self._lesson(lesson)
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        ids = [uuid.UUID(name) for name in names if not name.endswith(_UNFINISHED)]
        found = [deck for one in ids if (deck := self.deck(lesson, one)) is not None]
        return sorted(found, key=lambda deck: deck.created_at)

    def count(self, lesson: uuid.UUID) -> int:
        """Return how many decks a lesson has, those being made among them."""
        folder = self._lesson(lesson)
        return len(list(folder.iterdir())) if folder.is_dir() else 0

    def drop(self, lesson: uuid.UUID, deck: uuid.UUID) -> None:
        """Delete a deck; what was shown of it stays."""
        shutil.rmtree(self._lesson(lesson) / str(deck), ignore_errors=True)

    def drop_lesson(self, lesson: uuid.UUID) -> None:
        """Delete all decks of a lesson, and what was shown."""
        for folder in (self._lesson(lesson), self._stills(lesson)):
            shutil.rmtree(folder, ignore_errors=True)

    def tidy(self) -> None:
        """Delete what was being made when the process ended."""
        for path in (self._data / FOLDER).glob(f"*/*{_UNFINISHED}"):
            shutil.rmtree(path, ignore_errors=True)

    def picture(self, lesson: uuid.UUID, deck: uuid.UUID, page: int, width: int) -> Path:
        """Return where a page's picture is."""
        return self._lesson(lesson) / str(deck) / f"{page}-{width}.webp"

    def _stills(self, lesson: uuid.UUID) -> Path:
        return self._data / RECORDINGS / str(lesson) / "stills"

    def still(self, lesson: uuid.UUID, number: int, width: int) -> Path:
        """Return where the picture of a slide that was shown is."""
        return self._stills(lesson) / f"{number}-{width}.webp"

    def show(
        self, lesson: uuid.UUID, deck: uuid.UUID, page: int, number: int, widths: Sequence[int]
    ) -> None:
        """Put a page among the slides that were shown, under their number; raises OSError.

        A second name takes no room, so that a full disk stops no lesson.
        """
        self._stills(lesson).mkdir(mode=0o700, parents=True, exist_ok=True)
        for width in widths:
            source = self.picture(lesson, deck, page, width)
            target = self.still(lesson, number, width)
            target.unlink(missing_ok=True)  # of a slide that was not told
            try:
                target.hardlink_to(source)
            except OSError:  # another disk
                shutil.copyfile(source, target)

    def show_screen(self, lesson: uuid.UUID, number: int, images: Sequence[StillImage]) -> None:
        """Put what a screen showed among the slides that were shown; raises OSError."""
        self._stills(lesson).mkdir(mode=0o700, parents=True, exist_ok=True)
        for image in images:
            target = self.still(lesson, number, image.width)
            target.unlink(missing_ok=True)  # it may be another name of a page
            target.write_bytes(image.data)
