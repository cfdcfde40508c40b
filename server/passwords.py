"""Passwords: argon2id in a few threads, so that signing in never holds up a lesson."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.errors import Unavailable

# Waiting longer than this many others would take is answered with "later" at once.
MAX_WAITING = 64
RETRY_SECONDS = 5

T = TypeVar("T")


class Passwords:
    """Hashes and checks passwords off the loop, a bounded number at a time."""

    def __init__(self, threads: int, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._waiting = 0
        # Checked when the login is unknown, so that the time taken does not tell.
        self._nobody = self._hasher.hash("nobody's password")

    async def hash(self, password: str) -> str:
        """Return the hash to keep; raises Unavailable when too many wait."""
        return await self._run(self._hasher.hash, password)

    async def check(self, stored: str | None, password: str) -> bool:
        """Return whether a password is the one stored; None is never right."""
        right = await self._run(self._verify, stored or self._nobody, password)
        return right and stored is not None

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., T], *arguments: str) -> T:
        if self._waiting >= MAX_WAITING:
            raise Unavailable(
                "busy", "Many people are signing in just now.", retry_after=RETRY_SECONDS
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Let the threads end; what they are doing is abandoned."""
        self._threads.shutdown(wait=False, cancel_futures=True)
