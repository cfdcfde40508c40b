"""Holds everything that media/dtls.py uses of aiortc's internals, by real handshakes."""

from __future__ import annotations

import asyncio
import datetime
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvloop
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AEAD_AES_256_GCM,
    SRTP_AES128_CM_SHA1_80,
    RTCCertificate,
)

from media import dtls
from media.dtls import Certificate, DtlsState, Handshake, Handshakes
from media.types import Fingerprint
from tests.media.dtls_peer import DtlsPeer
from tests.media.waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

WRONG = Fingerprint("sha-256", ":".join(["00"] * 32))


class Wire:
    """The engine's part: carries datagrams to the peer of each transport, and takes keys."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.peers: dict[int, DtlsPeer] = {}
        self.keys: dict[int, tuple[Any, ...]] = {}
        self.sent: list[bytes] = []
        self.lose = 0  # so many datagrams of ours are lost

    def dtls_send(self, transport: int, datagram: bytes) -> None:
        self.sent.append(datagram)
        if self.lose:
            self.lose -= 1
        elif transport in self.peers:
            self.loop.call_soon_threadsafe(self.peers[transport].receive, datagram)

    def transport_set_keys(self, transport: int, *keys: Any) -> None:
        self.keys[transport] = keys


class End:
    """Our end of one connection, with what it reported."""

    def __init__(self) -> None:
        self.states: list[DtlsState] = []
        self.news = asyncio.Event()
        self.handshake: Handshake

    def report(self, state: DtlsState) -> None:
        self.states.append(state)
        self.news.set()

    async def reaches(self, state: DtlsState) -> None:
        async with asyncio.timeout(PATIENCE):
            while state not in self.states:
                self.news.clear()
                await self.news.wait()


class Pair:
    """Our end and the peer's."""

    def __init__(
        self,
        handshakes: Handshakes,
        wire: Wire,
        transport: int = 1,
        expected: Sequence[Fingerprint] | None = None,
        **peer: Any,
    ) -> None:
        self.end = End()
        self.certificate = handshakes.certificate()
        self.lose = 0  # so many datagrams of the peer's are lost
        self.peer = wire.peers[transport] = DtlsPeer(self._from_peer, **peer)
        self.handshake = handshakes.open(
            transport,
            self.certificate,
            self.peer.fingerprints[:1] if expected is None else expected,
            self.end.report,
        )

    def _from_peer(self, datagram: bytes) -> None:
        if self.lose:
            self.lose -= 1
            return
        self.handshake.receive(datagram)

    async def connect(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.peer.connect(self.certificate.fingerprint)


@pytest.fixture
async def wire() -> Wire:
    return Wire()


@pytest.fixture
async def handshakes(wire: Wire) -> AsyncIterator[Handshakes]:
    async with opened(wire) as handshakes:
        yield handshakes


@asynccontextmanager
async def opened(wire: Wire) -> AsyncIterator[Handshakes]:
    handshakes = Handshakes(wire)
    try:
        yield handshakes
    finally:
        await handshakes.close()
        for peer in wire.peers.values():
            await peer.close()
        assert not handshakes._thread.is_alive()


async def test_both_ends_have_the_same_keys(handshakes: Handshakes, wire: Wire) -> None:
    pair = Pair(handshakes, wire)
    await pair.connect()
    await pair.end.reaches(DtlsState.CONNECTED)
    profile, *keys = wire.keys[1]
    assert profile == "AEAD_AES_128_GCM"
    assert [len(part) for part in keys] == [16, 12, 16, 12]
    peer_sends, peer_receives = pair.peer.dtls.keys
    assert keys[0] + keys[1] == peer_receives
    assert keys[2] + keys[3] == peer_sends


def test_handshakes_run_on_a_loop_like_the_server_s() -> None:
    async def connect() -> tuple[type[Any], list[DtlsState]]:
        wire = Wire()
        async with opened(wire) as handshakes:
            pair = Pair(handshakes, wire)
            await pair.connect()
            await pair.end.reaches(DtlsState.CONNECTED)
            return type(handshakes._loop), pair.end.states

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(connect()) == (uvloop.Loop, [DtlsState.CONNECTED])


@pytest.mark.parametrize(
    ("offered", "chosen", "salt"),
    [
        ([SRTP_AEAD_AES_256_GCM, SRTP_AEAD_AES_128_GCM], "AEAD_AES_128_GCM", 12),
        ([SRTP_AES128_CM_SHA1_80, SRTP_AEAD_AES_128_GCM], "AEAD_AES_128_GCM", 12),
        ([SRTP_AES128_CM_SHA1_80], "AES_CM_128_HMAC_SHA1_80", 14),
    ],
    ids=["unknown first", "GCM last", "only AES-CM"],
)
async def test_the_server_chooses_the_profile(
    handshakes: Handshakes, wire: Wire, offered: list[Any], chosen: str, salt: int
) -> None:
    pair = Pair(handshakes, wire, profiles=offered)
    await pair.connect()
    await pair.end.reaches(DtlsState.CONNECTED)
    profile, _, send_salt, _, receive_salt = wire.keys[1]
    assert profile == chosen
    assert len(send_salt) == len(receive_salt) == salt


async def test_no_common_profile_fails(handshakes: Handshakes, wire: Wire) -> None:
    pair = Pair(handshakes, wire, profiles=[SRTP_AEAD_AES_256_GCM])
    connecting = asyncio.ensure_future(pair.peer.connect(pair.certificate.fingerprint))
    await pair.end.reaches(DtlsState.FAILED)
    assert not wire.keys
    await handshakes.close()
    pair.peer.link.queue.put_nowait(None)
    await asyncio.gather(connecting, return_exceptions=True)


async def test_a_wrong_fingerprint_fails_and_gives_no_keys(
    handshakes: Handshakes, wire: Wire
) -> None:
    pair = Pair(handshakes, wire, expected=[WRONG])
    await pair.connect()
    await pair.end.reaches(DtlsState.FAILED)
    assert not wire.keys
    assert pair.end.states == [DtlsState.FAILED]
    assert (handshakes.counters.failed, handshakes.counters.mismatched) == (1, 1)
    await until(lambda: pair.peer.dtls.state == "closed")  # it need not wait for media


async def test_one_wrong_fingerprint_among_right_ones_fails(
    handshakes: Handshakes, wire: Wire
) -> None:
    certificate = RTCCertificate.generateCertificate()
    right = [Fingerprint(f.algorithm, f.value) for f in certificate.getFingerprints()]
    pair = Pair(handshakes, wire, expected=[WRONG, *right[1:]], certificate=certificate)
    await pair.connect()
    await pair.end.reaches(DtlsState.FAILED)
    assert not wire.keys


async def test_a_fingerprint_of_unknown_algorithm_alone_fails(
    handshakes: Handshakes, wire: Wire
) -> None:
    pair = Pair(handshakes, wire, expected=[Fingerprint("md5", "00:11")])
    await pair.connect()
    await pair.end.reaches(DtlsState.FAILED)


async def test_algorithms_and_digits_are_compared_without_case(
    handshakes: Handshakes, wire: Wire
) -> None:
    certificate = RTCCertificate.generateCertificate()
    first = certificate.getFingerprints()[0]
    expected = [Fingerprint(first.algorithm.upper(), first.value.lower())]
    pair = Pair(handshakes, wire, expected=expected, certificate=certificate)
    await pair.connect()
    await pair.end.reaches(DtlsState.CONNECTED)


async def test_nobody_is_expected_without_a_fingerprint(handshakes: Handshakes) -> None:
    with pytest.raises(ValueError, match="without a fingerprint"):
        handshakes.open(1, handshakes.certificate(), [], lambda _: None)


async def test_our_close_tells_the_peer(handshakes: Handshakes, wire: Wire) -> None:
    pair = Pair(handshakes, wire)
    await pair.connect()
    await pair.end.reaches(DtlsState.CONNECTED)
    finished = asyncio.Event()
    loop = asyncio.get_running_loop()
    pair.handshake.close(lambda: loop.call_soon_threadsafe(finished.set))
    pair.handshake.close()
    async with asyncio.timeout(PATIENCE):
        await finished.wait()
        await asyncio.wait([pair.peer.dtls._task])
    assert pair.peer.dtls.state == "closed"
    assert pair.end.states == [DtlsState.CONNECTED]


async def test_the_peer_closing_is_reported(handshakes: Handshakes, wire: Wire) -> None:
    pair = Pair(handshakes, wire)
    await pair.connect()
    await pair.end.reaches(DtlsState.CONNECTED)
    await pair.peer.close()
    await pair.end.reaches(DtlsState.CLOSED)


async def test_closing_all_tells_every_peer(wire: Wire) -> None:
    async with opened(wire) as handshakes:
        pairs = [Pair(handshakes, wire, number) for number in (1, 2, 3)]
        idle = handshakes.open(9, handshakes.certificate(), [WRONG], lambda _: None)
        for pair in pairs:
            await pair.connect()
        await handshakes.close()
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait([pair.peer.dtls._task for pair in pairs])
        ends = []
        idle.close(lambda: ends.append("finished"))
        assert ends == ["finished"]


async def test_closing_before_the_first_datagram_leaves_nothing(handshakes: Handshakes) -> None:
    finished = asyncio.Event()
    loop = asyncio.get_running_loop()
    handshake = handshakes.open(1, handshakes.certificate(), [WRONG], lambda _: None)
    handshake.close(lambda: loop.call_soon_threadsafe(finished.set))
    async with asyncio.timeout(PATIENCE):
        await finished.wait()
    assert not handshakes._tasks


@pytest.mark.parametrize("lost", [1, 2, 3])
async def test_lost_flights_of_the_peer_are_repeated(
    handshakes: Handshakes, wire: Wire, lost: int
) -> None:
    pair = Pair(handshakes, wire)
    pair.lose = lost
    await pair.connect()
    await pair.end.reaches(DtlsState.CONNECTED)
    assert pair.lose == 0


async def test_the_last_flight_of_the_peer_lost_is_repeated(
    handshakes: Handshakes, wire: Wire
) -> None:
    pair = Pair(handshakes, wire)
    wire_count = iter(range(100))
    passed = pair._from_peer

    def lose_second(datagram: bytes) -> None:
        if next(wire_count) != 1:
            passed(datagram)

    pair.peer.link.send = lose_second
    await pair.connect()
    await pair.end.reaches(DtlsState.CONNECTED)


@pytest.mark.parametrize("which", [0, 1])
async def test_our_lost_flights_are_repeated(
    handshakes: Handshakes, wire: Wire, which: int
) -> None:
    """The second is our Finished: the peer repeats its own, and gets ours again."""
    pair = Pair(handshakes, wire)
    count = iter(range(100))
    deliver = wire.dtls_send

    def lose_one(transport: int, datagram: bytes) -> None:
        if next(count) != which:
            deliver(transport, datagram)

    wire.dtls_send = lose_one
    await pair.connect()
    await pair.end.reaches(DtlsState.CONNECTED)
    assert wire.keys[1][1] + wire.keys[1][2] == pair.peer.dtls.keys[1]


async def test_garbage_neither_ends_a_handshake_nor_a_connection(
    handshakes: Handshakes, wire: Wire
) -> None:
    dice = random.Random(7)  # the same garbage every time
    pair = Pair(handshakes, wire)
    garbage = [bytes([dice.choice(range(20, 64))]) + dice.randbytes(size) for size in range(12)]
    garbage += [b"", b"\x16", bytes(65535), b"\x80" * 100, b"\x15\xfe\xfd" + bytes(8) + b"\xff\xff"]
    for datagram in garbage:
        pair.handshake.receive(datagram)
        await asyncio.sleep(0.001)
    await pair.connect()
    await pair.end.reaches(DtlsState.CONNECTED)
    for datagram in garbage + [dice.randbytes(1200) for _ in range(50)]:
        pair.handshake.receive(datagram)
        await asyncio.sleep(0.001)
    await pair.peer.close()
    await pair.end.reaches(DtlsState.CLOSED)
    assert DtlsState.FAILED not in pair.end.states


async def test_every_first_record_cut_or_flipped_is_survived(
    handshakes: Handshakes, wire: Wire
) -> None:
    hello: list[bytes] = []
    probe = DtlsPeer(hello.append)
    probe.link.queue.put_nowait(None)  # the connection ends as soon as the hello is sent
    await probe.connect(WRONG)
    dice = random.Random(11)
    for number in range(60):
        broken = bytearray(hello[0][: dice.randrange(1, len(hello[0]))])
        broken[dice.randrange(len(broken))] ^= 1 << dice.randrange(8)
        victim = handshakes.open(100 + number, handshakes.certificate(), [WRONG], lambda _: None)
        victim.receive(bytes(broken))
    pair = Pair(handshakes, wire)
    await pair.connect()
    await pair.end.reaches(DtlsState.CONNECTED)


async def test_a_flood_is_dropped_at_the_inbox(handshakes: Handshakes, wire: Wire) -> None:
    handshake = handshakes.open(1, handshakes.certificate(), [WRONG], lambda _: None)
    async with asyncio.timeout(PATIENCE):
        while not handshakes.counters.dropped:
            for _ in range(200):
                handshake.receive(b"\x16" * 1200)
            await asyncio.sleep(0)


async def test_stalled_handshakes_do_not_keep_others_waiting(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dtls, "HANDSHAKES_UNDER_WAY", 2)
    monkeypatch.setattr(dtls, "ADMISSION_HELD", 0.2)
    async with opened(wire) as handshakes:
        for number in range(6):
            stalled = handshakes.open(50 + number, handshakes.certificate(), [WRONG], print)
            stalled.receive(b"\x16\xfe\xfd" + bytes(20))
        pair = Pair(handshakes, wire)
        await pair.connect()
        await pair.end.reaches(DtlsState.CONNECTED)
        assert handshakes.counters.begun == 7


async def test_silent_transports_are_not_under_way(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dtls, "HANDSHAKES_UNDER_WAY", 1)
    async with opened(wire) as handshakes:
        for number in range(20):
            handshakes.open(50 + number, handshakes.certificate(), [WRONG], print)
        pair = Pair(handshakes, wire)
        await pair.connect()
        await pair.end.reaches(DtlsState.CONNECTED)
        assert handshakes.counters.begun == 1


async def test_two_hundred_joins_in_a_row(handshakes: Handshakes, wire: Wire) -> None:
    certificate = RTCCertificate.generateCertificate()
    for number in range(200):
        pair = Pair(handshakes, wire, number, certificate=certificate)
        await pair.connect()
        await pair.end.reaches(DtlsState.CONNECTED)
    assert handshakes.counters.connected == 200
    assert len(wire.keys) == 200
    assert len({keys[1] for keys in wire.keys.values()}) == 200


async def test_fifty_joins_at_once(handshakes: Handshakes, wire: Wire) -> None:
    certificate = RTCCertificate.generateCertificate()
    pairs = [Pair(handshakes, wire, number, certificate=certificate) for number in range(50)]
    await asyncio.gather(*(pair.connect() for pair in pairs))
    for pair in pairs:
        await pair.end.reaches(DtlsState.CONNECTED)


async def test_the_tls_context_is_shared_and_remembers_no_sessions() -> None:
    certificate = Certificate.generateCertificate()
    profiles = [SRTP_AEAD_AES_128_GCM]
    context = certificate._create_ssl_context(srtp_profiles=profiles)
    assert certificate._create_ssl_context(srtp_profiles=profiles) is context
    assert context.get_session_cache_mode() == 0


async def test_a_certificate_is_renewed_before_it_ends() -> None:
    certificate = Certificate.generateCertificate()
    now = datetime.datetime.now(tz=datetime.UTC)
    assert not certificate.stale(now)
    assert certificate.stale(certificate.expires - datetime.timedelta(days=6))
    assert certificate.fingerprint.algorithm == "sha-256"
    assert len(certificate.fingerprint.value.split(":")) == 32
