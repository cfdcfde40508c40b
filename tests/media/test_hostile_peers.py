"""What an enemy tries against media (F2, F3, F5 in docs/sfu-checklist.md): races and forgeries."""

from __future__ import annotations

import asyncio
import itertools
import random
from typing import TYPE_CHECKING

import pytest
from aioice import stun

from media.types import Fingerprint, Source
from media.worker import LOOPBACK, Worker
from tests.media.dtls_peer import DtlsPeer
from tests.media.live_lesson import Lesson, heard, payloads
from tests.media.network_peer import NetworkPeer, Voice
from tests.media.test_bad_datagrams import Stranger, binding_request
from tests.media.values import PLAIN, slot
from tests.media.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

VOICE = Source.VOICE
JOINS = 100
AT_ONCE = 10  # joins that race at the same time: each end is aiortc's own DTLS in this process
PATIENCE = 60  # seconds for what takes one on a machine of our own


@pytest.fixture
async def lesson() -> AsyncIterator[Lesson]:
    async with Worker.open(LOOPBACK, threads=2) as worker:
        lesson = Lesson(worker)
        yield lesson
        await lesson.close()


@pytest.fixture
def stranger(lesson: Lesson) -> Iterator[Stranger]:
    candidate = lesson.worker.candidates()[0]
    stranger = Stranger((candidate.address, candidate.port))
    yield stranger
    stranger.socket.close()


def in_order(student: NetworkPeer) -> bool:
    """Say whether the student heard each packet once, in order; the machine may have lost some."""
    numbers = [int(payload.split()[-1]) for payload in payloads(student)]
    return all(before < after for before, after in itertools.pairwise(numbers))


class Racer(Stranger):
    """Somebody who knows whom the server expects, and says hello before them again and again."""

    async def race(self, ufrag: str, hello: bytes) -> None:
        """Send checks that are none and a ClientHello until cancelled."""
        while True:
            self.send(bytes(binding_request(f"{ufrag}:peer", "a guess of the right length")))
            self.send(hello)
            await asyncio.sleep(0.005)


async def hello_of_a_stranger() -> bytes:
    """Return the first datagram of a real handshake."""
    sent: asyncio.Queue[bytes] = asyncio.Queue()
    peer = DtlsPeer(sent.put_nowait)
    shaking = asyncio.create_task(peer.connect(Fingerprint("sha-256", "00")))
    hello = await sent.get()
    shaking.cancel()
    await asyncio.gather(shaking, return_exceptions=True)
    return hello


async def test_a_hundred_joins_win_the_race_for_the_first_hello(lesson: Lesson) -> None:
    """F2: a ClientHello of somebody else before the real one takes no place (ASVS 17.2.6)."""
    hello = await hello_of_a_stranger()
    candidate = lesson.worker.candidates()[0]
    racers = [Racer((candidate.address, candidate.port)) for _ in range(AT_ONCE)]
    turns = asyncio.Semaphore(AT_ONCE)

    async def join(number: int) -> bool:
        async with turns:
            subscription = lesson.room.add_subscriber(
                f"student {number}", [slot(one) for one in PLAIN]
            )
            racer = racers[number % AT_ONCE]
            racing = asyncio.create_task(racer.race(subscription.transport.ice.ufrag, hello))
            await asyncio.sleep(0)  # the stranger is first
            peer = await lesson.peer(subscription).connect()
            await until(lambda: subscription.connected, PATIENCE)
            racing.cancel()
            await asyncio.gather(racing, return_exceptions=True)
            return peer.dtls.dtls.state == "connected"

    joined = await asyncio.gather(*(join(number) for number in range(JOINS)))
    assert joined.count(True) == JOINS
    assert lesson.worker.counters()["rejected_stun"] > 0, "nobody raced"
    _, teacher = await lesson.publish(VOICE)
    voice = Voice(teacher, 1000)
    hear = [peer for peer in lesson.peers if peer is not teacher]
    await until(lambda: voice.say() or all(peer.received for peer in hear), PATIENCE)
    for racer in racers:
        assert not any(answer[0] >= 4 for answer in racer.answers()), "media or DTLS to a stranger"
        racer.socket.close()


