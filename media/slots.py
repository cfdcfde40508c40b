"""Which source is in which slot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from media.types import Slot, Source

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# In order of preference: the first source that is there is shown.
PREFERENCES: dict[Slot, tuple[Source, ...]] = {
    Slot.STAGE: (Source.SCREEN, Source.CAMERA, Source.GUEST_CAMERA),
    Slot.SCREEN: (Source.SCREEN,),
    Slot.CAMERA: (Source.CAMERA,),
    Slot.GUEST: (Source.GUEST_CAMERA,),
    Slot.VOICE: (Source.VOICE,),
    Slot.GUEST_VOICE: (Source.GUEST_VOICE,),
    Slot.LOUDEST: (Source.VOICE, Source.GUEST_VOICE),
}

# RFC 6464 levels are -dBov: 0 is loudest, 127 silence.
LOUDER_BY = 10  # dB above the holder before the floor is in question; less is chance
FLOOR_HELD = 0.6  # seconds of being louder before the floor changes; a cough is shorter
UNKNOWN_LEVEL = 60  # of encoders that send no levels: quieter than speech, louder than silence


@dataclass(frozen=True, slots=True)
class Floor:
    """Who has the floor in the loudest slot, and who has been louder since when (seconds)."""

    holder: Source | None = None
    challenger: Source | None = None
    since: float = 0.0


def assign(sources: Collection[Source], slot: Slot, floor: Source | None = None) -> Source | None:
    """Return the source that a slot shows; `floor` is the loudest voice."""
    if slot is Slot.LOUDEST and floor in sources:
        return floor
    return next((source for source in PREFERENCES[slot] if source in sources), None)


class Program:
    """What the slots show: to students while the lesson is live, to rehearsing teachers always."""

    def __init__(self) -> None:
        self._shown: dict[bool, dict[Slot, Source | None]] = {
            rehearsal: dict.fromkeys(Slot) for rehearsal in (False, True)
        }

    def shown(self, rehearsal: bool) -> Mapping[Slot, Source | None]:
        """Return what is in each slot."""
        return self._shown[rehearsal]

    def fill(
        self, sources: Collection[Source], floor: Source | None, *, live: bool
    ) -> dict[Slot, Source | None]:
        """Fill the slots anew; return what has changed for students."""
        before = self._shown[False]
        for rehearsal in (False, True):
            present = sources if live or rehearsal else ()
            self._shown[rehearsal] = {slot: assign(present, slot, floor) for slot in Slot}
        return {
            slot: source for slot, source in self._shown[False].items() if before[slot] != source
        }


def hear(floor: Floor, levels: Mapping[Source, int | None], now: float) -> Floor:
    """Return who has the floor, given the newest level of each voice on air."""
    heard = _heard(levels)
    if not heard:
        return Floor()
    if floor.holder not in heard:
        return Floor(next(iter(heard)))
    loudest = min(heard, key=heard.__getitem__)
    if heard[loudest] + LOUDER_BY > heard[floor.holder]:
        return Floor(floor.holder)
    if floor.challenger is not loudest:
        return Floor(floor.holder, loudest, now)
    if now - floor.since < FLOOR_HELD:
        return floor
    return Floor(loudest)


def _heard(levels: Mapping[Source, int | None]) -> dict[Source, int]:
    voices = [source for source in PREFERENCES[Slot.LOUDEST] if source in levels]
    known = {source: levels[source] for source in voices}
    return {source: UNKNOWN_LEVEL if level is None else level for source, level in known.items()}
