"""How large the pictures are that slots want of one track."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from media.types import Layer


class Demand:
    """The limits of the slots a track is in, however many they are."""

    def __init__(self) -> None:
        self._limits: Counter[int | None] = Counter()
        self._on_change: list[Callable[[], None]] = []

    @property
    def limits(self) -> Collection[int | None]:
        """Return the limits, each once: most pixels, 0 for no picture, None for the largest."""
        return self._limits.keys()

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back when there is another limit, or one less."""
        self._on_change.append(callback)

    def add(self, limit: int | None) -> None:
        """Count a slot."""
        self._limits[limit] += 1
        if self._limits[limit] == 1:
            self.tell()

    def remove(self, limit: int | None) -> None:
        """Count a slot no more."""
        self._limits[limit] -= 1
        if self._limits[limit] == 0:
            del self._limits[limit]
            self.tell()

    def change(self, before: int | None, after: int | None) -> None:
        """Count a slot with another limit."""
        self.add(after)
        self.remove(before)

    def tell(self) -> None:
        """Let it be looked at anew."""
        for callback in self._on_change:
            callback()


def wanted(layers: Sequence[Layer], limits: Collection[int | None]) -> frozenset[int]:
    """Return the numbers of the layers that limits choose, smallest layers first.

    The smallest is always among them: it is what everybody falls back to at once.
    """
    if not layers:
        return frozenset()
    chosen = [_choose(layers, limit) for limit in limits if limit != 0]
    return frozenset(layer.number for layer in [layers[0], *chosen])


def _choose(layers: Sequence[Layer], limit: int | None) -> Layer:
    """Return the layer that the engine sends: the largest that fits, or the smallest."""
    fitting = [layer for layer in layers if limit is None or layer.pixels <= limit]
    return fitting[-1] if fitting else layers[0]
