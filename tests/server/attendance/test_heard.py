"""What counts as heard: reconnects, two devices, a replay beside, a machine that stood still."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from server.attendance.heard import BRIDGE_MS, Heard, Roll, Stretch, heard, whole_minutes

STEP = 5_000  # ms between looks
MINUTE = 60_000
SHE, HE = uuid.UUID(int=1), uuid.UUID(int=2)


def stretches(
    roll: Roll, looks: list[tuple[int, set[uuid.UUID]]]
) -> dict[tuple[uuid.UUID, int], int]:
    """Call the roll and return what the database would keep."""
    kept: dict[tuple[uuid.UUID, int], int] = {}
    for position, present in looks:
        for one in roll.look(position, present):
            kept[one.person, one.began] = one.ended
    return kept


def spans(kept: dict[tuple[uuid.UUID, int], int], person: uuid.UUID) -> list[tuple[int, int]]:
    return [(began, ended) for (who, began), ended in kept.items() if who == person]


def test_forty_reconnects_of_two_devices_are_one_stretch() -> None:
    # Either device drops again and again; now and then a look finds both away.
    looks = [(n * STEP, set() if n % 12 == 7 else {SHE}) for n in range(481)]
    kept = stretches(Roll(), looks)
    assert kept == {(SHE, 0): 480 * STEP}
    assert heard(spans(kept, SHE), [], (0, 40 * MINUTE)).distinct == 40 * MINUTE


def test_who_is_away_longer_than_a_network_change_has_not_heard_it() -> None:
    away = range(10, 20)
    kept = stretches(Roll(), [(n * STEP, set() if n in away else {SHE}) for n in range(30)])
    assert spans(kept, SHE) == [(0, 9 * STEP), (19 * STEP, 29 * STEP)]


def test_who_is_there_at_the_first_look_only_has_heard_nothing() -> None:
    assert stretches(Roll(), [(1000, {SHE}), (6000, {HE})]) == {(HE, 1000): 6000}


def test_a_machine_that_stood_still_makes_nobody_present() -> None:
    roll = Roll()
    kept = stretches(roll, [(0, {SHE}), (STEP, {SHE}), (STEP + 20 * MINUTE, {SHE})])
    end = STEP + 20 * MINUTE
    assert spans(kept, SHE) == [(0, STEP), (end - BRIDGE_MS, end)]


def test_a_restart_begins_anew_and_what_was_written_stays() -> None:
    before = stretches(Roll(), [(0, {SHE}), (STEP, {SHE}), (2 * STEP, {SHE})])
    after = stretches(Roll(), [(30_000, {SHE}), (35_000, {SHE})])
    both = [*spans(before, SHE), *spans(after, SHE)]
    assert heard(both, [], (0, MINUTE)).distinct == 2 * STEP + 5_000


def test_what_is_heard_again_in_the_replay_counts_once() -> None:
    found = heard([(0, 30 * MINUTE)], [[20 * MINUTE, 50 * MINUTE]], (0, 60 * MINUTE))
    assert found == Heard(30 * MINUTE, 30 * MINUTE, 50 * MINUTE)


def test_what_was_rehearsed_or_lies_behind_the_end_is_no_part_of_the_lesson() -> None:
    found = heard([(0, 10 * MINUTE)], [[50 * MINUTE, 90 * MINUTE]], (5 * MINUTE, 60 * MINUTE))
    assert found == Heard(5 * MINUTE, 10 * MINUTE, 15 * MINUTE)
    assert not heard([(0, 4 * MINUTE)], [], (5 * MINUTE, 60 * MINUTE))


def test_minutes_are_whole() -> None:
    assert [whole_minutes(one) for one in (0, 59_999, 60_000, 119_999)] == [0, 0, 1, 1]


@given(st.lists(st.booleans(), min_size=2, max_size=200))
def test_nobody_hears_more_than_there_was_nor_twice(present: list[bool]) -> None:
    looks = [(n * STEP, {SHE} if here else set()) for n, here in enumerate(present)]
    kept = spans(stretches(Roll(), looks), SHE)
    total = sum(end - start for start, end in kept)
    assert heard(kept, [], (0, len(present) * STEP)).distinct == total
    # Each look that finds somebody there is worth the time since the one before.
    least = sum(present[1:]) * STEP
    bridged = sum(not here for here in present) * STEP
    assert least <= total <= min(least + bridged, (len(present) - 1) * STEP)


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), max_size=20),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), max_size=20),
    st.integers(0, 2000),
    st.integers(2000, 5000),
)
def test_sums_agree_with_counting_each_millisecond(
    live: list[tuple[int, int]], replay: list[tuple[int, int]], start: int, end: int
) -> None:
    def counted(spans: list[tuple[int, int]]) -> set[int]:
        return {at for a, b in spans for at in range(max(a, start), min(b, end))}

    found = heard(live, replay, (start, end))
    assert found.live == len(counted(live))
    assert found.replay == len(counted(replay))
    assert found.distinct == len(counted(live) | counted(replay))


def test_a_stretch_says_whose_it_is() -> None:
    roll = Roll(looked=0)
    assert roll.look(STEP, [SHE, SHE]) == [Stretch(SHE, 0, STEP)]
