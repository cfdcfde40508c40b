"""Nobody teaches in two places at once, and no classroom holds two lessons."""

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.timetable.clashes import MAX_MINUTES, Busy, find_clashes
from server.timetable.recurrence import Slot

NINE = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
SHE, HE, ROOM, HALL = (uuid.UUID(int=n) for n in range(1, 5))


def slot(start: int, minutes: int = 90) -> Slot:
    begins = NINE + timedelta(minutes=start)
    return Slot(begins, begins + timedelta(minutes=minutes))


def busy(
    start: int, minutes: int, person: uuid.UUID, room: uuid.UUID | None = None, number: int = 0
) -> Busy:
    when = slot(start, minutes)
    lesson = uuid.UUID(int=1000 + number)
    return Busy(lesson, "Light", when.starts, when.ends, frozenset({person}), room)


def test_a_teacher_and_a_classroom_clash_each_for_itself() -> None:
    other = busy(30, 90, SHE, ROOM)
    found = find_clashes([slot(0)], {SHE, HE}, ROOM, [other])
    assert [one.person for one in found] == [SHE, None]
    assert find_clashes([slot(0)], {HE}, HALL, [other]) == []
    assert find_clashes([slot(0)], {HE}, None, [busy(0, 90, SHE)]) == []


def test_lessons_that_touch_do_not_clash() -> None:
    around = [busy(-90, 90, SHE, ROOM), busy(90, 90, SHE, ROOM)]
    assert find_clashes([slot(0)], {SHE}, ROOM, around) == []


@given(
    st.lists(st.tuples(st.integers(-900, 900), st.integers(5, MAX_MINUTES)), max_size=30),
    st.lists(st.tuples(st.integers(-900, 900), st.integers(5, MAX_MINUTES)), max_size=5),
)
def test_clashes_are_those_that_comparing_each_with_each_finds(
    known: list[tuple[int, int]], wanted: list[tuple[int, int]]
) -> None:
    lessons = [busy(at, length, SHE, number=n) for n, (at, length) in enumerate(known)]
    slots = [slot(at, length) for at, length in wanted]
    found = {(one.slot, one.busy.lesson) for one in find_clashes(slots, {SHE}, None, lessons)}
    assert found == {
        (one, other.lesson)
        for one in slots
        for other in lessons
        if one.starts < other.ends and other.starts < one.ends
    }
