"""The pulse: who has just said that they understand, or are lost; pure."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

FRESH_MS = 60_000  # a word counts whole for as long as a thought takes
GONE_MS = 180_000  # and nothing after three minutes: the lesson has moved on
STEPS = 20  # the bar moves by a twentieth; finer nobody sees


class Feeling(StrEnum):
    """What a student says of the lesson just now."""

    UNDERSTOOD = "understood"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Said:
    """One student's word, and when it came on the steady clock in milliseconds."""

    feeling: Feeling
    at: int


def weight(age_ms: int) -> float:
    """Return how much a word of some age counts, from 1 to 0."""
    if age_ms <= FRESH_MS:
        return 1.0
    return max(0.0, (GONE_MS - age_ms) / (GONE_MS - FRESH_MS))


def left(said: Said | None, now_ms: int) -> int:
    """Return for how many milliseconds a word still counts."""
    return 0 if said is None else max(0, said.at + GONE_MS - now_ms)


def feel(words: Mapping[uuid.UUID, Said], now_ms: int) -> dict[str, Any]:
    """Return how many understand and are lost, and the share of the lost by the words' age."""
    people = dict.fromkeys(Feeling, 0)
    weights = dict.fromkeys(Feeling, 0.0)
    for said in words.values():
        heavy = weight(now_ms - said.at)
        people[said.feeling] += heavy > 0
        weights[said.feeling] += heavy
    total = sum(weights.values())
    share = round(weights[Feeling.LOST] / total * STEPS) / STEPS if total else 0.0
    return {
        "understood": people[Feeling.UNDERSTOOD],
        "lost": people[Feeling.LOST],
        "lost_share": share,
    }
