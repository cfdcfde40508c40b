"""When a picture has a low layer, how large it is, and which limits show it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.low import (
    LOW_BITS,
    LOW_LONG,
    LOW_NUMBER,
    LOW_PIXELS,
    LOW_SHORT,
    low_size,
    takes_low,
    wants_low,
    with_low,
)
from media.types import Layer

WHOLE = Layer(1280, 720, 1_500_000)


@pytest.mark.parametrize(
    ("size", "low"),
    [
        ((1280, 720), (426, 240)),
        ((1920, 1080), (426, 240)),
        ((720, 1280), (240, 426)),
        ((640, 480), (320, 240)),
        ((3440, 1440), (426, 178)),
        ((320, 180), (320, 180)),
    ],
)
def test_a_low_picture_has_the_shape_of_the_whole(
    size: tuple[int, int], low: tuple[int, int]
) -> None:
    assert low_size(*size) == low


@given(st.integers(1, 16_384), st.integers(1, 16_384))
def test_a_low_picture_of_any_size_fits_and_can_be_encoded(width: int, height: int) -> None:
    low = low_size(width, height)
    assert all(side >= 2 and side % 2 == 0 for side in low)
    assert max(low) <= LOW_LONG
    assert min(low) <= LOW_SHORT
    assert low[0] * low[1] <= LOW_PIXELS


def test_a_picture_in_one_size_has_a_low_layer_if_that_is_much_smaller() -> None:
    assert with_low([WHOLE]) == (Layer(426, 240, LOW_BITS, LOW_NUMBER), WHOLE)
    small = Layer(480, 270, 300_000)
    assert with_low([small]) == (small,)
    assert with_low([small, WHOLE]) == (small, WHOLE)
    assert with_low([]) == ()


def test_a_low_layer_is_never_thought_to_cost_more_than_the_whole() -> None:
    still = Layer(1920, 1080, 30_000)
    assert [one.bits for one in with_low([still])] == [30_000, 30_000]


@pytest.mark.parametrize(
    ("limit", "is_low"),
    [(None, False), (WHOLE.pixels, False), (WHOLE.pixels - 1, True), (LOW_PIXELS, True), (0, True)],
)
def test_a_limit_below_the_whole_picture_takes_the_low_one(limit: int | None, is_low: bool) -> None:
    layers = with_low([WHOLE])
    assert takes_low(layers, limit) is is_low
    assert wants_low(layers, [None, limit]) is (is_low and limit != 0)
    assert not takes_low([WHOLE], limit)


def test_a_picture_that_nobody_sees_is_not_made_small() -> None:
    assert not wants_low(with_low([WHOLE]), [0, None])
