"""How often one address and one participant may ask."""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import hdrs

from signaling.errors import TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW = 60  # s
IPV6_PREFIX = 64  # bits: one subscriber line has them all, so they count as one address


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Requests in a minute, of every method together.

    A school behind one address joins at once: 500 students with three requests each.
    """

    per_address: int = 3000
    per_participant: int = 120


@dataclass(slots=True)
class _Window:
    """The requests of one name in a minute that began with its first."""

    ends: float
    count: int = 0


class Limiter:
    """Counts requests; raises TooManyRequests beyond the limit.

    `clock` tells seconds and never goes back.
    """

    def __init__(self, limits: RateLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._windows: dict[tuple[str, str], _Window] = {}
        self._tidy_at = clock() + WINDOW

    def __len__(self) -> int:
        """Return how many names are remembered."""
        return len(self._windows)

    def admit_address(self, address: str) -> None:
        """Count a request of a source address."""
        self._admit(self._limits.per_address, "address", counted_as(address))

    def admit_participant(self, participant: str) -> None:
        """Count a request under a good token."""
        self._admit(self._limits.per_participant, "participant", participant)

    def _admit(self, limit: int, kind: str, name: str) -> None:
        now = self._clock()
        if now >= self._tidy_at:
            self._tidy(now)
        window = self._windows.get((kind, name))
        if window is None or now >= window.ends:
            window = self._windows[kind, name] = _Window(now + WINDOW)
        window.count += 1
        if window.count > limit:
            raise TooManyRequests(
                "too-many-requests",
                f"No more than {limit} requests in a minute, please.",
                headers={hdrs.RETRY_AFTER: str(WINDOW)},
            )

    def _tidy(self, now: float) -> None:
        """Forget what is over; once a window, since it looks at every name."""
        self._tidy_at = now + WINDOW
        self._windows = {key: one for key, one in self._windows.items() if now < one.ends}


def counted_as(address: str) -> str:
    """Return the name under which an address is counted: its /64 for IPv6."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
