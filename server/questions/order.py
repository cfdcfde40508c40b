"""The fair order of questions: votes first, with a gentle lift for first askers and for age.

Pure, and the same on every page (docs/questions-protocol.md, "Order"); SQL says it again for
lists that are too long to sort here, and a test holds the two together.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, case, cast

FIRST_LIFT = 2.0  # votes; enough to be seen beside a popular question, not to pass it
AGE_MINUTES = 10.0  # of waiting are worth one vote,
MAX_AGE_LIFT = 3.0  # up to this many: an old question does not outlive a wanted one
_AGE_MS = AGE_MINUTES * 60_000


@dataclass(frozen=True, slots=True)
class Standing:
    """What the place of a question depends on."""

    number: int
    votes: int
    first: bool
    asked_ms: int


def points(one: Standing, now_ms: int) -> float:
    """Return what a question is worth; `now_ms` is Unix time in milliseconds."""
    age = min(max(0.0, now_ms - one.asked_ms) / _AGE_MS, MAX_AGE_LIFT)
    return one.votes + (FIRST_LIFT if one.first else 0.0) + age


def top(standings: Iterable[Standing], now_ms: int) -> list[Standing]:
    """Return questions with the most points first, and of equals the lower number."""
    return sorted(standings, key=lambda one: (-points(one, now_ms), one.number))


def points_column(
    votes: Any, first: ColumnElement[bool], asked_ms: Any, now_ms: int
) -> ColumnElement[float]:
    """Return the same points as SQL."""
    age = cast(now_ms - asked_ms, Float) / _AGE_MS
    bounded = case((age > MAX_AGE_LIFT, MAX_AGE_LIFT), (age < 0.0, 0.0), else_=age)
    lift = case((first, FIRST_LIFT), else_=0.0)
    return cast(votes, Float) + lift + bounded
