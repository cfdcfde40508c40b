"""The voices of a room: who has the floor, and the low layers that stand for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.producer import Producer, ProducerState
from media.slots import Floor, hear
from media.types import Slot

if TYPE_CHECKING:
    from collections.abc import Collection

    from media.modes import VoiceLayer
    from media.types import Source

# A layer is everybody's voice at once: it stands in the first of these, and the other is empty.
HEARD_IN = frozenset({Slot.VOICE, Slot.LOUDEST})


class Voices:
    """How loud each voice is, and what has been made of them all."""

    def __init__(self) -> None:
        self._levels: dict[Source, int] = {}
        self._floor = Floor()
        self._layers: dict[VoiceLayer, Producer] = {}

    @property
    def holder(self) -> Source | None:
        """Return who has the floor."""
        return self._floor.holder

    def hear(self, source: Source, level: int, sources: Collection[Source], now: float) -> bool:
        """Take a voice's level, of those on air; return whether another has the floor now."""
        self._levels[source] = level
        levels = {one: self._levels.get(one) for one in sources}
        before = self._floor.holder
        self._floor = hear(self._floor, levels, now)
        return self._floor.holder is not before

    def forget(self, source: Source) -> None:
        """Take note that a voice is gone."""
        self._levels.pop(source, None)

    def set_layer(self, layer: VoiceLayer, producer: Producer | None) -> bool:
        """Take the track of a layer, or None; return whether it came on or off air by that.

        A layer of which nothing comes stands for nobody.
        """
        flows = producer is not None and producer.state is ProducerState.ACTIVE
        given = producer if flows else None
        before = self._layers.pop(layer, None)
        if given is not None:
            self._layers[layer] = given
        return given is not before

    def layer(self, layer: VoiceLayer | None) -> Producer | None:
        """Return the track of a layer, if it is made."""
        return None if layer is None else self._layers.get(layer)
