"""The rules of a job's life, without a server."""

from datetime import UTC, datetime

import pytest

from server.errors import Conflict
from server.jobs.states import (
    MAX_LINE,
    MAX_LINES,
    WAITS,
    JobState,
    bounded,
    check_wish,
    time_left,
    wait_after,
    with_line,
)

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def test_people_cancel_what_is_not_over_and_try_again_what_went_wrong() -> None:
    possible = {
        (now, wanted)
        for now in JobState
        for wanted in JobState
        if now is not wanted and not _refused(now, wanted)
    }
    cancelled, queued = JobState.CANCELLED, JobState.QUEUED
    assert possible == {
        (JobState.QUEUED, cancelled),
        (JobState.RUNNING, cancelled),
        (JobState.FAILED, cancelled),
        (JobState.FAILED, queued),
        (JobState.CANCELLED, queued),
    }


def _refused(now: JobState, wanted: JobState) -> bool:
    try:
        check_wish(now, wanted)
    except Conflict:
        return True
    return False


def test_the_waits_grow_and_end() -> None:
    assert [wait_after(number) for number in (1, 2, 3, 4)] == [*WAITS, None]
    assert sorted(WAITS) == list(WAITS)


def test_the_time_left_is_guessed_from_this_try_alone() -> None:
    assert time_left(0, 0.01, 5) is None
    assert time_left(0, 0.25, 10) == pytest.approx(30)
    assert time_left(0.5, 0.75, 10) == pytest.approx(10)
    assert time_left(0, 1, 10) is None


def test_a_progress_that_is_none_is_bounded() -> None:
    assert [bounded(x) for x in (-1, 0.5, 7, float("nan"))] == [0, 0.5, 1, 0]


def test_a_log_is_short_whatever_is_said() -> None:
    lines: list[object] = []
    for number in range(100):
        lines = with_line(lines, NOON, f"line {number}\r\n" + "x" * 1000)
    assert len(lines) == MAX_LINES
    last = lines[-1]
    assert isinstance(last, dict)
    assert last["text"].startswith("line 99 xxx")
    assert len(last["text"]) == MAX_LINE
