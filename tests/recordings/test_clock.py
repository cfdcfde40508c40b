"""Where timestamps lie on the lesson's clock: any times, any reports, and never far off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.packets import Report, parse
from recordings.clock import MAX_EARLY_MS, MAX_LATE_MS, SlotClock, Tie
from tests.recordings.wire import report

RATE = 90_000
HOUR = 3_600_000


def clock_with_report(ntp: float, timestamp: int, arrival: float) -> SlotClock:
    clock = SlotClock(Tie(), RATE)
    found = parse(report(ntp, timestamp))
    assert isinstance(found, Report)
    clock.report(found, arrival)
    return clock


def test_without_a_report_the_first_arrival_counts() -> None:
    clock = SlotClock(Tie(), RATE)
    assert clock.position(500, 1000) == 1000
    assert clock.position(500 + 90 * 40, 1300) == 1040


def test_timestamps_go_on_over_their_edge() -> None:
    clock = clock_with_report(1e9, 2**32 - 90 * 1000, HOUR)
    for ms in range(0, 5000, 100):
        stamp = (2**32 - 90 * 1000 + 90 * ms) % 2**32
        assert clock.position(stamp, HOUR + ms + 30) == pytest.approx(HOUR + ms, abs=0.01)
    assert clock.jumps == 0


def test_two_slots_of_one_engine_are_in_step_although_one_report_came_late() -> None:
    tie = Tie()
    camera, voice = SlotClock(tie, 90_000), SlotClock(tie, 48_000)
    for clock, rate, late in ((camera, 90, 400), (voice, 48, 20)):
        found = parse(report(1e9, 7 * rate))
        assert isinstance(found, Report)
        clock.report(found, HOUR + late)
    again = parse(report(1e9 + 1000, 1007 * 90))
    assert isinstance(again, Report)
    camera.report(again, HOUR + 1400)
    seen = camera.position(2007 * 90, HOUR + 2300)
    heard = voice.position(2007 * 48, HOUR + 2030)
    assert seen == pytest.approx(heard, abs=0.1)


@pytest.mark.parametrize("hours", [-9, -1, 1, 5, 12])
def test_a_jump_by_hours_lands_where_it_came(hours: int) -> None:
    clock = clock_with_report(1e9, 1000, HOUR)
    stamp = (1000 + hours * HOUR * 90) % 2**32
    assert clock.position(stamp, HOUR + 500) == HOUR + 500
    assert clock.position(stamp + 90 * 40, HOUR + 590) == HOUR + 540
    assert clock.jumps == 1


times = st.floats(0, 1e8)
stamps = st.integers(0, 2**32 - 1)
steps = st.tuples(st.booleans(), times, stamps, st.integers(0, 2**64 - 1))


@given(st.lists(steps, max_size=60))
def test_any_timestamps_and_reports_stay_near_their_arrival(
    told: list[tuple[bool, float, int, int]],
) -> None:
    clock = SlotClock(Tie(), RATE)
    for is_report, arrival, stamp, ntp in told:
        if is_report:
            clock.report(Report(ntp, stamp), arrival)
        else:
            position = clock.position(stamp, arrival)
            assert arrival - MAX_LATE_MS <= position <= arrival + MAX_EARLY_MS
