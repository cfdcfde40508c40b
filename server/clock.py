"""The clocks, behind one door so that a test can hold them."""

import functools
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

_BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """What the application may know about time."""

    def now(self) -> datetime:
        """Return the wall clock in UTC; it may jump either way."""

    def steady_ms(self) -> int:
        """Return milliseconds that never go back while `boot_id` stays the same."""

    def boot_id(self) -> str:
        """Name the span in which `steady_ms` values can be compared."""


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def steady_ms(self) -> int:
        # BOOTTIME also counts while the machine sleeps; every process of one boot shares it.
        return time.clock_gettime_ns(_steady_clock()) // 1_000_000

    def boot_id(self) -> str:
        return _boot_id()


@functools.cache
def _steady_clock() -> int:
    return getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@functools.cache
def _boot_id() -> str:
    try:
        return _BOOT_ID_FILE.read_text(encoding="ascii").strip()
    except OSError:  # not Linux: only this process's own readings can be compared
        return f"process-{time.time_ns()}"


def to_milliseconds(moment: datetime) -> int:
    """Return a moment as Unix milliseconds."""
    return int(moment.timestamp() * 1000)


def to_iso(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC with milliseconds and Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
