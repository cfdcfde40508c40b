"""Whatever is sent to the media port, and by whom: the lesson of everybody else goes on."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from typing import TYPE_CHECKING

import pytest
from aioice import stun

from media.events import SourceRemoved
from media.types import Fingerprint, Slot, Source
from media.worker import LOOPBACK, Worker
from tests.media.dtls_peer import DtlsPeer
from tests.media.live_lesson import Lesson, gapless, heard, payloads
from tests.media.network_peer import NetworkPeer, Picture, Voice, rtp, vp8
from tests.media.values import CLASSROOM, PLAIN, slot, tracks
from tests.media.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

CAMERA, VOICE = Source.CAMERA, Source.VOICE
VOICE_SLOT = slot(Slot.VOICE)[1].ssrc
LARGEST = 65_507  # bytes; what fits into one UDP datagram over IPv4
FORGERIES = 10_000
BURST = 100  # datagrams; a socket's buffer holds some 270 small ones
SETTLE = 0.3  # s in which an answer that must not come would have come
FLOOD = 20_000  # datagrams


class Stranger:
    """A socket nobody knows, and what came back to it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((LOOPBACK, 0))
        self.address = address

    def send(self, datagram: bytes) -> None:
        self.socket.sendto(datagram, self.address)

    def answers(self) -> list[bytes]:
        """Return what has come since the last time."""
        found = []
        while True:
            try:
                found.append(self.socket.recv(LARGEST))
            except BlockingIOError:
                return found

    async def answer(self, patience: float = SETTLE) -> bytes | None:
        """Return one answer, or None when none comes."""
        try:
            async with asyncio.timeout(patience):
                return await asyncio.get_running_loop().sock_recv(self.socket, LARGEST)
        except TimeoutError:
            return None


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


