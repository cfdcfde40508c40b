"""Rate limits: how often something may be tried, and by whom it is counted."""

import time
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from server.errors import TooMany


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit by its name; `item` says how many in how long."""

    name: str
    item: RateLimitItem


# A classroom of forty shares one address and joins within a minute: only what fails is scarce.
SIGN_IN_ADDRESS = Limit("sign-in-address", RateLimitItemPerMinute(300, 10))
SIGN_IN_FAILED_ADDRESS = Limit("sign-in-failed-address", RateLimitItemPerMinute(60, 10))
SIGN_IN_FAILED_LOGIN = Limit("sign-in-failed-login", RateLimitItemPerMinute(10, 10))
SIGN_IN_FAILED_ANYWHERE = Limit("sign-in-failed-anywhere", RateLimitItemPerMinute(100, 10))
JOIN_ADDRESS = Limit("join-address", RateLimitItemPerMinute(600, 10))
# A million codes at 20 guesses in ten minutes: a year finds one code in ten with 10 courses.
JOIN_FAILED_ADDRESS = Limit("join-failed-address", RateLimitItemPerMinute(20, 10))
PASSWORD_FAILED = Limit("password-failed", RateLimitItemPerMinute(10, 10))
# A page sends a join per reconnect; this leaves room for every later feature and stops a flood.
SOCKET_EVENTS = Limit("socket-events", RateLimitItemPerSecond(40, 10))
# Ten hands' worth of tapping; an outbox that was offline for a lesson empties within a minute.
COMMANDS = Limit("commands", RateLimitItemPerMinute(120))
# Somebody who types asks about four times a second at most, and not for a minute on end.
QUESTION_SEARCHES = Limit("question-searches", RateLimitItemPerMinute(60))
# Half a minute each: nobody records more, and a script fills no disk.
VOICE_NOTES = Limit("voice-notes", RateLimitItemPerMinute(20, 10))
# A quarter of a megabyte in pieces of 4 kB is 64, and a bad link sends some of them twice.
VOICE_NOTE_PIECES = Limit("voice-note-pieces", RateLimitItemPerMinute(240))

# A teacher's files for a day, and some tries; each takes seconds of a processor.
SLIDES = Limit("slides", RateLimitItemPerMinute(30, 10))
# Every language of a term's lessons at once; each is read as a whole.
CAPTIONS = Limit("captions", RateLimitItemPerMinute(120, 10))


class Limits:
    """Counts in this process."""

    def __init__(self) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())

    async def take(self, limit: Limit, who: str) -> None:
        """Count one try; raises TooMany when there were too many."""
        if not await self._window.hit(limit.item, limit.name, who):
            raise await self._too_many(limit, who)

    async def check(self, limit: Limit, who: str) -> None:
        """Raise TooMany when there were too many, without counting."""
        if not await self._window.test(limit.item, limit.name, who):
            raise await self._too_many(limit, who)

    async def allows(self, limit: Limit, who: str) -> bool:
        """Count one try and return whether it was within the limit."""
        return await self._window.hit(limit.item, limit.name, who)

    async def clear(self, limit: Limit, who: str) -> None:
        """Forget the tries of somebody who has succeeded."""
        await self._window.clear(limit.item, limit.name, who)

    async def _too_many(self, limit: Limit, who: str) -> TooMany:
        window = await self._window.get_window_stats(limit.item, limit.name, who)
        seconds = int(window.reset_time - time.time()) + 1
        return TooMany(
            "too-many-tries", "Too many tries; please wait a little.", retry_after=seconds
        )
