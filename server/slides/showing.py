"""Which slide is seen when, from the events of a lesson: pure.

A shared screen stands before an uploaded page, in the lesson as in its replay: pages turned
meanwhile are not seen. When the screen is taken away the page is there again. What is seen stays
until something else is: a page that was hidden leaves its picture in the replay.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from media.types import Slot

SHOWN, HIDDEN, SLOT = "slide.shown", "slide.hidden", "slot.changed"
KINDS = (SHOWN, HIDDEN, SLOT)


class Seen(NamedTuple):
    """A slide and the position in ms from which on it is seen; `page` unless a screen showed it."""

    number: int
    at: int
    widths: tuple[int, ...]
    text: str
    page: bool


@dataclass(slots=True)
class Showing:
    """What is shown: the uploaded page, and whether a screen is before it."""

    page: Mapping[str, Any] | None = None
    screen: bool = False

    def take(self, kind: str, position: int, payload: Mapping[str, Any]) -> Seen | None:
        """Take an event; return the slide that is seen since."""
        match kind:
            case "slide.shown" if "deck" not in payload:
                return _seen(payload, int(payload["at"]))
            case "slide.shown":
                self.page = payload
                return None if self.screen else _seen(payload, position)
            case "slide.hidden":
                self.page = None
            case "slot.changed" if payload.get("slot") == Slot.SCREEN.value:
                before, self.screen = self.screen, payload.get("source") is not None
                if before and not self.screen and self.page is not None:
                    return _seen(self.page, position)
        return None


def _seen(slide: Mapping[str, Any], at: int) -> Seen:
    widths = tuple(int(still["width"]) for still in slide["stills"])
    return Seen(int(slide["number"]), at, widths, str(slide.get("text") or ""), "deck" in slide)
