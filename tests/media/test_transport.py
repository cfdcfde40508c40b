"""A transport's life over a stand-in engine, with real DTLS where it matters."""

from __future__ import annotations

import asyncio
import string
from typing import TYPE_CHECKING

import pytest

from media.errors import KindMismatch, TransportClosed
from media.transport import CONNECT_TIMEOUT, PWD_LENGTH, UFRAG_LENGTH, Transport
from media.types import CloseReason, Fingerprint, Slot, Source, TransportState
from tests.media.dtls_peer import DtlsPeer
from tests.media.values import slot, track
from tests.media.waiting import PATIENCE, until

if TYPE_CHECKING:
    from media.worker import Worker
    from tests.media.fake_engine import FakeEngine, FakeTimers

ICE_CHARACTERS = frozenset(string.ascii_letters + string.digits + "+/")  # RFC 8839 section 5.4
ANYBODY = [Fingerprint("sha-256", ":".join(["00"] * 32))]


@pytest.fixture
def transport(worker: Worker) -> Transport:
    return worker.create_router().create_transport()


class Watch:
    """Everything that a transport says about its state."""

    def __init__(self, transport: Transport) -> None:
        self.states: list[TransportState] = []
        self.news = asyncio.Event()
        transport.on_state(self.note)

    def note(self, state: TransportState) -> None:
        self.states.append(state)
        self.news.set()

    async def reaches(self, state: TransportState) -> None:
        async with asyncio.timeout(PATIENCE):
            while state not in self.states:
                self.news.clear()
                await self.news.wait()


def peer_of(engine: FakeEngine, transport: Transport) -> DtlsPeer:
    """Connect a DTLS peer to the stand-in engine."""
    peer = DtlsPeer(lambda datagram: engine.inject(("dtls_received", transport.id, datagram)))
    loop = asyncio.get_running_loop()
    engine.on_dtls = lambda _, datagram: loop.call_soon_threadsafe(peer.receive, datagram)
    return peer


async def test_credentials_are_long_random_and_of_ice_characters(worker: Worker) -> None:
    router = worker.create_router()
    ices = [router.create_transport().ice for _ in range(50)]
    assert len({ice.ufrag for ice in ices}) == len({ice.pwd for ice in ices}) == 50
    assert all(set(ice.ufrag + ice.pwd) <= ICE_CHARACTERS for ice in ices)
    assert all((len(ice.ufrag), len(ice.pwd)) == (UFRAG_LENGTH, PWD_LENGTH) for ice in ices)
    assert UFRAG_LENGTH >= 4
    assert PWD_LENGTH >= 22


async def test_a_peer_connects_and_says_goodbye(
    worker: Worker, engine: FakeEngine, transport: Transport
) -> None:
    watch = Watch(transport)
    peer = peer_of(engine, transport)
    transport.connect(peer.fingerprints)
    await peer.connect(transport.fingerprint)
    await watch.reaches(TransportState.CONNECTED)
    [(number, profile, *_)] = engine.named("transport_set_keys")
    assert (number, profile) == (transport.id, "AEAD_AES_128_GCM")
    await peer.close()
    await watch.reaches(TransportState.CLOSED)
    assert transport.close_reason is CloseReason.PEER_CLOSED
    assert transport.id not in worker.transports


async def test_a_wrong_fingerprint_fails_the_transport_without_keys(
    engine: FakeEngine, transport: Transport
) -> None:
    watch = Watch(transport)
    peer = peer_of(engine, transport)
    transport.connect(ANYBODY)
    await peer.connect(transport.fingerprint)
    await watch.reaches(TransportState.FAILED)
    assert transport.close_reason is CloseReason.HANDSHAKE_FAILED
    assert not engine.named("transport_set_keys")
    await peer.close()


async def test_goodbye_is_sent_before_the_engine_forgets_the_transport(
    worker: Worker, engine: FakeEngine, transport: Transport
) -> None:
    watch = Watch(transport)
    peer = peer_of(engine, transport)
    transport.connect(peer.fingerprints)
    await peer.connect(transport.fingerprint)
    await watch.reaches(TransportState.CONNECTED)
    transport.router.close(CloseReason.ROOM_CLOSED)
    assert watch.states[-1] is TransportState.CLOSED
    async with asyncio.timeout(PATIENCE):
        await asyncio.wait([peer.dtls._task])
    await until(lambda: ("router_close", transport.router.id) in engine.commands)
    names = [command[0] for command in engine.commands]
    assert names.index("transport_close") < names.index("router_close")
    assert peer.dtls.state == "closed"


async def test_nobody_connecting_fails_the_transport(
    transport: Transport, timers: FakeTimers, engine: FakeEngine
) -> None:
    transport.connect(ANYBODY)
    timers.advance(CONNECT_TIMEOUT - 1)
    assert transport.state is TransportState.CONNECTING
    timers.advance(1)
    assert transport.state is TransportState.FAILED
    assert transport.close_reason is CloseReason.TIMEOUT
    assert timers.pending == 0
    await until(lambda: engine.named("transport_close"))


async def test_a_transport_nobody_is_expected_on_fails_too(
    transport: Transport, timers: FakeTimers
) -> None:
    timers.advance(CONNECT_TIMEOUT)
    assert transport.state is TransportState.FAILED


