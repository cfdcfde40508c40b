"""The pulse: what words of some age add up to."""

import uuid

import pytest

from server.polls.pulse import FRESH_MS, GONE_MS, Feeling, Said, feel, left, weight

ANNA, BORIS, DILOVAR = (uuid.UUID(int=number) for number in range(3))


@pytest.mark.parametrize(
    ("age", "expected"),
    [(0, 1), (FRESH_MS, 1), ((FRESH_MS + GONE_MS) // 2, 0.5), (GONE_MS, 0), (GONE_MS * 9, 0)],
)
def test_a_word_counts_less_as_time_goes_by(age: int, expected: float) -> None:
    assert weight(age) == expected


def test_nobody_has_said_anything() -> None:
    assert feel({}, 5) == {"understood": 0, "lost": 0, "lost_share": 0.0}


def test_people_are_counted_whole_and_shares_by_age() -> None:
    words = {
        ANNA: Said(Feeling.LOST, GONE_MS),
        BORIS: Said(Feeling.UNDERSTOOD, GONE_MS),
        DILOVAR: Said(Feeling.UNDERSTOOD, 0),
    }
    assert feel(words, GONE_MS) == {"understood": 1, "lost": 1, "lost_share": 0.5}
    half = GONE_MS - (GONE_MS - FRESH_MS) // 2 - FRESH_MS
    assert feel(words, GONE_MS - half)["understood"] == 2
    assert feel(words, GONE_MS - half)["lost_share"] == 0.4


def test_what_is_left_of_a_word() -> None:
    said = Said(Feeling.LOST, 1000)
    assert left(None, 0) == 0
    assert left(said, 1000) == GONE_MS
    assert left(said, 1000 + GONE_MS + 1) == 0