class Going:
    """A lesson under way: a teacher who speaks and a student who hears."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self.student: NetworkPeer
        self.teacher: NetworkPeer
        self.voice: Voice

    async def begin(self) -> Going:
        self.subscription, self.student = await self.lesson.watch()
        self.publication, self.teacher = await self.lesson.publish(VOICE)
        self.voice = Voice(self.teacher, 1000)
        await heard(self.voice, self.student, 5)
        return self

    async def still(self) -> None:
        """Check that everybody is still there and hears what is said."""
        await heard(self.voice, self.student, 20)
        assert payloads(self.student)[-1].startswith(b"voice 1000 ")
        assert all(payload.startswith(b"voice 1000 ") for payload in payloads(self.student))
        assert not self.publication.closed
        assert not self.subscription.closed
        assert not [event for event in self.lesson.events if isinstance(event, SourceRemoved)]

    def counted(self, *names: str) -> int:
        counters = self.lesson.worker.counters()
        return sum(counters[name] for name in names)


@pytest.fixture
async def going(lesson: Lesson) -> Going:
    return await Going(lesson).begin()


def binding_request(
    username: str | None, password: str | None = None, **attributes: object
) -> stun.Message:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    if username is not None:
        request.attributes["USERNAME"] = username
    request.attributes["PRIORITY"] = 2130706431
    request.attributes["ICE-CONTROLLING"] = 7
    request.attributes.update(attributes)
    if password is not None:
        request.add_message_integrity(password.encode())
    return request


async def client_hello() -> bytes:
    """Return the first datagram of a real handshake."""
    sent: asyncio.Queue[bytes] = asyncio.Queue()
    peer = DtlsPeer(sent.put_nowait)
    shaking = asyncio.create_task(peer.connect(Fingerprint("sha-256", "00")))
    hello = await sent.get()
    shaking.cancel()
    await asyncio.gather(shaking, return_exceptions=True)
    return hello


async def sent_in_bursts(datagrams: Iterator[bytes], send: Callable[[bytes], None]) -> int:
    """Send them so that the kernel loses few, and return how many there were."""
    count = 0
    for datagram in datagrams:
        send(datagram)
        count += 1
        if count % BURST == 0:
            await asyncio.sleep(0.002)
    return count


def cuts_of(datagram: bytes) -> Iterator[bytes]:
    """Return every beginning of a datagram, and the datagram blown up."""
    yield from (datagram[:length] for length in range(len(datagram)))
    yield datagram.ljust(LARGEST, b"\0")
    yield datagram + datagram


async def test_every_cut_of_a_good_datagram_hurts_nobody(going: Going, stranger: Stranger) -> None:
    ice = going.publication.transport.ice
    session = going.teacher.dtls.dtls._tx_srtp
    spare = rtp(1000, 111, going.voice.sequence, 5, b"never sent whole" * 4)
    going.voice.sequence += 1
    report = struct.pack("!BBHIIIIII", 0x80, 200, 6, 1000, 1, 2, 3, 4, 5)
    whole = [
        bytes(binding_request(f"{ice.ufrag}:peer", ice.pwd)),
        await client_hello(),
        session.protect(spare),
        session.protect_rtcp(report),
    ]
    for send in (stranger.send, going.student.send, going.teacher.send):
        for datagram in whole:
            await sent_in_bursts(cuts_of(datagram), send)
    await going.still()


async def test_datagrams_of_every_size_and_first_byte_hurt_nobody(
    going: Going, stranger: Stranger
) -> None:
    dice = random.Random(7)  # the same datagrams every time
    datagrams = [
        bytes([first]) + dice.randbytes(size)
        for first in range(256)
        for size in (0, 11, 19, 47, 1200)
    ]
    datagrams += [b"", bytes(LARGEST), b"\xff" * LARGEST, b"\x80" * LARGEST, b"\x16" * LARGEST]
    for send in (stranger.send, going.student.send, going.teacher.send):
        await sent_in_bursts(iter(datagrams), send)
    await going.still()
    assert going.counted("dropped_events") == 0


async def test_nobody_gets_more_than_they_gave(going: Going, stranger: Stranger) -> None:
    ice = going.publication.transport.ice
    good = bytes(binding_request(f"{ice.ufrag}:peer", ice.pwd))
    questions = [
        bytes(binding_request(None)),
        bytes(binding_request(f"{ice.ufrag}:peer")),
        bytes(binding_request(f"{ice.ufrag}:peer", "a wrong password of some length")),
        bytes(binding_request("nobody:peer", ice.pwd)),
        bytes(binding_request(f"{ice.ufrag}:peer", ice.pwd[:-1])),
        bytes(binding_request(f"{ice.ufrag}:peer", "wrong", **{"USE-CANDIDATE": None})),
        good[:-1] + bytes([good[-1] ^ 1]),
        good[:30] + bytes([good[30] ^ 1]) + good[31:],
        b"\x00\x01\x00\x00" + stun.COOKIE.to_bytes(4, "big") + bytes(12),
        b"\x16\xfe\xfd" + bytes(200),
        b"\x80\x6f" + bytes(100),
    ]
    for question in questions:
        stranger.send(question)
        answer = await stranger.answer()
        assert len(answer or b"") <= len(question), question
        if answer is not None:
            parsed = stun.parse_message(answer)
            assert parsed.message_class is stun.Class.ERROR
            assert parsed.attributes["ERROR-CODE"][0] in (400, 401)
    assert going.publication.transport.address != _name(stranger)
    await going.still()


def _name(stranger: Stranger) -> str:
    host, port = stranger.socket.getsockname()
    return f"{host}:{port}"


async def test_dtls_without_a_check_gets_no_answer(lesson: Lesson, stranger: Stranger) -> None:
    subscription = lesson.room.add_subscriber("student", [slot(one) for one in CLASSROOM])
    hello = DtlsPeer(stranger.send)
    subscription.transport.connect(hello.fingerprints[:1])
    shaking = asyncio.create_task(hello.connect(subscription.transport.fingerprint))
    assert await stranger.answer(2.5) is None  # by then the hello has come twice
    ice = subscription.transport.ice
    stranger.send(bytes(binding_request(f"{ice.ufrag}:peer", "not its password")))
    refusal = await stranger.answer()
    assert refusal is not None
    assert stun.parse_message(refusal).message_class is stun.Class.ERROR
    assert await stranger.answer(2.5) is None
    shaking.cancel()
    await asyncio.gather(shaking, return_exceptions=True)
    assert not subscription.closed
    assert lesson.worker.counters()["dtls_failed"] == 0


@pytest.mark.parametrize("who", ["teacher", "student"])
async def test_ten_thousand_forged_packets_of_a_participant(going: Going, who: str) -> None:
    peer: NetworkPeer = getattr(going, who)
    reasons = ("rejected_unauthenticated", "rejected_replayed", "dropped_by_kernel")
    dice = random.Random(11)  # the same forgeries every time
    before = going.counted(*reasons)
    for sent in range(BURST, FORGERIES + 1, BURST):
        for number in range(sent - BURST, sent):
            peer.send(rtp(1000, 111, number, number * 960, dice.randbytes(80)))
        goal = before + sent - BURST  # the newest may still be on their way
        await until(lambda goal=goal: going.counted(*reasons) >= goal)
        going.voice.say()
    await going.still()
    assert gapless(going.student, VOICE_SLOT)


BROKEN_RTP = {
    "padding of nothing": (0xA0, b"payload\x00"),
    "padding longer than the packet": (0xA0, b"payload\xff"),
    "nothing but padding": (0xA0, b"\x04\x04\x04\x04"),
    "fifteen contributing sources and no payload": (0x8F, bytes(60)),
    "an empty extension": (0x90, b"\xbe\xde\x00\x00"),
    "an extension element beyond its block": (0x90, b"\xbe\xde\x00\x01\x1f\x00\x00\x00payload"),
    "an extension of the id that is forbidden": (0x90, b"\xbe\xde\x00\x01\xf0\x00\x00\x00payload"),
    "a two-byte element beyond its block": (0x90, b"\x10\x00\x00\x01\x01\xff\x00\x00payload"),
    "an extension of an unknown profile": (0x90, b"\xab\xcd\x00\x01\x01\x02\x03\x04payload"),
    "a MID that is another track's": (0x90, b"\xbe\xde\x00\x01\x11caXpayload"),
    "a MID that is no text": (0x90, b"\xbe\xde\x00\x01\x11\xff\xfe\x00payload"),
    "no payload": (0x80, b""),
}


@pytest.mark.parametrize("name", BROKEN_RTP)
@pytest.mark.parametrize("payload_type", [111, 96, 0, 127])
async def test_broken_rtp_of_an_authentic_publisher_hurts_nobody(
    going: Going, name: str, payload_type: int
) -> None:
    first, rest = BROKEN_RTP[name]
    for ssrc in (1000, 1001, 4_000_000_000):
        for number in range(3):
            header = struct.pack("!BBHII", first, payload_type, 40 + number, 960, ssrc)
            going.teacher.send_media(header + rest)
    going.voice.name = "voice"
    await heard(going.voice, going.student, 20)
    assert payloads(going.student)[-1].startswith(b"voice 1000 ")
    assert not going.publication.closed
    assert not going.subscription.closed


async def test_two_publishers_with_the_same_ssrc_are_told_apart(going: Going) -> None:
    guest = going.lesson.room.add_publisher("guest", tracks(Source.GUEST_VOICE))
    peer = await going.lesson.peer(guest).connect()
    second = Voice(peer, 1000, name="guest")
    for _ in range(30):
        second.say()
        going.voice.say()
        await asyncio.sleep(0.002)
    guest_slot = slot(Slot.GUEST_VOICE)[1].ssrc
    heard_of = {VOICE_SLOT: b"voice", guest_slot: b"guest"}
    await until(lambda: second.say() or len(payloads(going.student)) > 60)
    for packet in going.student.received:
        assert packet.payload.startswith(heard_of[packet.ssrc])
    assert {packet.ssrc for packet in going.student.received} == set(heard_of)


async def test_tracks_of_one_publisher_with_the_same_ssrc_do_not_mix(lesson: Lesson) -> None:
    _, student = await lesson.watch()
    clashing = {**tracks(VOICE), CAMERA: tracks(CAMERA)[CAMERA]}
    assert clashing[VOICE].ssrcs == clashing[CAMERA].ssrcs
    publication = lesson.room.add_publisher("teacher", clashing)
    teacher = await lesson.peer(publication).connect()
    voice, picture = Voice(teacher, 1000), Picture(teacher, 1000)
    for number in range(30):
        voice.say()
        picture.sequence = voice.sequence
        picture.show(keyframe=number % 5 == 0)
        voice.sequence += 1
        await asyncio.sleep(0.002)
    await until(lambda: student.received)
    for packet in student.received:
        is_voice = packet.payload.startswith(b"voice")
        assert (packet.payload_type == 111) == is_voice
        assert (packet.ssrc == VOICE_SLOT) == is_voice
    assert not publication.closed


async def test_the_ssrc_of_somebodys_slot_is_just_a_number(going: Going) -> None:
    for peer in (going.teacher, going.student):
        for number in range(20):
            peer.send_media(rtp(VOICE_SLOT, 111, number, 960 * number, b"forged"))
            peer.send_media(rtp(VOICE_SLOT, 96, number, 960 * number, vp8(True, number)))
    await going.still()


async def test_a_student_can_not_say_goodbye_for_the_teacher(going: Going) -> None:
    for ssrc in (1000, VOICE_SLOT, 1):
        going.student.send_media(struct.pack("!BBHI", 0x81, 203, 1, ssrc))
    await going.still()


async def test_a_flood_of_dtls_keeps_nobody_waiting(going: Going) -> None:
    flood = (b"\x16\xfe\xfd" + bytes(100) for _ in range(FLOOD))
    flooding = asyncio.create_task(sent_in_bursts(flood, going.student.send))
    _, late = await going.lesson.watch("late", *PLAIN)
    await heard(going.voice, late, 5)
    await flooding
    await going.still()
    assert going.counted("dropped_events") == 0


async def test_a_stranger_who_floods_keeps_nobody_waiting(going: Going, stranger: Stranger) -> None:
    check = bytes(binding_request("nobody:peer", "a password of some length"))
    checks = (check for _ in range(FLOOD))
    flooding = asyncio.create_task(sent_in_bursts(checks, stranger.send))
    _, late = await going.lesson.watch("late", *PLAIN)
    await heard(going.voice, late, 5)
    await flooding
    answered = sum(map(len, stranger.answers()))
    assert answered <= FLOOD * len(check)
    await going.still()
