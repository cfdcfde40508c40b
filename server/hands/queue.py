"""The order of hands: first come, first served, with a gentle lift for first-time speakers.

Pure, and the same on every page (docs/speaking-protocol.md, "Order and place").
"""

from collections.abc import Iterable
from dataclasses import dataclass

from server.hands.states import WAITING, State, Verdict

MAX_ON_AIR = 1  # turns at once: two voices beside the teacher's can not be told apart
MAX_HANDS = 200  # up in one lesson; nobody waits for the two hundredth turn
FIRST_LIFT_MS = 120_000  # a first-time speaker passes those who came in the last two minutes
BACKDATE_MS = 60_000  # an offline hand counts from when it was raised, as long as hands survive


@dataclass(frozen=True, slots=True)
class Standing:
    """What the place of a hand depends on."""

    number: int
    order: int
    state: State
    test: Verdict | None = None


def order_of(at: int, now: int, *, first: bool) -> int:
    """Return where a hand stands; `at` and `now` are lesson positions in milliseconds."""
    came = max(min(at, now), now - BACKDATE_MS)
    return came - (FIRST_LIFT_MS if first else 0)


def in_order(hands: Iterable[Standing]) -> list[Standing]:
    """Return the hands that are up and not on air, the next first."""
    waiting = (one for one in hands if one.state in WAITING)
    return sorted(waiting, key=lambda one: (one.order, one.number))


def place(hands: Iterable[Standing], number: int) -> int | None:
    """Return a hand's place counted from 1, or None when it is not waiting."""
    numbers = [one.number for one in in_order(hands)]
    return numbers.index(number) + 1 if number in numbers else None


def on_air(hands: Iterable[Standing]) -> list[int]:
    """Return the hands that are on air."""
    return [one.number for one in hands if one.state is State.ON_AIR]


def next_to_start(hands: Iterable[Standing], *, tested: bool) -> int | None:
    """Return who goes on air next: who tests well before others; with `tested`, nobody else."""
    ready = [one for one in in_order(hands) if one.state is State.TESTING]
    good = [one for one in ready if one.test is Verdict.GOOD]
    chosen = good or ([] if tested else ready)
    return chosen[0].number if chosen else None


def next_to_invite(hands: Iterable[Standing]) -> int | None:
    """Return who is invited next: nobody while an invitation is open."""
    waiting = in_order(hands)
    if any(one.state is State.INVITED for one in waiting):
        return None
    return next((one.number for one in waiting if one.state is State.RAISED), None)
