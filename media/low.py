"""The low layer of a picture that comes in one size: when there is one, how large, for whom; pure.

It is made in this process (`media/transcoder.py`) while somebody's limit asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from media.types import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LOW_LONG, LOW_SHORT = 426, 240  # pixels of the sides at most, whichever of them is the width
LOW_PIXELS: Final = LOW_LONG * LOW_SHORT  # of a picture in the low mode: a face and its gestures
LOW_BITS: Final = 120_000  # a second, on the wire
LOW_NUMBER: Final = -1  # of the layer: it is not among the track's rids
WORTH: Final = 1.5  # times as many pixels a picture has of which a low layer is worth its making


def low_size(width: int, height: int) -> tuple[int, int]:
    """Return the size of the low layer of a picture: even sides of the same shape."""
    factor = min(LOW_LONG / max(width, height), LOW_SHORT / min(width, height), 1.0)
    return _even(width * factor), _even(height * factor)


def with_low(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Return the layers of a picture with the one that can be made, if there is only one."""
    if len(layers) != 1 or layers[0].pixels < WORTH * LOW_PIXELS:
        return tuple(layers)
    whole = layers[0]
    size = low_size(whole.width, whole.height)
    return Layer(*size, min(LOW_BITS, whole.bits), LOW_NUMBER), whole


def takes_low(layers: Sequence[Layer], limit: int | None) -> bool:
    """Say whether the low layer is what a limit lets through; a limit of 0 is the lowest."""
    if limit is None or not layers or layers[0].number != LOW_NUMBER:
        return False
    return limit < layers[-1].pixels


def wants_low(layers: Sequence[Layer], limits: Iterable[int | None]) -> bool:
    """Say whether the low layer is seen with any of these limits."""
    return any(limit != 0 and takes_low(layers, limit) for limit in limits)


def _even(side: float) -> int:
    return max(2, 2 * round(side / 2))
