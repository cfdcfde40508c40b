"""The worker over a stand-in engine: events find whom they concern, closing goes downward."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from media.errors import Closed, WorkerClosed
from media.types import Candidate, CloseReason, Layer, Slot, Source, TransportState
from media.worker import LOOPBACK, Worker, reachable_addresses
from tests.media.values import slot, track

if TYPE_CHECKING:
    from tests.media.fake_engine import FakeEngine


async def drained() -> None:
    """Let the loop see the event descriptor."""
    for _ in range(3):
        await asyncio.sleep(0.001)


async def test_candidates_are_the_announced_addresses_with_the_bound_port(
    engine: FakeEngine,
) -> None:
    worker = Worker(engine, announced=["192.0.2.7", "2001:db8::7"])
    assert worker.candidates() == [
        Candidate("192.0.2.7", 40000, "udp"),
        Candidate("2001:db8::7", 40000, "udp"),
    ]
    assert worker.port == 40000
    engine.tcp_ports = [40000, 443]
    assert worker.candidates()[2:] == [
        Candidate("192.0.2.7", 40000, "tcp"),
        Candidate("2001:db8::7", 40000, "tcp"),
        Candidate("192.0.2.7", 443, "tcp"),
        Candidate("2001:db8::7", 443, "tcp"),
    ]
    await worker.close()


def test_without_announced_addresses_the_bound_one_or_those_of_the_machine_are_told() -> None:
    assert reachable_addresses("192.0.2.1") == ["192.0.2.1"]
    own = reachable_addresses("0.0.0.0")
    assert own
    assert all(":" not in address for address in own)
    assert own == [LOOPBACK] or LOOPBACK not in own
    assert reachable_addresses("::")


async def test_each_event_finds_whom_it_concerns(worker: Worker, engine: FakeEngine) -> None:
    router = worker.create_router()
    transport = router.create_transport()
    voice = transport.produce(Source.VOICE, track(Source.VOICE))
    levels: list[int] = []
    voice.on_level(lambda _, level: levels.append(level))
    engine.inject(
        ("transport_connected", transport.id, "192.0.2.5:4000"),
        ("producer_started", voice.id, 1000),
        ("audio_levels", [(voice.id, 33), (999, 1)]),
        ("estimates", [(transport.id, 640_000), (999, 1)]),
        ("layers", [(voice.id, [(320, 180, 90_000), (640, 360, 300_000)]), (999, [])]),
        ("transport_migrated", transport.id, "192.0.2.6:4001"),
    )
    await drained()
    assert voice.started
    assert levels == [33]
    assert transport.estimate == 640_000
    assert voice.layers == (Layer(320, 180, 90_000), Layer(640, 360, 300_000))
    assert transport.address == "192.0.2.6:4001"


@pytest.mark.parametrize(
    "event",
    [
        ("dtls_received", 999, b"\x16"),
        ("packets_received", 999, 999, [b""]),
        ("audio_levels", [(999, 1)]),
        ("estimates", [(999, 1)]),
        ("layers", [(999, [(1, 1, 1)])]),
        ("producer_started", 999, 1),
        ("producer_stalled", 999),
        ("transport_connected", 999, "192.0.2.5:4000"),
        ("transport_expired", 999),
        ("transport_disconnected", 999),
    ],
)
async def test_events_about_what_is_gone_are_ignored(
    worker: Worker, engine: FakeEngine, event: tuple[object, ...], caplog: pytest.LogCaptureFixture
) -> None:
    engine.inject(event)
    await drained()
    assert not caplog.records
    assert not worker.closed


async def test_one_event_that_breaks_does_not_hurt_the_next(
    worker: Worker, engine: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    transport = worker.create_router().create_transport()
    voice = transport.produce(Source.VOICE, track(Source.VOICE))

    def broken(_: object) -> None:
        raise RuntimeError("broken")

    voice.on_state(broken)
    camera = transport.produce(Source.CAMERA, track(Source.CAMERA))
    with caplog.at_level(logging.WARNING):
        engine.inject(
            ("producer_started", voice.id, 1),
            ("nobody_knows_this", 1),
            ("shapeless",),
            ("producer_started", camera.id, 2),
        )
        await drained()
    assert camera.started
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING", "WARNING"]
    voice._on_state.clear()


async def test_closing_goes_downward_and_says_who_closed(
    worker: Worker, engine: FakeEngine
) -> None:
    router = worker.create_router()
    transport = router.create_transport()
    camera = transport.produce(Source.CAMERA, track(Source.CAMERA))
    consumer = router.create_direct_transport().consume(slot(Slot.CAMERA)[1])
    reasons: list[CloseReason] = []
    router.on_close(reasons.append)
    router.close(CloseReason.ROOM_CLOSED)
    router.close(CloseReason.LEFT)
    assert reasons == [CloseReason.ROOM_CLOSED]
    assert transport.state is TransportState.CLOSED
    assert transport.close_reason is camera.close_reason is CloseReason.ROOM_CLOSED
    assert consumer.closed
    assert engine.commands[-1] == ("router_close", router.id)
    for kept in (worker.routers, worker.transports, worker.producers, worker.consumers):
        assert not kept
    with pytest.raises(Closed):
        router.create_transport()
    with pytest.raises(Closed):
        router.create_direct_transport()


async def test_an_empty_router_is_closed_at_once(worker: Worker, engine: FakeEngine) -> None:
    router = worker.create_router()
    router.close(CloseReason.ROOM_CLOSED)
    assert engine.commands[-1] == ("router_close", router.id)


async def test_a_closed_worker_opens_nothing_more(worker: Worker, engine: FakeEngine) -> None:
    router = worker.create_router()
    await worker.close()
    await worker.close()
    assert router.closed
    assert engine.closed
    with pytest.raises(WorkerClosed):
        worker.create_router()


async def test_a_failed_room_ends_alone(engine: FakeEngine) -> None:
    worker = Worker(engine)
    routers = [worker.create_router() for _ in range(3)]
    engine.inject(("room_failed", routers[1].id, "index out of bounds"))
    await drained()
    assert [router.closed for router in routers] == [False, True, False]
    await worker.close()


async def test_a_flood_of_failures_is_one_line(
    engine: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    worker = Worker(engine)
    routers = [worker.create_router() for _ in range(50)]
    for router in routers:
        engine.inject(("room_failed", router.id, "index out of bounds"))
    await drained()
    assert all(router.closed for router in routers)
    assert caplog.text.count("index out of bounds") == 1
    await worker.close()


async def test_counters_tell_of_the_engine_and_of_dtls(worker: Worker) -> None:
    counters = worker.counters()
    assert counters["packets_received"] == 1
    assert counters["dtls_connected"] == 0