async def test_a_connected_transport_has_no_deadline(
    engine: FakeEngine, transport: Transport, timers: FakeTimers
) -> None:
    watch = Watch(transport)
    peer = peer_of(engine, transport)
    transport.connect(peer.fingerprints)
    await peer.connect(transport.fingerprint)
    await watch.reaches(TransportState.CONNECTED)
    timers.advance(CONNECT_TIMEOUT * 2)
    assert transport.state is TransportState.CONNECTED
    await peer.close()


async def test_silence_and_return_and_the_end_of_consent(
    engine: FakeEngine, transport: Transport
) -> None:
    watch = Watch(transport)
    peer = peer_of(engine, transport)
    transport.connect(peer.fingerprints)
    await peer.connect(transport.fingerprint)
    await watch.reaches(TransportState.CONNECTED)
    engine.inject(
        ("transport_disconnected", transport.id),
        ("transport_connected", transport.id, "192.0.2.5:4000"),
        ("transport_disconnected", transport.id),
        ("transport_expired", transport.id),
        ("transport_connected", transport.id, "192.0.2.5:4000"),
    )
    await watch.reaches(TransportState.FAILED)
    assert watch.states == [
        TransportState.CONNECTING,
        TransportState.CONNECTED,
        TransportState.DISCONNECTED,
        TransportState.CONNECTED,
        TransportState.DISCONNECTED,
        TransportState.FAILED,
    ]
    assert transport.close_reason is CloseReason.EXPIRED
    await peer.close()


async def test_connect_is_asked_once_and_with_a_fingerprint(transport: Transport) -> None:
    with pytest.raises(ValueError, match="fingerprint"):
        transport.connect([])
    transport.connect(ANYBODY)
    with pytest.raises(ValueError, match="already"):
        transport.connect(ANYBODY)


async def test_an_ice_restart_gives_new_credentials(
    engine: FakeEngine, transport: Transport
) -> None:
    old = transport.ice
    new = transport.restart_ice()
    assert new == transport.ice
    assert {new.ufrag, new.pwd}.isdisjoint({old.ufrag, old.pwd})
    assert engine.commands[-1] == ("transport_restart_ice", transport.id, new.ufrag, new.pwd)


async def test_parameters_reach_the_engine_whole(engine: FakeEngine, transport: Transport) -> None:
    producer = transport.produce(Source.CAMERA, track(Source.CAMERA, ssrc=7))
    consumer = transport.consume(slot(Slot.STAGE, ssrc=70)[1])
    [(_, _, sent)] = engine.named("producer_create")
    assert sent == {
        "kind": "video",
        "mid": "ca",
        "ssrcs": [7],
        "rtx_ssrcs": [8],
        "rids": [],
        "codecs": [
            {"name": "VP8", "payload_type": 96, "clock_rate": 90000, "rtx_payload_type": 97}
        ],
        "extensions": {"mid": 1, "audio_level": 2},
        "nack": True,
        "pli": True,
        "remb": False,
    }
    [(_, _, asked)] = engine.named("consumer_create")
    assert (asked["ssrc"], asked["rtx_ssrc"], asked["cname"]) == (70, 71, "room")
    assert [codec["name"] for codec in asked["codecs"]] == ["VP8", "H264"]
    consumer.show(producer)
    consumer.show(producer)
    consumer.show(None)
    assert engine.named("consumer_set_producer") == [
        (consumer.id, producer.id),
        (consumer.id, None),
    ]
    consumer.set_limit(57_600)
    consumer.set_limit(57_600)
    consumer.set_limit(None)
    assert engine.named("consumer_set_limit") == [(consumer.id, 57_600), (consumer.id, None)]
    producer.request_keyframe()
    assert engine.named("keyframe_request") == [(producer.id,)]


async def test_a_closed_transport_takes_nothing(engine: FakeEngine, transport: Transport) -> None:
    producer = transport.produce(Source.VOICE, track(Source.VOICE))
    consumer = transport.consume(slot(Slot.VOICE)[1])
    transport.close(CloseReason.LEFT)
    transport.close(CloseReason.ROOM_CLOSED)
    assert transport.close_reason is CloseReason.LEFT
    for act in (
        lambda: transport.produce(Source.VOICE, track(Source.VOICE)),
        lambda: transport.consume(slot(Slot.VOICE)[1]),
        lambda: transport.connect(ANYBODY),
        transport.restart_ice,
    ):
        with pytest.raises(TransportClosed):
            act()
    before = len(engine.commands)
    producer.close(CloseReason.LEFT)
    producer.request_keyframe()
    producer.handle_flow(True)
    consumer.close()
    consumer.show(producer)
    assert len(engine.commands) == before


async def test_sound_is_not_taken_for_a_picture(transport: Transport) -> None:
    with pytest.raises(KindMismatch, match="'camera' carries video, not audio"):
        transport.produce(Source.CAMERA, track(Source.VOICE))


async def test_stats_come_from_the_engine(transport: Transport) -> None:
    stats = await transport.stats()
    assert stats is not None
    assert stats["packets_sent"] == transport.id


async def test_dtls_before_anybody_is_expected_is_dropped(
    engine: FakeEngine, transport: Transport
) -> None:
    transport.handle_datagram(b"\x16\xfe\xfd")
    assert transport.state is TransportState.NEW
