"""Estimates act: what the engine says of a path decides which sizes it is told to send."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from media.allocator import INTERVAL
from media.layers import HOLD_AFTER, PATIENCE, SHOWN, TRIAL
from media.types import CloseReason, ExtensionIds, Slot, Source
from tests.media.values import slot, track

if TYPE_CHECKING:
    from media.consumer import Consumer
    from media.producer import Producer
    from media.transport import Transport
    from media.worker import Worker
    from tests.media.fake_engine import FakeEngine, FakeTimers

CAMERA = [(320, 180, 120_000), (640, 360, 400_000), (1280, 720, 1_200_000)]
SCREEN = [(1920, 1080, 500_000)]
SOURCES = {Slot.SCREEN: Source.SCREEN, Slot.CAMERA: Source.CAMERA, Slot.VOICE: Source.VOICE}


class Scene:
    """A teacher with camera, screen and voice, and one student."""

    def __init__(
        self, worker: Worker, engine: FakeEngine, timers: FakeTimers, *, probed: bool = False
    ) -> None:
        self.engine, self.timers, self.worker = engine, timers, worker
        router = worker.create_router()
        teacher = router.create_transport()
        self.student: Transport = router.create_transport()
        self.producers: dict[Slot, Producer] = {}
        self.consumers: dict[Slot, Consumer] = {}
        for number, (name, source) in enumerate(SOURCES.items()):
            self.producers[name] = teacher.produce(source, track(source, ssrc=1000 * number + 1))
            parameters = slot(name)[1]
            if probed:
                parameters = replace(parameters, extensions=ExtensionIds(transport_cc=5))
            self.consumers[name] = self.student.consume(parameters)
            self.consumers[name].show(self.producers[name])
        self.tell_layers(Slot.CAMERA, CAMERA)
        self.tell_layers(Slot.SCREEN, SCREEN)

    def tell_layers(self, name: Slot, layers: list[tuple[int, int, int]]) -> None:
        self.worker._dispatch(("layers", [(self.producers[name].id, layers)]))

    def estimate(self, bits: int) -> None:
        self.worker._dispatch(("estimates", [(self.student.id, bits)]))
        self.timers.advance(INTERVAL)

    def limits(self) -> tuple[int | None, int | None]:
        return self.consumers[Slot.SCREEN].limit, self.consumers[Slot.CAMERA].limit


async def test_a_path_that_is_full_is_followed_at_once(
    worker: Worker, engine: FakeEngine, timers: FakeTimers
) -> None:
    scene = Scene(worker, engine, timers)
    worker._dispatch(("estimates", [(scene.student.id, 250_000)]))
    timers.advance(0)
    assert scene.limits()[1] is not None


async def test_a_narrow_path_makes_the_camera_small_and_a_wide_one_large_again(
    worker: Worker, engine: FakeEngine, timers: FakeTimers
) -> None:
    scene = Scene(worker, engine, timers)
    scene.estimate(5_000_000)
    assert scene.limits() == (None, None)
    assert engine.named("consumer_set_limit") == []
    scene.estimate(900_000)
    assert scene.limits() == (None, 320 * 180)
    assert engine.named("consumer_set_limit") == [(scene.consumers[Slot.CAMERA].id, 320 * 180)]
    scene.estimate(5_000_000)
    for _ in range(3):
        timers.advance(PATIENCE)
    assert scene.limits() == (None, None)


async def test_sound_is_never_limited_and_a_hopeless_path_keeps_it(
    worker: Worker, engine: FakeEngine, timers: FakeTimers
) -> None:
    scene = Scene(worker, engine, timers)
    scene.estimate(60_000)
    timers.advance(HOLD_AFTER + INTERVAL)
    assert scene.limits() == (0, 0)
    assert scene.consumers[Slot.VOICE].limit is None


async def test_nothing_runs_while_everybody_has_everything(
    worker: Worker, engine: FakeEngine, timers: FakeTimers
) -> None:
    scene = Scene(worker, engine, timers)
    idle = timers.pending
    scene.estimate(5_000_000)
    assert timers.pending == idle
    scene.estimate(500_000)
    assert timers.pending == idle + 1
    scene.estimate(5_000_000)
    timers.advance(3 * PATIENCE + TRIAL + INTERVAL)  # three steps up, and then trust
    assert timers.pending == idle


async def test_a_limit_ends_with_the_reason_for_it(
    worker: Worker, engine: FakeEngine, timers: FakeTimers
) -> None:
    scene = Scene(worker, engine, timers)
    scene.estimate(60_000)
    timers.advance(HOLD_AFTER + INTERVAL)
    # the teacher reloads: nothing is known of the pictures to come, and nothing holds them back
    scene.tell_layers(Slot.CAMERA, [])
    scene.tell_layers(Slot.SCREEN, [])
    scene.estimate(5_000_000)
    timers.advance(3 * PATIENCE + TRIAL)
    assert scene.limits() == (None, None)


async def test_a_subscriber_who_leaves_is_forgotten(
    worker: Worker, engine: FakeEngine, timers: FakeTimers
) -> None:
    scene = Scene(worker, engine, timers)
    scene.estimate(60_000)
    scene.student.close(CloseReason.LEFT)
    timers.advance(2 * INTERVAL)
    pending = timers.pending
    timers.advance(100)
    assert timers.pending <= pending
    assert len(engine.named("consumer_set_limit")) == 1


async def test_a_worker_that_closes_decides_no_more(
    worker: Worker, engine: FakeEngine, timers: FakeTimers
) -> None:
    scene = Scene(worker, engine, timers)
    scene.worker._dispatch(("estimates", [(scene.student.id, 60_000)]))
    await worker.close()
    timers.advance(10)
    assert scene.limits() == (None, None)


async def test_what_the_next_picture_needs_is_probed_for_until_everything_is_sent(
    worker: Worker, engine: FakeEngine, timers: FakeTimers
) -> None:
    scene = Scene(worker, engine, timers, probed=True)
    scene.estimate(900_000)
    assert scene.limits() == (None, 320 * 180)
    (asked,) = engine.named("transport_probe")
    assert asked[0] == scene.student.id
    assert asked[1] >= 500_000 + 400_000, "screen and the next camera"
    timers.advance(4 * PATIENCE)
    assert scene.limits() == (None, 320 * 180), "nothing is tried"
    assert len(engine.named("transport_probe")) == 1, "and nothing is said twice"
    scene.estimate(asked[1])
    timers.advance(SHOWN)
    assert scene.limits() == (None, 640 * 360)
    scene.estimate(5_000_000)
    timers.advance(SHOWN)
    assert scene.limits() == (None, None)
    assert engine.named("transport_probe")[-1] == (scene.student.id, None)


async def test_a_peer_that_can_not_be_probed_is_not(
    worker: Worker, engine: FakeEngine, timers: FakeTimers
) -> None:
    scene = Scene(worker, engine, timers)
    scene.estimate(900_000)
    assert not scene.student.can_probe
    assert engine.named("transport_probe") == []
