"""The order of hands: fair, the same for all, and gently lifted for first-time speakers."""

from hypothesis import given
from hypothesis import strategies as st

from server.hands.queue import (
    BACKDATE_MS,
    FIRST_LIFT_MS,
    Standing,
    in_order,
    next_to_invite,
    next_to_start,
    on_air,
    order_of,
    place,
)
from server.hands.states import WAITING, State, Verdict

MINUTE = 60_000
standings = st.lists(
    st.builds(
        Standing,
        st.integers(1, 300),
        st.integers(-FIRST_LIFT_MS, 10**9),
        st.sampled_from(State),
        st.none() | st.sampled_from(Verdict),
    ),
    unique_by=lambda one: one.number,
    max_size=12,
)


def raised(number: int, order: int, state: State = State.RAISED) -> Standing:
    return Standing(number, order, state)


def test_who_comes_first_is_first() -> None:
    hands = [raised(1, 5000), raised(2, 4000), raised(3, 4000)]
    assert [place(hands, number) for number in (1, 2, 3, 4)] == [3, 1, 2, None]


def test_a_first_time_speaker_passes_those_of_the_last_two_minutes_only() -> None:
    now = 10 * MINUTE
    newcomer = raised(9, order_of(now, now, first=True))
    early = raised(1, 7 * MINUTE)
    late = raised(2, 9 * MINUTE)
    assert [one.number for one in in_order([late, newcomer, early])] == [1, 9, 2]


def test_an_offline_hand_counts_from_when_it_was_raised_but_not_for_ever() -> None:
    now = 10 * MINUTE
    assert order_of(now - 30_000, now, first=False) == now - 30_000
    assert order_of(0, now, first=False) == now - BACKDATE_MS
    assert order_of(now + MINUTE, now, first=False) == now


def test_who_is_on_air_does_not_stand_in_the_queue() -> None:
    hands = [raised(1, 1, State.ON_AIR), raised(2, 2, State.TESTING), raised(3, 3)]
    assert on_air(hands) == [1]
    assert [place(hands, number) for number in (1, 2, 3)] == [None, 1, 2]


def test_whoever_tests_well_goes_before_others() -> None:
    weak = Standing(1, 1, State.TESTING, Verdict.WEAK)
    good = Standing(2, 2, State.TESTING, Verdict.GOOD)
    assert next_to_start([weak, good], tested=False) == 2
    assert next_to_start([weak], tested=False) == 1
    assert next_to_start([weak], tested=True) is None


def test_one_is_invited_at_a_time() -> None:
    assert next_to_invite([raised(1, 2), raised(2, 1)]) == 2
    assert next_to_invite([raised(1, 2), raised(2, 1, State.INVITED)]) is None
    assert next_to_invite([raised(1, 2, State.ON_AIR)]) is None


@given(standings)
def test_places_are_the_numbers_from_one(hands: list[Standing]) -> None:
    waiting = [one.number for one in hands if one.state in WAITING]
    places = sorted(place(hands, number) or 0 for number in waiting)
    assert places == list(range(1, len(waiting) + 1))


@given(standings, st.randoms())
def test_the_order_does_not_depend_on_who_looks(hands: list[Standing], dice: object) -> None:
    mixed = list(hands)
    dice.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis' own Random
    assert in_order(mixed) == in_order(hands)
