"""Thumbnails for a finger on the line of a replay: one file for every ten seconds of a lesson.

A page needs no list of them: it asks for the number of ten seconds, and loads 2 kB where a finger
rests. Positions are milliseconds on the lesson's clock. Blocks, and raises OSError.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

FOLDER: Final = "thumbs"
PERIOD: Final = 10_000  # ms; two of them are as far apart as a finger on a phone can tell
MAIN, OTHER = "screen", "camera"  # a screen is what is looked for; people are all there is without
_STOOD: Final = 15_000  # ms after its last keyframe in which a screen is still there


def name(number: int) -> str:
    """Return the file of the ten seconds of this number, from 0."""
    return f"{number}.webp"


class Thumbs:
    """The thumbnails of one lesson, in the order of time."""

    def __init__(self, recording: Path) -> None:
        self._folder = recording / FOLDER
        self._newest: tuple[int, str] | None = None  # number and track
        self._screen_at: int | None = None

    def wants(self, track: str, at: int) -> bool:
        """Say whether a keyframe's picture is wanted."""
        number = at // PERIOD
        if track == MAIN:
            return self._newest != (number, MAIN)
        screen = self._screen_at is not None and at - self._screen_at < _STOOD
        fresh = self._newest is None or self._newest[0] < number
        return track == OTHER and fresh and not screen

    def note_screen(self, at: int) -> None:
        """Note that there is a screen."""
        self._screen_at = at

    def keep(self, track: str, at: int, data: bytes) -> None:
        """Keep a picture; one that is torn by a crash or a full disk never has a name."""
        self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        path = self._folder / name(at // PERIOD)
        unfinished = path.with_suffix(".new")
        try:
            unfinished.write_bytes(data)
            unfinished.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise
        self._newest = (at // PERIOD, track)
