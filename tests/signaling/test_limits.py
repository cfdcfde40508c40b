"""How often one address and one participant may ask, by a clock of the test."""

from __future__ import annotations

import pytest

from signaling.errors import TooManyRequests
from signaling.limits import WINDOW, Limiter, RateLimits


class Clock:
    """A clock that stands until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> Limiter:
    return Limiter(RateLimits(per_address=3, per_participant=2), clock)


def test_so_many_requests_pass_and_no_more(limiter: Limiter) -> None:
    for _ in range(3):
        limiter.admit_address("192.0.2.1")
    with pytest.raises(TooManyRequests) as refused:
        limiter.admit_address("192.0.2.1")
    assert refused.value.headers["Retry-After"] == str(WINDOW)


def test_each_name_and_kind_counts_for_itself(limiter: Limiter) -> None:
    for name in ("a", "b"):
        limiter.admit_participant(name)
        limiter.admit_participant(name)
        limiter.admit_address(name)
    with pytest.raises(TooManyRequests):
        limiter.admit_participant("a")
    limiter.admit_address("a")


def test_the_minute_begins_with_the_first_request(limiter: Limiter, clock: Clock) -> None:
    limiter.admit_participant("a")
    clock.now += WINDOW - 1
    limiter.admit_participant("a")
    with pytest.raises(TooManyRequests):
        limiter.admit_participant("a")
    clock.now += 1
    limiter.admit_participant("a")


def test_who_goes_on_asking_is_let_in_after_the_minute(limiter: Limiter, clock: Clock) -> None:
    for _ in range(2):
        limiter.admit_participant("a")
    for _ in range(WINDOW - 1):
        clock.now += 1
        with pytest.raises(TooManyRequests):
            limiter.admit_participant("a")
    clock.now += 1
    limiter.admit_participant("a")


def test_names_are_forgotten_after_their_minute(limiter: Limiter, clock: Clock) -> None:
    for number in range(1000):
        limiter.admit_participant(f"student-{number}")
    clock.now += 2 * WINDOW
    limiter.admit_participant("late")
    assert len(limiter) == 1


def test_tidying_forgets_nobody_within_the_minute(limiter: Limiter, clock: Clock) -> None:
    clock.now += WINDOW - 1
    limiter.admit_participant("a")
    limiter.admit_participant("a")
    clock.now += 2  # time to tidy
    with pytest.raises(TooManyRequests):
        limiter.admit_participant("a")
