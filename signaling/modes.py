"""How a player says what it wants to receive: a mode, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from media.modes import Mode
from media.types import Slot
from signaling.errors import BadRequest

if TYPE_CHECKING:
    from media.membership import Subscription

TEXT = "text/plain"
MAX_LEFT = 10**12  # bytes; no month of video has so many
MAX_MODE_LENGTH = 64  # bytes of a body that names one


class Standing(TypedDict):
    """What a player wants and what it gets; `estimate` is of its path, in bits a second."""

    mode: str
    received: str
    screen_held: bool
    held: list[str]
    estimate: int | None
    left: int | None  # bytes
    lowered: bool  # because little is left


def read_mode(name: str) -> Mode:
    """Return the mode of that name; raise BadRequest when there is none."""
    try:
        return Mode(name.strip())
    except ValueError as error:
        known = ", ".join(Mode)
        raise BadRequest("mode-unknown", f"There is no such mode; there are {known}.") from error


def read_left(text: str | None) -> int | None:
    """Return the bytes that a player is ready to be sent; raise BadRequest for no such number."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_LEFT))):
        raise BadRequest("left-malformed", f"`left` is a number of bytes, at most {MAX_LEFT}.")
    return min(int(text), MAX_LEFT)


def standing(subscription: Subscription) -> Standing:
    """Return what a player wants and what it gets."""
    return {
        "mode": subscription.mode.value,
        "received": subscription.received.value,
        "screen_held": subscription.is_held(Slot.SCREEN),
        "held": [slot.value for slot in subscription.held],
        "estimate": subscription.transport.estimate,
        "left": subscription.left,
        "lowered": subscription.allowed is not subscription.mode,
    }
