"""The ways to the pages of a lesson, as the engine knows them from receiver reports and checks."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence

from media.membership import Subscription
from media.room import Room
from media.transport import stats_of
from media.types import TransportState
from server.health import Path

MAX_ASKED = 500  # pages at one look: a few milliseconds of a thread; of more, some at each look


class Paths:
    """Looks at one lesson again and again."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[float | None, float | None]] = {}  # loss and trip
        self._asked = 0  # how many, for whose turn it is

    async def look(self, room: Room) -> Mapping[uuid.UUID, Sequence[Path]]:
        """Return each person's paths; whoever is still connecting has none yet."""
        watching = [one for one in room.subscriptions() if one.connected]
        await self._ask(watching)
        paths: dict[uuid.UUID, list[Path]] = defaultdict(list)
        for one in watching:
            if (person := _person(one.participant)) is not None:
                connected = one.transport.state is TransportState.CONNECTED
                paths[person].append(Path(connected, *self._known.get(one.transport.id, ())))
        return paths

    async def _ask(self, watching: Sequence[Subscription]) -> None:
        start = self._asked % len(watching) if watching else 0
        chosen = [one.transport for one in (*watching[start:], *watching[:start])][:MAX_ASKED]
        self._asked = start + len(chosen)
        found = await stats_of(chosen)
        ids = {one.transport.id for one in watching}
        self._known = {key: known for key, known in self._known.items() if key in ids}
        for transport, stats in zip(chosen, found, strict=True):
            if stats is not None:
                self._known[transport.id] = (stats["fraction_lost"], stats["round_trip_ms"])


def _person(participant: str) -> uuid.UUID | None:
    """Return the person behind a participant; a player with a token of its own is nobody."""
    try:
        return uuid.UUID(participant)
    except ValueError:
        return None
