"""Rules become moments: on the wall, over changes of the clock, never without an end."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.timetable.recurrence import (
    MAX_LESSONS,
    MAX_SPAN,
    BadRule,
    Slot,
    expand,
    moved,
    to_utc,
    to_wall,
    without_holidays,
)

DUSHANBE, BERLIN = ZoneInfo("Asia/Dushanbe"), ZoneInfo("Europe/Berlin")
FIRST = datetime(2026, 9, 1, 9, 0)  # noqa: DTZ001 - a Tuesday, on the wall
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def walls(rule: str | None, zone: ZoneInfo = DUSHANBE, first: datetime = FIRST) -> list[str]:
    return [f"{to_wall(one.starts, zone):%m-%d %H:%M}" for one in expand(first, 90, rule, zone)]


def test_one_lesson_has_no_rule() -> None:
    (slot,) = expand(FIRST, 90, None, DUSHANBE)
    assert slot == Slot(
        datetime(2026, 9, 1, 4, 0, tzinfo=UTC), datetime(2026, 9, 1, 5, 30, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY;COUNT=3", ["09-01 09:00", "09-08 09:00", "09-15 09:00"]),
        (
            "RRULE:FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20260908",
            ["09-01 09:00", "09-03 09:00", "09-08 09:00"],
        ),
        ("freq=daily;interval=2;count=2", ["09-01 09:00", "09-03 09:00"]),
        ("FREQ=MONTHLY;BYDAY=1TU;COUNT=2", ["09-01 09:00", "10-06 09:00"]),
        ("FREQ=WEEKLY;UNTIL=20260908T080000Z", ["09-01 09:00"]),
        ("FREQ=DAILY;BYDAY=MO;COUNT=1", ["09-07 09:00"]),
    ],
)
def test_rules_are_counted_in_wall_time(rule: str, expected: list[str]) -> None:
    assert walls(rule) == expected


def test_nine_is_nine_before_and_after_the_clocks_change() -> None:
    first = datetime(2026, 10, 22, 9, 0)  # noqa: DTZ001 - on the wall
    slots = expand(first, 90, "FREQ=DAILY;COUNT=5", BERLIN)
    assert walls("FREQ=DAILY;COUNT=5", BERLIN, first)[-1] == "10-26 09:00"
    assert slots[3].starts - slots[2].starts == timedelta(hours=25)


def test_an_hour_that_is_skipped_moves_what_lies_in_it() -> None:
    wall = datetime(2027, 3, 28, 2, 30)  # noqa: DTZ001 - which Berlin never sees
    assert to_wall(to_utc(wall, BERLIN), BERLIN) == wall + timedelta(hours=1)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("", "can not be read"),
        ("FREQ=WEEKLY", "COUNT or UNTIL"),
        ("FREQ=WEEKLY;COUNT=2;UNTIL=20261231", "COUNT or UNTIL"),
        ("FREQ=SECONDLY;COUNT=2", "DAILY, WEEKLY or MONTHLY"),
        ("FREQ=YEARLY;COUNT=2", "DAILY, WEEKLY or MONTHLY"),
        ("FREQ=WEEKLY;FREQ=DAILY;COUNT=2", "can not be read"),
        ("FREQ=WEEKLY;BYDAY=XX;COUNT=2", "can not be read"),
        ("FREQ=WEEKLY;BYDAY=;COUNT=2", "can not be read"),
        ("FREQ=WEEKLY;BYHOUR=1,2,3;COUNT=2", "BYHOUR is not used"),
        ("FREQ=WEEKLY;INTERVAL=0;COUNT=2", "INTERVAL is a number"),
        ("FREQ=WEEKLY;COUNT=-1", "COUNT is a number"),
        ("FREQ=WEEKLY;COUNT=١", "COUNT is a number"),
        ("FREQ=WEEKLY;UNTIL=someday", "UNTIL is a day"),
        ("FREQ=WEEKLY;UNTIL=20250101", "no day fits"),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31;COUNT=3", "no day fits"),
        ("FREQ=DAILY;COUNT=9999", f"more than {MAX_LESSONS}"),
        ("FREQ=DAILY;UNTIL=99991231", f"more than {MAX_LESSONS}"),
        ("FREQ=WEEKLY;COUNT=2;" + "X" * 300, "can not be read"),
    ],
)
def test_what_is_no_timetable_is_said(rule: str, why: str) -> None:
    with pytest.raises(BadRule, match=why):
        expand(FIRST, 90, rule, DUSHANBE)


def test_a_lesson_that_overlaps_the_next_is_no_timetable() -> None:
    with pytest.raises(BadRule, match="before it has ended"):
        expand(FIRST, 25 * 60, "FREQ=DAILY;COUNT=2", DUSHANBE)


@given(
    st.sampled_from(("DAILY", "WEEKLY", "MONTHLY")),
    st.integers(1, 4),
    st.lists(st.sampled_from(DAYS), unique=True, max_size=7),
    st.integers(1, 40),
    st.sampled_from((DUSHANBE, BERLIN, ZoneInfo("America/New_York"))),
)
def test_every_lesson_of_a_rule_is_at_the_same_time_in_order_and_bounded(
    frequency: str, interval: int, days: list[str], count: int, zone: ZoneInfo
) -> None:
    byday = f";BYDAY={','.join(days)}" if days else ""
    rule = f"FREQ={frequency};INTERVAL={interval}{byday};COUNT={count}"
    try:
        slots = expand(FIRST, 90, rule, zone)
    except BadRule:
        return
    assert len(slots) <= count
    assert slots == sorted(slots)
    assert {to_wall(one.starts, zone).time() for one in slots} == {FIRST.time()}
    assert to_wall(slots[-1].starts, zone) - FIRST <= MAX_SPAN
    if days:
        assert {DAYS[to_wall(one.starts, zone).weekday()] for one in slots} <= set(days)


def test_holidays_fall_out() -> None:
    slots = expand(FIRST, 90, "FREQ=DAILY;COUNT=3", DUSHANBE)
    kept, skipped = without_holidays(slots, {date(2026, 9, 2)}, DUSHANBE)
    assert (len(kept), skipped) == (2, [date(2026, 9, 2)])


def test_a_move_is_made_on_the_wall() -> None:
    before = to_utc(datetime(2026, 10, 24, 9, 0), BERLIN)  # noqa: DTZ001 - on the wall
    after = moved(before, timedelta(days=1, hours=1), BERLIN)
    assert to_wall(after, BERLIN) == datetime(2026, 10, 25, 10, 0)  # noqa: DTZ001 - on the wall
