"""How often one address and one participant may ask."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from aiohttp import hdrs
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from signaling.errors import TooManyRequests

WINDOW = 60  # s
IPV6_PREFIX = 64  # bits: one subscriber line has them all, so they count as one address


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Requests in a minute, of every method together.

    A school behind one address joins at once: 500 students with three requests each.
    """

    per_address: int = 3000
    per_participant: int = 120


class Limiter:
    """Counts requests; raises TooManyRequests beyond the limit."""

    def __init__(self, limits: RateLimits) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._per_address = RateLimitItemPerMinute(limits.per_address)
        self._per_participant = RateLimitItemPerMinute(limits.per_participant)

    async def admit_address(self, address: str) -> None:
        """Count a request of a source address."""
        await self._admit(self._per_address, "address", counted_as(address))

    async def admit_participant(self, participant: str) -> None:
        """Count a request under a good token."""
        await self._admit(self._per_participant, "participant", participant)

    async def _admit(self, limit: RateLimitItemPerMinute, kind: str, name: str) -> None:
        if not await self._limiter.hit(limit, kind, name):
            raise TooManyRequests(
                "too-many-requests",
                f"No more than {limit.amount} requests in a minute, please.",
                headers={hdrs.RETRY_AFTER: str(WINDOW)},
            )


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
