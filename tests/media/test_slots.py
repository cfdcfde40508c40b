"""The rules of which source is in which slot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.slots import FLOOR_HELD, LOUDER_BY, PREFERENCES, Floor, assign, hear
from media.types import Slot, Source

CAMERA, SCREEN, VOICE = Source.CAMERA, Source.SCREEN, Source.VOICE
GUEST_CAMERA, GUEST_VOICE = Source.GUEST_CAMERA, Source.GUEST_VOICE


@pytest.mark.parametrize(
    ("sources", "slot", "shown"),
    [
        ({CAMERA, SCREEN}, Slot.STAGE, SCREEN),
        ({CAMERA}, Slot.STAGE, CAMERA),
        ({GUEST_CAMERA}, Slot.STAGE, GUEST_CAMERA),
        ({VOICE}, Slot.STAGE, None),
        ({CAMERA, SCREEN}, Slot.CAMERA, CAMERA),
        ({CAMERA}, Slot.SCREEN, None),
        ({GUEST_CAMERA}, Slot.GUEST, GUEST_CAMERA),
        ({VOICE, GUEST_VOICE}, Slot.VOICE, VOICE),
        ({VOICE, GUEST_VOICE}, Slot.GUEST_VOICE, GUEST_VOICE),
        ({GUEST_VOICE}, Slot.LOUDEST, GUEST_VOICE),
        (set(), Slot.LOUDEST, None),
    ],
)
def test_each_slot_shows_its_source(sources: set[Source], slot: Slot, shown: Source | None) -> None:
    assert assign(sources, slot) == shown


def test_the_loudest_slot_follows_the_floor() -> None:
    both = {VOICE, GUEST_VOICE}
    assert assign(both, Slot.LOUDEST, GUEST_VOICE) is GUEST_VOICE
    assert assign({VOICE}, Slot.LOUDEST, GUEST_VOICE) is VOICE


@given(st.sets(st.sampled_from(Source)), st.sampled_from(Slot))
def test_a_slot_only_shows_what_is_there_in_its_own_medium(
    sources: set[Source], slot: Slot
) -> None:
    shown = assign(sources, slot)
    if shown is None:
        assert sources.isdisjoint(PREFERENCES[slot])
    else:
        assert shown in sources
        assert shown.kind == slot.kind


def talk(floor: Floor, voice: int | None, guest: int | None, now: float) -> Floor:
    return hear(floor, {VOICE: voice, GUEST_VOICE: guest}, now)


def test_the_teacher_has_the_floor_first() -> None:
    assert talk(Floor(), 127, 127, 0).holder is VOICE
    assert hear(Floor(), {GUEST_VOICE: 30}, 0).holder is GUEST_VOICE


def test_a_louder_guest_gets_the_floor_after_a_while() -> None:
    floor = talk(Floor(VOICE), 90, 30, 10.0)
    assert floor.holder is VOICE
    floor = talk(floor, 90, 30, 10.0 + FLOOR_HELD / 2)
    assert floor.holder is VOICE
    assert talk(floor, 90, 30, 10.1 + FLOOR_HELD).holder is GUEST_VOICE


def test_a_cough_does_not_take_the_floor() -> None:
    floor = talk(Floor(VOICE), 90, 10, 0.0)
    floor = talk(floor, 30, 40, FLOOR_HELD / 2)
    assert talk(floor, 90, 10, FLOOR_HELD * 2).holder is VOICE


def test_a_little_louder_is_not_enough() -> None:
    floor = talk(Floor(VOICE), 40, 40 - LOUDER_BY + 1, 0.0)
    assert talk(floor, 40, 40 - LOUDER_BY + 1, 60.0).holder is VOICE


def test_an_encoder_without_levels_gets_the_floor_back_from_a_silent_guest() -> None:
    floor = talk(Floor(GUEST_VOICE), None, 127, 0.0)
    assert talk(floor, None, 127, FLOOR_HELD).holder is VOICE
    floor = talk(Floor(VOICE), None, 30, 0.0)
    assert talk(floor, None, 30, FLOOR_HELD).holder is GUEST_VOICE


def test_the_floor_is_free_when_nobody_is_on_air() -> None:
    assert hear(Floor(VOICE), {}, 0) == Floor()
    assert hear(Floor(VOICE), {CAMERA: None}, 0) == Floor()
    assert hear(Floor(VOICE), {GUEST_VOICE: 50}, 0).holder is GUEST_VOICE
