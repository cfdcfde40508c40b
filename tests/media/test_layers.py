"""Who gets which picture over which path: the policy, as plain numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.layers import (
    HELD,
    HOLD_AFTER,
    MAX_PATIENCE,
    PATIENCE,
    SHOWN,
    USABLE,
    VOICE_BITS,
    Picture,
    Standing,
    decide,
    wanted,
)
from media.types import Layer

CAMERA = Picture(
    1,
    (Layer(320, 180, 120_000), Layer(640, 360, 400_000), Layer(1280, 720, 1_200_000)),
)
SCREEN = Picture(2, (Layer(1920, 1080, 600_000),))
GUEST = Picture(3, (Layer(640, 360, 300_000),))
FREE = Standing()


def limits(standing: Standing, *pictures: Picture) -> list[int | None]:
    return [standing.limit(picture) for picture in pictures]


def settled(estimate: int, *pictures: Picture) -> Standing:
    """Return where a subscriber stands when an estimate has stayed for a while."""
    first = decide(FREE, estimate, pictures, 1, 0)
    return decide(first, estimate, pictures, 1, HOLD_AFTER)


class Path:
    """A path of some capacity, as the engine's estimator would know it."""

    def __init__(self, capacity: int, *pictures: Picture) -> None:
        self.capacity = capacity
        self.pictures = pictures
        self.now = 1000.0
        self.standing = FREE
        self.estimate = 1_000_000
        self.congested = 0.0  # seconds

    def sent(self) -> int:
        levels = [self.standing.level(picture) for picture in self.pictures]
        costs = [picture.cost(level) for picture, level in zip(self.pictures, levels, strict=True)]
        return 40_000 + sum(costs)

    def run(self, seconds: float) -> None:
        for _ in range(int(seconds * 4)):
            self.now += 0.25
            sent = self.sent()
            if sent > self.capacity:
                self.congested += 0.25
                self.estimate = min(self.estimate, int(0.85 * self.capacity))
            else:
                grown = int(min(1.02 * self.estimate, 1.5 * sent + 10_000))
                self.estimate = max(self.estimate, grown, sent)
            self.standing = decide(self.standing, self.estimate, self.pictures, 1, self.now)


def test_a_path_that_carries_everything_is_left_alone() -> None:
    path = Path(10_000_000, SCREEN, CAMERA, GUEST)
    path.estimate = path.sent()
    path.run(60)
    assert path.standing == FREE
    assert limits(path.standing, SCREEN, CAMERA, GUEST) == [None, None, None]


def test_a_picture_becomes_smaller_before_it_congests_the_sound() -> None:
    path = Path(700_000, CAMERA)
    path.run(2)
    assert limits(path.standing, CAMERA) == [640 * 360]


def test_the_screen_comes_before_the_camera_and_the_camera_before_the_guest() -> None:
    standing = settled(800_000, SCREEN, CAMERA, GUEST)
    assert limits(standing, SCREEN, CAMERA, GUEST) == [None, 320 * 180, 0]
    standing = settled(400_000, SCREEN, CAMERA, GUEST)
    assert limits(standing, SCREEN, CAMERA, GUEST) == [None, 0, 0]


def test_on_a_path_for_sound_alone_every_picture_is_held() -> None:
    standing = settled(60_000, SCREEN, CAMERA)
    assert limits(standing, SCREEN, CAMERA) == [0, 0]


def test_a_picture_is_held_only_when_the_smallest_stays_too_much() -> None:
    standing = decide(FREE, 60_000, [SCREEN, CAMERA], 1, 0)
    assert limits(standing, SCREEN, CAMERA) == [None, 320 * 180]
    standing = decide(standing, 60_000, [SCREEN, CAMERA], 1, HOLD_AFTER - 0.1)
    assert limits(standing, SCREEN, CAMERA) == [None, 320 * 180]
    moment = decide(FREE, 60_000, [SCREEN], 1, 0)
    assert limits(moment, SCREEN) == [None]
    assert decide(moment, 5_000_000, [SCREEN], 1, 2 * PATIENCE) == FREE


def test_a_wider_path_is_found_by_trying() -> None:
    path = Path(250_000, CAMERA)
    path.run(10)
    assert limits(path.standing, CAMERA) == [320 * 180]
    path.capacity = 3_000_000
    path.run(40)
    assert limits(path.standing, CAMERA) == [None]
    path.run(TWICE_A_TRIAL)
    assert path.standing == FREE


TWICE_A_TRIAL = 20.0  # seconds


def test_trials_that_fail_become_rare() -> None:
    path = Path(600_000, CAMERA)
    path.run(300)
    assert path.standing.patience == MAX_PATIENCE
    assert path.congested < 20
    path.congested = 0
    path.run(600)
    assert path.congested < 30, "less than five seconds in a hundred"


def test_what_was_held_is_tried_again_also_where_the_estimate_does_not_grow() -> None:
    standing = settled(30_000, CAMERA)
    assert limits(standing, CAMERA) == [0]
    tried = HOLD_AFTER + PATIENCE
    standing = decide(standing, 30_000, [CAMERA], 1, tried - 0.1)
    assert limits(standing, CAMERA) == [0]
    standing = decide(standing, 30_000, [CAMERA], 1, tried)
    assert limits(standing, CAMERA) == [320 * 180]
    assert decide(standing, 30_000, [CAMERA], 1, tried + 1) == standing, "it may follow"
    assert limits(decide(standing, 20_000, [CAMERA], 1, tried + HOLD_AFTER), CAMERA) == [0]


