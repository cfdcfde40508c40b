"""From RTP timestamps to positions on the lesson's clock, in milliseconds.

All slots share the engine's NTP clock, which the quickest report ties to the lesson's. A report is
believed as long as packets lie where they can: not after they came, nor long before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from media.packets import Report

MAX_LATE_MS: Final = 5000  # a packet from further back is not believed; the engine's own bound
MAX_EARLY_MS: Final = 1000  # nothing is filmed after it came; clocks are learned with some slack
NTP_MS: Final = 1000 / 2**32


class Tie:
    """Where the engine's NTP clock lies on the lesson's; one for all slots of a lesson."""

    def __init__(self) -> None:
        self._offset: float | None = None  # lesson's minus engine's
        self._first: int | None = None

    def learn(self, ntp: int, arrival: float) -> float:
        """Take a report that was made at `ntp` and came at `arrival`; return where it lies."""
        if self._first is None:
            self._first = ntp
        made = self._since(ntp)
        late = arrival - made
        if self._offset is None or late < self._offset:
            self._offset = late
        return made + self._offset

    def _since(self, ntp: int) -> float:
        """Return milliseconds since the first report, exact where floats would not be."""
        span = (ntp - (self._first or 0)) & 0xFFFF_FFFF_FFFF_FFFF
        return (span - (1 << 64) if span >> 63 else span) * NTP_MS


class SlotClock:
    """The clock of one slot."""

    def __init__(self, tie: Tie, rate: int) -> None:
        self.jumps = 0  # timestamps that could not be believed
        self._tie = tie
        self._rate = rate / 1000  # ticks a millisecond
        self._anchor: tuple[float, int] | None = None
        self._newest: tuple[float, int] | None = None  # arrival and timestamp

    def report(self, report: Report, arrival: float) -> None:
        """Take a sender report, unless the newest packet would lie where it can not."""
        anchor = (self._tie.learn(report.ntp, arrival), report.timestamp)
        if self._newest is not None:
            came, timestamp = self._newest
            if not _possible(self._at(anchor, timestamp), came):
                return
        self._anchor = anchor

    def position(self, timestamp: int, arrival: float) -> float:
        """Return the position of a packet that came at `arrival`."""
        self._newest = (arrival, timestamp)
        if self._anchor is not None:
            position = self._at(self._anchor, timestamp)
            if _possible(position, arrival):
                return position
            self.jumps += 1
        self._anchor = (arrival, timestamp)
        return arrival

    def _at(self, anchor: tuple[float, int], timestamp: int) -> float:
        ticks = (timestamp - anchor[1]) & 0xFFFF_FFFF
        return anchor[0] + (ticks - (1 << 32) if ticks >> 31 else ticks) / self._rate


def _possible(position: float, arrival: float) -> bool:
    return arrival - MAX_LATE_MS <= position <= arrival + MAX_EARLY_MS