async def test_checks_that_prove_nothing_move_nobody(lesson: Lesson, stranger: Stranger) -> None:
    """F3: ten thousand checks without the password, and none of the path or the traffic moves."""
    _, student = await lesson.watch()
    publication, teacher = await lesson.publish(VOICE)
    voice = Voice(teacher, 1000)
    await heard(voice, student, 5)
    home = publication.transport.address
    ufrag = publication.transport.ice.ufrag
    dice = random.Random(3)  # the same guesses every time
    sent = 0
    for number in range(10_000):
        name = ufrag if number % 2 else dice.randbytes(4).hex()
        guess = dice.randbytes(12).hex() if number % 3 else None
        check = bytes(binding_request(f"{name}:peer", guess, **{"USE-CANDIDATE": None}))
        stranger.send(check)
        sent += len(check)
        if number % 100 == 0:
            voice.say()
            await asyncio.sleep(0.002)
    await heard(voice, student, 20)
    answers = stranger.answers()
    assert sum(map(len, answers)) <= sent
    assert all(stun.parse_message(one).message_class is stun.Class.ERROR for one in answers)
    assert publication.transport.address == home
    assert in_order(student)
    # the control: the same check with the password is what moves a peer
    await teacher.move()
    await until(lambda: publication.transport.address != home)
    await heard(voice, student, 5)


class Recorder:
    """Everything one peer has sent, for whoever overhears it."""

    def __init__(self, peer: NetworkPeer) -> None:
        self.sent: list[bytes] = []
        self._send = peer.send
        peer.send = self.send  # type: ignore[method-assign]  # listens on the wire

    def send(self, datagram: bytes) -> None:
        self.sent.append(datagram)
        self._send(datagram)

    def media(self) -> list[bytes]:
        return [one for one in self.sent if one[0] >= 128]


async def test_what_was_overheard_is_of_no_use_again(lesson: Lesson, stranger: Stranger) -> None:
    """F5: packets replayed while the lesson goes on, from their own address and from another."""
    _, student = await lesson.watch()
    _, teacher = await lesson.publish(VOICE)
    overheard = Recorder(teacher)
    voice = Voice(teacher, 1000)
    await heard(voice, student, 200)
    old = overheard.media()
    rejected = "rejected_replayed"

    def replay() -> bool:
        for datagram in old[:100]:
            overheard._send(datagram)
            stranger.send(datagram)
        voice.say()
        return lesson.worker.counters()[rejected] >= 1000

    await until(replay, PATIENCE)
    await heard(voice, student, 20)
    assert in_order(student)


async def test_what_was_overheard_is_of_no_use_after_a_restart() -> None:
    """F5: the packets of a lesson before the server was started again are noise to it."""
    async with Worker.open(LOOPBACK, threads=2) as worker:
        port = worker.port
        before = Lesson(worker)
        _, student = await before.watch()
        _, teacher = await before.publish(VOICE)
        overheard = Recorder(teacher)
        await heard(Voice(teacher, 1000, name="before"), student, 100)
        old = overheard.media()
        await before.close()
    async with Worker.open(LOOPBACK, port, threads=2) as worker:
        after = Lesson(worker)
        _, student = await after.watch()
        _, teacher = await after.publish(VOICE)
        voice = Voice(teacher, 1000)
        await heard(voice, student, 5)
        refused = ("rejected_unauthenticated", "rejected_replayed")

        def replay() -> bool:
            for datagram in old:
                teacher.send(datagram)
            voice.say()
            return sum(worker.counters()[name] for name in refused) >= 10 * len(old)

        await until(replay, PATIENCE)
        await heard(voice, student, 20)
        assert all(payload.startswith(b"voice ") for payload in payloads(student))
        assert in_order(student)
        await after.close()
