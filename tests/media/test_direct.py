"""Ends inside the process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from media.errors import TransportClosed
from media.types import CloseReason, Slot, Source, TransportState
from tests.media.values import slot, track

if TYPE_CHECKING:
    from media.direct import DirectConsumer, DirectTransport
    from media.worker import Worker
    from tests.media.fake_engine import FakeEngine


@pytest.fixture
def transport(worker: Worker) -> DirectTransport:
    return worker.create_router().create_direct_transport()


async def test_it_is_connected_from_the_start(transport: DirectTransport) -> None:
    assert transport.state is TransportState.CONNECTED


async def test_packets_go_in(transport: DirectTransport, engine: FakeEngine) -> None:
    voice = transport.produce(Source.VOICE, track(Source.VOICE))
    transport.send(voice, [b"one", b"two"])
    assert engine.commands[-1] == ("packets_send", voice.id, [b"one", b"two"])
    transport.close(CloseReason.LEFT)
    with pytest.raises(TransportClosed):
        transport.send(voice, [b"three"])


async def read(consumer: DirectConsumer) -> list[list[bytes]]:
    return [batch async for batch in consumer.batches()]


async def test_packets_come_out_until_the_slot_closes(
    transport: DirectTransport, engine: FakeEngine
) -> None:
    consumer = transport.consume(slot(Slot.VOICE)[1])
    reading = asyncio.ensure_future(read(consumer))
    engine.inject(("packets_received", transport.id, consumer.id, [b"one", b"two"]))
    await asyncio.sleep(0.01)
    engine.inject(("packets_received", transport.id, consumer.id, [b"three"]))
    await asyncio.sleep(0.01)
    transport.close(CloseReason.LEFT)
    assert await reading == [[b"one", b"two"], [b"three"]]


async def test_a_slow_reader_loses_at_its_own_queue(transport: DirectTransport) -> None:
    consumer = transport.consume(slot(Slot.VOICE)[1], limit=3)
    consumer.handle_packets([b"1", b"2"])
    consumer.handle_packets([b"3", b"4"])
    consumer.handle_packets([b"5"])
    assert consumer.dropped == 2
    consumer.close()
    assert await read(consumer) == [[b"1", b"2"], [b"5"]]


async def test_a_wish_for_a_keyframe_reaches_who_makes_the_picture(
    transport: DirectTransport, engine: FakeEngine
) -> None:
    camera = transport.produce(Source.CAMERA, track(Source.CAMERA))
    wishes: list[Source] = []
    camera.on_keyframe_wish(lambda producer: wishes.append(producer.source))
    engine.inject(("keyframe_requested", camera.id), ("keyframe_requested", 999))
    await asyncio.sleep(0.01)
    assert wishes == [Source.CAMERA]