def test_a_picture_that_comes_to_a_narrow_path_begins_small() -> None:
    standing = decide(FREE, 400_000, [CAMERA], 1, 0)
    assert limits(standing, CAMERA) == [320 * 180]
    other = Picture(9, CAMERA.layers)
    assert standing.limit(other) == 320 * 180


def test_a_layer_that_ends_leaves_no_level_above_the_top() -> None:
    standing = Standing({CAMERA.slot: 2, SCREEN.slot: 0})
    two = Picture(CAMERA.slot, CAMERA.layers[:2])
    assert standing.limit(two) is None
    assert standing.limit(Picture(CAMERA.slot, CAMERA.layers[:1])) is None


def test_nothing_to_show_is_nothing_to_decide() -> None:
    assert decide(FREE, 0, [], 2, 5) == FREE


def test_where_probes_tell_nothing_is_tried_without_room() -> None:
    standing = settled(600_000, CAMERA)
    assert limits(standing, CAMERA) == [640 * 360]
    later = HOLD_AFTER + 1000
    assert decide(standing, 600_000, [CAMERA], 1, later, probed=True) == standing
    needs = wanted(standing, [CAMERA], 1)
    assert needs == int((1_200_000 + VOICE_BITS) / USABLE)
    higher = decide(standing, needs + 1, [CAMERA], 1, later, probed=True)
    assert limits(higher, CAMERA) == [None]
    assert wanted(higher, [CAMERA], 1) is None


def test_probes_that_show_much_room_allow_several_steps_at_once() -> None:
    standing = settled(250_000, SCREEN, CAMERA)
    assert limits(standing, SCREEN, CAMERA) == [0, 320 * 180]
    soon = HOLD_AFTER + SHOWN
    higher = decide(standing, 5_000_000, [SCREEN, CAMERA], 1, soon, probed=True)
    assert limits(higher, SCREEN, CAMERA) == [None, None]


def test_a_step_that_probes_had_shown_and_that_failed_is_taken_again_later() -> None:
    standing = settled(600_000, CAMERA)
    up = decide(standing, 3_000_000, [CAMERA], 1, 100, probed=True)
    down = decide(up, 600_000, [CAMERA], 1, 102, probed=True)
    assert limits(down, CAMERA) == [640 * 360]
    assert decide(down, 3_000_000, [CAMERA], 1, 102 + PATIENCE - 0.1, probed=True) == down
    again = decide(down, 3_000_000, [CAMERA], 1, 102 + PATIENCE, probed=True)
    assert limits(again, CAMERA) == [None]


def test_nothing_is_wanted_where_everything_is_sent() -> None:
    assert wanted(FREE, [SCREEN, CAMERA], 1) is None
    assert wanted(FREE, [], 2) is None


rates = st.lists(st.integers(1, 3_000_000), min_size=1, max_size=3).map(sorted)


@st.composite
def wanted_pictures(draw: st.DrawFn) -> list[Picture]:
    return [
        Picture(slot, tuple(Layer(160 << n, 90 << n, bits) for n, bits in enumerate(draw(rates))))
        for slot in range(draw(st.integers(0, 3)))
    ]


@given(wanted_pictures(), st.lists(st.integers(0, 8_000_000), min_size=1, max_size=30))
def test_a_decision_is_possible_and_a_step_down_never_raises_anything(
    pictures: list[Picture], estimates: list[int]
) -> None:
    standing, now = FREE, 0.0
    for estimate in estimates:
        before = [standing.level(picture) for picture in pictures]
        after = decide(standing, estimate, pictures, 1, now)
        levels = [after.level(picture) for picture in pictures]
        for picture, level in zip(pictures, levels, strict=True):
            assert HELD <= level <= picture.top
            limit = after.limit(picture)
            assert limit is None or limit == 0 or limit < picture.layers[-1].pixels
        raised = [new - old for old, new in zip(before, levels, strict=True) if new > old]
        assert len(raised) <= 1, "one step at a time"
        assert PATIENCE <= after.patience <= MAX_PATIENCE
        standing, now = after, now + 0.25


@given(wanted_pictures(), st.integers(0, 8_000_000))
def test_less_path_never_gives_more_important_pictures_less_than_the_others(
    pictures: list[Picture], estimate: int
) -> None:
    same = [Picture(picture.slot, pictures[0].layers) for picture in pictures]
    standing = decide(FREE, estimate, same, 0, 0)
    levels = [standing.level(picture) for picture in same]
    assert levels == sorted(levels, reverse=True)


@pytest.mark.parametrize("capacity", [100_000, 300_000, 1_000_000, 2_000_000])
def test_every_path_settles_below_what_it_carries(capacity: int) -> None:
    path = Path(capacity, SCREEN, CAMERA, GUEST)
    path.run(400)
    path.congested = 0
    path.run(400)
    assert path.congested <= 40, "a tenth of the time at most, in trials"
