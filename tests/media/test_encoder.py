"""Low layers of a voice: encoded once, heard by whoever wants them, gone when nobody does."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from media.encoder import LINGER_MS, LayerEncoder, VoiceLayers
from media.mixer import MixedPacket
from media.modes import Mode, VoiceLayer
from media.opus import PACKET_MS, PER_MS, RATE, VoiceDecoder, duration
from media.types import Slot, Source
from media.worker import Worker
from tests.media.live_lesson import Lesson
from tests.media.network_peer import Voice
from tests.media.values import tracks
from tests.media.voices import packets, strength, tone
from tests.media.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from concurrent.futures import Executor

    from tests.media.network_peer import NetworkPeer

HERTZ = 440.0
SSRC = 7
BEGIN = 600_000  # ms; a lesson that has been on for ten minutes
PIECE = 5  # packets of the mix, as they come ten times a second


def mixed(seconds: float, begin: int = BEGIN, hertz: float = HERTZ) -> list[MixedPacket]:
    payloads = packets(tone(hertz, seconds))
    return [MixedPacket(begin + n * PACKET_MS, one) for n, one in enumerate(payloads)]


def parts(packet: bytes) -> tuple[int, int, bytes]:
    """Return the number, the time and the payload of an RTP packet without extensions."""
    _, _, number, time, ssrc = struct.unpack_from("!BBHII", packet)
    assert ssrc == SSRC
    return number, time, packet[12:]


@pytest.mark.parametrize("layer", VoiceLayer)
def test_a_layer_is_the_same_voice_in_fewer_and_smaller_packets(layer: VoiceLayer) -> None:
    made = [parts(one) for one in LayerEncoder(layer, SSRC).encode(mixed(3))]
    step = layer.packet_ms * PER_MS
    assert [number for number, _, _ in made] == list(range(3_000 // layer.packet_ms))
    assert [time for _, time, _ in made] == [
        BEGIN * PER_MS + n * step for n in range(3_000 // layer.packet_ms)
    ]
    assert {duration(payload) for _, _, payload in made} == {step}
    bits = 8 * sum(len(payload) for _, _, payload in made) / 3
    assert 0.5 * layer.bit_rate < bits < 1.1 * layer.bit_rate
    decoder = VoiceDecoder()
    sound = np.concatenate([decoder.decode(payload) for _, _, payload in made])
    assert strength(sound[RATE:], HERTZ) > 0.2


def test_a_gap_in_the_mix_is_one_in_the_times_and_not_in_the_numbers() -> None:
    encoder = LayerEncoder(VoiceLayer.THIN, SSRC)
    before = [parts(one) for one in encoder.encode(mixed(0.1))]
    after = [parts(one) for one in encoder.encode(mixed(0.1, BEGIN + 5_000))]
    assert [number for number, _, _ in before + after] == [0, 1, 2]
    times = [time // PER_MS for _, time, _ in before + after]
    # what was said last before the gap waits for its packet until the gap is over
    assert times == [BEGIN, BEGIN + 60, BEGIN + 5_000]


def test_what_is_late_or_no_sound_does_not_move_what_follows() -> None:
    encoder = LayerEncoder(VoiceLayer.CLEAR, SSRC)
    first, second = mixed(0.04)
    broken = MixedPacket(second.position, b"")
    made = encoder.encode([first, broken, first, second])
    assert [parts(one)[1] // PER_MS for one in made] == [BEGIN]


class Scene:
    """A teacher who speaks, and a mix that is fed as a recorder would."""

    def __init__(self, worker: Worker, threads: Executor) -> None:
        self.lesson = Lesson(worker)
        self.room = self.lesson.room
        self.layers = VoiceLayers(self.room, threads)
        self.now = float(BEGIN)
        self.voice: Voice

    async def begin(self) -> None:
        _, peer = await self.lesson.publish(Source.VOICE)
        (ssrc,) = tracks(Source.VOICE)[Source.VOICE].ssrcs
        self.voice = Voice(peer, ssrc)
        await until(lambda: self.speak() and Source.VOICE in self.room.sources())

    def speak(self) -> bool:
        """Let the teacher speak a tenth of a second, and the mix follow."""
        self.voice.say(PIECE)
        self.now += PIECE * PACKET_MS
        piece = mixed(PIECE * PACKET_MS / 1000, round(self.now) - PIECE * PACKET_MS)
        self.layers.hear(piece, self.now)
        return True

    async def hears(self, peer: NetworkPeer, milliseconds: int) -> None:
        """Speak until the newest packets are all of this length."""

        def long_enough() -> bool:
            self.speak()
            newest = [packet.payload for packet in peer.received[-3:]]
            return len(newest) == 3 and all(_length(one) == milliseconds for one in newest)

        await until(long_enough)


def _length(payload: bytes) -> int:
    """Return milliseconds of a layer's packet, 0 of one that the teacher of this test said."""
    return 0 if payload.startswith(b"voice") else duration(payload) // PER_MS


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


@pytest.fixture
async def scene(thread: ThreadPoolExecutor) -> AsyncIterator[Scene]:
    async with Worker.open() as worker:
        scene = Scene(worker, thread)
        await scene.begin()
        yield scene
        scene.layers.end()
        await scene.lesson.close()


VOICES: Sequence[Slot] = (Slot.VOICE, Slot.GUEST_VOICE)


async def test_each_mode_hears_its_layer_and_then_the_whole_voice_again(scene: Scene) -> None:
    student, peer = await scene.lesson.watch("student", *VOICES)
    other, others = await scene.lesson.watch("other", *VOICES)
    for mode, milliseconds in ((Mode.SOUND, 60), (Mode.SLIDES, 40), (Mode.AUTO, 0)):
        student.set_mode(mode)
        await scene.hears(peer, milliseconds)
        assert student.consumers[Slot.GUEST_VOICE].producer is None
    await scene.hears(others, 0)
    assert other.voice is None


async def test_a_layer_nobody_wants_is_made_no_more(scene: Scene) -> None:
    student, peer = await scene.lesson.watch("student", *VOICES)
    student.set_mode(Mode.SOUND)
    await scene.hears(peer, 60)
    thin = student.consumers[Slot.VOICE].producer
    assert thin is not None
    student.close()
    scene.now += LINGER_MS + 1
    scene.speak()
    assert thin.transport.state.final
    assert scene.room.wanted_voice_layers() == frozenset()


async def test_a_mode_changed_a_hundred_times_leaves_one_layer_of_each(scene: Scene) -> None:
    student, peer = await scene.lesson.watch("student", *VOICES)
    for turn in range(100):
        student.set_mode((Mode.SOUND, Mode.SLIDES, Mode.EVERYTHING)[turn % 3])
        scene.speak()
    student.set_mode(Mode.SOUND)
    await scene.hears(peer, 60)
    assert len(scene.layers) == 2


async def test_who_is_on_air_hears_the_others_as_they_are(scene: Scene) -> None:
    teacher = await scene.lesson.watch("teacher", *VOICES)
    teacher[0].set_mode(Mode.SOUND)
    student, peer = await scene.lesson.watch("student", *VOICES)
    student.set_mode(Mode.SOUND)
    await scene.hears(peer, 60)
    await scene.hears(teacher[1], 0)


async def test_without_a_mix_the_whole_voice_comes(scene: Scene) -> None:
    student, peer = await scene.lesson.watch("student", *VOICES)
    student.set_mode(Mode.SOUND)
    await scene.hears(peer, 60)
    scene.layers.end()
    await scene.hears(peer, 0)
