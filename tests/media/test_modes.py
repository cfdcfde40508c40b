"""What each mode lets through, what it costs, and what is said to come of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from media.allocator import INTERVAL
from media.layers import HOLD_AFTER, PATIENCE, VOICE_BITS
from media.low import LOW_BITS, LOW_PIXELS, with_low
from media.modes import (
    LOW_KEPT,
    SLIDES_KEPT,
    STILL_BITS,
    THIN_BELOW,
    THIN_UNTIL,
    TYPICAL,
    Mode,
    VoiceLayer,
    affordable,
    costs,
    voice_layer,
    within,
)
from media.types import Layer, Slot, Source
from tests.media.room_lesson import Lesson, connect

if TYPE_CHECKING:
    from media.room import Subscription
    from media.rooms import Rooms
    from tests.media.fake_engine import FakeEngine, FakeTimers

CAMERA = ((320, 180, 120_000), (640, 360, 400_000), (1280, 720, 1_200_000))
SCREEN = ((640, 360, 200_000), (1920, 1080, 500_000))
LAYERS = {
    Source.CAMERA: tuple(Layer(*one) for one in CAMERA),
    Source.SCREEN: tuple(Layer(*one) for one in SCREEN),
}


class Scene:
    """A teacher with a layered camera, a layered screen and a voice, and one student."""

    def __init__(self, rooms: Rooms, engine: FakeEngine, timers: FakeTimers) -> None:
        self.lesson = Lesson(rooms, engine)
        self.timers = timers
        self.student: Subscription = self.lesson.watch("student")
        connect(self.student)

    async def begin(self) -> None:
        sources = (Source.CAMERA, Source.SCREEN, Source.VOICE)
        teacher = await self.lesson.start("teacher", *sources)
        worker = teacher.transport.worker
        for source, layers in ((Source.CAMERA, CAMERA), (Source.SCREEN, SCREEN)):
            worker._dispatch(("layers", [(teacher.producers[source].id, list(layers))]))

    def estimate(self, bits: int, seconds: float = INTERVAL) -> None:
        transport = self.student.transport
        transport.worker._dispatch(("estimates", [(transport.id, bits)]))
        for _ in range(round(seconds / INTERVAL)):
            self.timers.advance(INTERVAL)

    def bounds(self) -> tuple[int | None, int | None]:
        consumers = self.student.consumers
        return consumers[Slot.SCREEN].bound, consumers[Slot.CAMERA].bound


@pytest.fixture
async def scene(rooms: Rooms, engine: FakeEngine, timers: FakeTimers) -> Scene:
    scene = Scene(rooms, engine, timers)
    await scene.begin()
    return scene


@pytest.mark.parametrize(
    ("mode", "stills", "bounds", "received"),
    [
        (Mode.AUTO, True, (None, None), Mode.EVERYTHING),
        (Mode.EVERYTHING, True, (None, None), Mode.EVERYTHING),
        (Mode.LOW, False, (LOW_PIXELS, LOW_PIXELS), Mode.LOW),
        (Mode.LOW, True, (0, LOW_PIXELS), Mode.LOW),
        (Mode.SLIDES, True, (0, 0), Mode.SLIDES),
        (Mode.SOUND, False, (0, 0), Mode.SOUND),
    ],
)
async def test_a_mode_bounds_the_pictures_and_never_the_voice(
    scene: Scene,
    mode: Mode,
    stills: bool,
    bounds: tuple[int | None, int | None],
    received: Mode,
) -> None:
    scene.lesson.room.set_stills(stills)
    scene.student.set_mode(mode)
    assert scene.bounds() == bounds
    assert scene.student.received is received
    assert scene.student.consumers[Slot.VOICE].bound is None


async def test_a_path_that_widens_does_not_overrule_a_mode(scene: Scene) -> None:
    scene.student.set_mode(Mode.SLIDES)
    scene.estimate(60_000, HOLD_AFTER + 1)
    scene.estimate(5_000_000, 60)
    assert scene.bounds() == (0, 0)
    scene.student.set_mode(Mode.EVERYTHING)
    assert scene.bounds() == (None, None)


async def test_a_mode_does_not_overrule_a_narrow_path(scene: Scene) -> None:
    scene.student.set_mode(Mode.EVERYTHING)
    scene.estimate(60_000, HOLD_AFTER + 1)
    assert scene.bounds() == (0, 0)
    scene.student.set_mode(Mode.LOW)
    assert scene.bounds() == (0, 0)
    assert scene.student.received is Mode.SLIDES


async def test_a_low_camera_does_not_wait_for_what_a_large_one_would_need(scene: Scene) -> None:
    scene.lesson.room.set_stills(True)
    scene.student.set_mode(Mode.LOW)
    scene.estimate(200_000, HOLD_AFTER + 1)
    assert scene.bounds() == (0, LOW_PIXELS)


async def test_automatic_shows_stills_before_it_makes_a_screen_unreadable(scene: Scene) -> None:
    scene.lesson.room.set_stills(True)
    scene.estimate(450_000, HOLD_AFTER + 1)
    assert scene.bounds() == (0, 320 * 180)
    assert scene.student.is_held(Slot.SCREEN)
    assert scene.student.received is Mode.LOW
    scene.student.set_mode(Mode.EVERYTHING)
    scene.estimate(450_000, PATIENCE + 1)
    assert scene.bounds() == (640 * 360, 320 * 180)


async def test_a_path_for_hardly_a_voice_is_told_from_one_for_stills(scene: Scene) -> None:
    scene.estimate(60_000, HOLD_AFTER + 1)
    assert scene.student.received is Mode.SLIDES
    for bits, received in ((30_000, Mode.SOUND), (50_000, Mode.SOUND), (57_000, Mode.SLIDES)):
        scene.student.transport.handle_estimate(bits)
        assert scene.student.received is received


async def test_a_flood_of_changes_tells_the_engine_only_what_differs(
    scene: Scene, engine: FakeEngine
) -> None:
    for _ in range(100):
        scene.student.set_mode(Mode.SLIDES)
        scene.student.set_mode(Mode.SOUND)
    assert len(engine.named("consumer_set_limit")) == 3  # its three pictures, once


async def test_who_comes_later_is_told_of_stills_too_and_who_rehearses_is_not(
    scene: Scene,
) -> None:
    scene.lesson.room.set_stills(True)
    late = scene.lesson.watch("late")
    late.set_mode(Mode.LOW)
    assert late.is_held(Slot.SCREEN)
    teacher = scene.lesson.watch("teacher", rehearsal=True)
    teacher.set_mode(Mode.LOW)
    assert not teacher.is_held(Slot.SCREEN)


@pytest.mark.parametrize(
    ("mode", "left", "allowed"),
    [
        (Mode.EVERYTHING, None, Mode.EVERYTHING),
        (Mode.AUTO, LOW_KEPT + 1, Mode.AUTO),
        (Mode.AUTO, LOW_KEPT, Mode.LOW),
        (Mode.SLIDES, LOW_KEPT, Mode.SLIDES),
        (Mode.LOW, SLIDES_KEPT, Mode.SLIDES),
        (Mode.EVERYTHING, 0, Mode.SOUND),
        (Mode.SOUND, 0, Mode.SOUND),
    ],
)
def test_a_budget_that_runs_out_lowers_the_mode(
    mode: Mode, left: int | None, allowed: Mode
) -> None:
    assert affordable(mode, left) is allowed


async def test_what_is_sent_uses_a_budget_up_and_a_new_one_gives_everything_back(
    scene: Scene,
) -> None:
    student = scene.student
    student.note_sent(1_000_000)  # before there was a budget
    student.set_left(LOW_KEPT + 3_000_000)
    student.note_sent(2_000_000)
    assert scene.bounds() == (None, None)
    student.note_sent(5_000_000)
    assert student.left == LOW_KEPT - 1_000_000
    assert scene.bounds() == (LOW_PIXELS, LOW_PIXELS)
    student.note_sent(100_000_000)
    assert (student.left, student.received) == (0, Mode.SOUND)
    assert scene.bounds() == (0, 0)
    assert student.consumers[Slot.VOICE].bound is None
    assert student.mode is Mode.AUTO, "what was chosen is not forgotten"
    student.set_left(None)
    assert scene.bounds() == (None, None)


def test_costs_are_of_what_is_measured() -> None:
    told = costs(LAYERS, stills=True)
    assert told == {
        Mode.AUTO: VOICE_BITS + 1_700_000,
        Mode.EVERYTHING: VOICE_BITS + 1_700_000,
        Mode.LOW: VOICE_BITS + 120_000 + STILL_BITS,
        Mode.SLIDES: VoiceLayer.CLEAR.bits + STILL_BITS,
        Mode.SOUND: VoiceLayer.THIN.bits,
    }
    assert costs(LAYERS, stills=False)[Mode.LOW] == VOICE_BITS + 120_000 + 200_000


def test_costs_of_what_is_not_measured_are_what_is_usual() -> None:
    told = costs({Source.CAMERA: ()}, stills=True)
    assert told[Mode.EVERYTHING] == VOICE_BITS + TYPICAL[Source.CAMERA][-1]
    assert told[Mode.LOW] == VOICE_BITS + TYPICAL[Source.CAMERA][0]


def test_a_camera_in_one_size_costs_little_in_the_low_mode() -> None:
    told = costs({Source.CAMERA: with_low([Layer(1280, 720, 1_500_000)])}, stills=True)
    assert told[Mode.EVERYTHING] == VOICE_BITS + 1_500_000
    assert told[Mode.LOW] == VOICE_BITS + LOW_BITS


def test_the_smallest_layer_is_sent_where_none_is_small_enough() -> None:
    only = (Layer(1280, 720, 1_000_000),)
    assert within(only, LOW_PIXELS) == only
    assert within(LAYERS[Source.CAMERA], LOW_PIXELS) == LAYERS[Source.CAMERA][:1]
    assert within(LAYERS[Source.CAMERA], None) == LAYERS[Source.CAMERA]


async def test_a_room_says_which_pictures_are_on_air(scene: Scene) -> None:
    assert scene.lesson.room.pictures() == LAYERS


async def test_what_the_path_does_not_carry_is_held_and_what_nobody_wants_is_not(
    scene: Scene,
) -> None:
    scene.student.set_mode(Mode.EVERYTHING)
    assert scene.student.held == []
    scene.estimate(20_000, HOLD_AFTER + 2 * INTERVAL)
    assert scene.student.held == [Slot.SCREEN, Slot.CAMERA]
    scene.student.set_mode(Mode.SOUND)
    assert scene.student.held == []


MEGABYTES_AN_HOUR = 3600 / 8 / 1e6  # of bits a second


def test_sound_alone_and_slides_cost_what_people_can_pay() -> None:
    told = costs(LAYERS, stills=True)
    assert told[Mode.SOUND] * MEGABYTES_AN_HOUR <= 12
    assert told[Mode.SLIDES] * MEGABYTES_AN_HOUR <= 20
    assert told[Mode.SOUND] < 24_000  # a link that is called one of 24 kbit/s carries it


@pytest.mark.parametrize("mode", Mode)
def test_a_narrow_path_hears_a_thin_voice_whatever_is_wanted(mode: Mode) -> None:
    wide = {Mode.SOUND: VoiceLayer.THIN, Mode.SLIDES: VoiceLayer.CLEAR}.get(mode)
    assert voice_layer(mode, None, None) is wide
    assert voice_layer(mode, THIN_BELOW, None) is wide
    assert voice_layer(mode, THIN_BELOW - 1, None) is VoiceLayer.THIN
    assert voice_layer(mode, THIN_UNTIL - 1, VoiceLayer.THIN) is VoiceLayer.THIN
    assert voice_layer(mode, THIN_UNTIL, VoiceLayer.THIN) is wide


async def test_a_thin_voice_lets_the_engine_find_out_whether_a_whole_one_fits(
    scene: Scene,
) -> None:
    scene.estimate(THIN_BELOW - 1)
    assert scene.student.voice is VoiceLayer.THIN
    assert scene.student.transport.aspired == THIN_UNTIL
    scene.estimate(THIN_UNTIL)
    assert scene.student.voice is None
    assert scene.student.transport.aspired is None
    scene.student.set_mode(Mode.SOUND)
    assert scene.student.transport.aspired is None
