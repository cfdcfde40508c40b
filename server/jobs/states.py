"""The life of a job: queued → running → done, failed or cancelled. Pure rules."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from server.clock import to_iso
from server.errors import Conflict

# What is tried again after a failure, and how much later: a disk that was full for a minute, a
# store that was away for a while. Then somebody has to look at it.
WAITS = (timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=30))
MAX_LINES = 40  # of a job's log; a page shows no more, and the newest say most
MAX_LINE = 300  # characters
WHOLE = 1000  # a progress as the database keeps it, in thousandths
SURE = 0.02  # of the work must be done before a guess of the end is worth telling


class JobState(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = frozenset({JobState.QUEUED, JobState.RUNNING})
# What people may ask for; the rest is the runner's.
_WISHES: Mapping[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.CANCELLED}),
    JobState.RUNNING: frozenset({JobState.CANCELLED}),
    JobState.DONE: frozenset(),
    JobState.FAILED: frozenset({JobState.QUEUED, JobState.CANCELLED}),
    JobState.CANCELLED: frozenset({JobState.QUEUED}),
}


def check_wish(now: JobState, wanted: JobState) -> bool:
    """Return whether a person's wish changes anything; raises Conflict if it is not possible."""
    if wanted is now:
        return False
    if wanted not in _WISHES[now]:
        raise Conflict(
            "illegal-step",
            f"A job that is {now.value} can not become {wanted.value}.",
            expected=sorted(state.value for state in _WISHES[now]),
            got=wanted.value,
        )
    return True


def wait_after(failures: int) -> timedelta | None:
    """Return how long to wait after so many failures, or None to give up."""
    return WAITS[failures - 1] if failures <= len(WAITS) else None


def bounded(progress: float) -> float:
    """Return a progress between 0 and 1, whatever was reported."""
    return min(1.0, max(0.0, progress)) if progress == progress else 0.0  # noqa: PLR0124 - not NaN


def time_left(began: float, progress: float, passed: float) -> float | None:
    """Return the seconds that are left; `began` is the progress this try began with."""
    done = progress - began
    return None if done < SURE or progress >= 1 else passed * (1 - progress) / done


def with_line(lines: Sequence[Any], at: datetime, text: str) -> list[Any]:
    """Return a log with one more line; the oldest ones go."""
    line = {"at": to_iso(at), "text": " ".join(text.split())[:MAX_LINE]}
    return [*lines, line][-MAX_LINES:]
