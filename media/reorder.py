"""Put packets in order again: what is sent anew comes late, what is lost is waited for in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from media.packets import Packet

WAIT_MS: Final = 400  # for what the publisher sends again; a far network needs 300
MAX_HELD: Final = 1024  # packets behind a hole; two seconds of a picture
MAX_JUMP: Final = 3000  # numbers; a sender that jumps further began anew


class Reorder:
    """The packets of one slot; times are milliseconds of any steady clock."""

    def __init__(self) -> None:
        self.lost = 0  # packets given up
        self._next: int | None = None  # the number that comes next, 16 bits
        self._held: dict[int, Packet] = {}
        self._since = 0.0  # when the hole before the held packets was seen

    def push(self, packet: Packet, now: float) -> list[Packet | None]:
        """Return the packets that can go on, in order; None stands for a loss."""
        ready: list[Packet | None] = []
        if self._next is None:
            self._next = packet.number
        ahead = (packet.number - self._next) & 0xFFFF
        if MAX_JUMP < ahead < 0x10000 - MAX_JUMP:
            ready += [*self._sorted(), None]
            self._held.clear()
            self._next, ahead = packet.number, 0
        if ahead >= 0x8000:
            return ready  # too late, or twice
        if not self._held:
            self._since = now
        self._held[packet.number] = packet
        ready += self._run()
        if len(self._held) > MAX_HELD:
            ready += self._give_up(now)
        return ready

    def advance(self, now: float) -> list[Packet | None]:
        """Give up what was waited for long enough."""
        return self._give_up(now) if self._held and now - self._since >= WAIT_MS else []

    def flush(self) -> list[Packet | None]:
        """Return all that is left."""
        ready: list[Packet | None] = []
        while self._held:
            ready += self._give_up(0.0)
        return ready

    def _give_up(self, now: float) -> list[Packet | None]:
        first = self._sorted()[0].number
        self.lost += (first - (self._next or 0)) & 0xFFFF
        self._next = first
        self._since = now
        return [None, *self._run()]

    def _sorted(self) -> list[Packet]:
        base = self._next or 0
        return sorted(self._held.values(), key=lambda one: (one.number - base) & 0xFFFF)

    def _run(self) -> list[Packet | None]:
        ready: list[Packet | None] = []
        while self._next is not None and (packet := self._held.pop(self._next, None)):
            ready.append(packet)
            self._next = (self._next + 1) & 0xFFFF
        return ready
