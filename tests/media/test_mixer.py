"""Voices become one: both heard, at their level, in their place, whatever happens to a packet."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from media import mixer
from media.mixer import Mix, MixedPacket, Mixers, limit
from media.opus import PACKET_MS, RATE, SILENCE, NotOpus, VoiceDecoder, duration
from media.types import Source
from tests.media.voices import assert_steady, hear, packets, strength, tone

if TYPE_CHECKING:
    from collections.abc import Iterator

VOICE, GUEST = Source.VOICE, Source.GUEST_VOICE
LOW, HIGH = 440.0, 1320.0
EDGE = RATE // 5  # samples in which a decoder finds its way


class Lesson:
    """A mix whose voices send as time goes by."""

    def __init__(self) -> None:
        self.mix = Mix()
        self.made: list[MixedPacket] = []
        self.now = 0.0

    def say(self, source: Source, payload: bytes, position: float | None = None) -> None:
        self.mix.take(source, self.now if position is None else position, payload, self.now)

    def go_on(self, ms: float = PACKET_MS) -> None:
        self.now += ms
        self.made += self.mix.mix(self.now)

    def speak(self, source: Source, sound: Iterator[bytes], begin: float = 0) -> None:
        """Say all of a sound, in its time."""
        self.now = begin
        for payload in sound:
            self.say(source, payload)
            self.go_on()

    def end(self) -> list[MixedPacket]:
        self.made += self.mix.flush()
        return self.made


@pytest.fixture
def lesson() -> Lesson:
    return Lesson()


def test_two_voices_are_both_heard_at_their_level(lesson: Lesson) -> None:
    voices = zip(packets(tone(LOW, 2)), packets(tone(HIGH, 2, 0.1)), strict=True)
    for low, high in voices:
        lesson.say(VOICE, low)
        lesson.say(GUEST, high)
        lesson.go_on()
    assert_steady(lesson.end())
    assert (lesson.made[0].position, len(lesson.made)) == (0, 100)
    sound = hear(lesson.made)[EDGE:]
    assert strength(sound, LOW) == pytest.approx(0.25, rel=0.15)
    assert strength(sound, HIGH) == pytest.approx(0.1, rel=0.2)
    assert strength(sound, 3000) < 0.005


def test_one_voice_does_not_wait_for_another_that_is_not_there(lesson: Lesson) -> None:
    lesson.speak(VOICE, packets(tone(LOW, 1)))
    assert len(lesson.made) == 50


def test_a_voice_that_stops_holds_the_other_back_for_a_moment_only(lesson: Lesson) -> None:
    guest = packets(tone(HIGH, 1))
    for number, low in enumerate(packets(tone(LOW, 3))):
        lesson.say(VOICE, low)
        if number < 50:
            lesson.say(GUEST, next(guest))
        lesson.go_on()
        lag = lesson.now - lesson.made[-1].position - PACKET_MS
        assert lag <= mixer.HOLD_MS + PACKET_MS
    assert lag == 0
    assert_steady(lesson.end())
    sound = hear(lesson.made)
    assert strength(sound[EDGE : RATE - EDGE], HIGH) > 0.2
    assert strength(sound[RATE + EDGE :], HIGH) < 0.005
    assert strength(sound[RATE + EDGE :], LOW) == pytest.approx(0.25, rel=0.15)


def test_loud_voices_together_do_not_clip() -> None:
    loud = tone(LOW, 1, 0.65).astype(np.float32) + tone(LOW, 1, 0.65)
    sound = limit(loud)
    assert 30_000 < np.max(np.abs(sound)) < 32_767
    assert strength(sound, LOW) > 0.9
    cut = np.clip(loud, -32_767, 32_767).astype(np.int16)
    assert max(strength(sound, n * LOW) for n in (5, 7)) < max(
        strength(cut, n * LOW) for n in (5, 7)
    )
    quiet = tone(LOW, 1, 0.6)
    assert np.array_equal(limit(quiet.astype(np.float32)), quiet)


def test_a_lost_packet_is_made_up_for(lesson: Lesson) -> None:
    for number, payload in enumerate(packets(tone(LOW, 2))):
        if number not in (50, 51):
            lesson.say(VOICE, payload)
        lesson.go_on()
    assert_steady(lesson.end())
    assert len(lesson.made) == 100
    assert lesson.mix.losses.concealed_ms == 40
    missing = hear(lesson.made)[50 * 960 + 312 : 51 * 960]
    assert np.max(np.abs(missing)) > 4_000


def test_a_short_pause_is_silence_and_a_long_one_a_gap(lesson: Lesson) -> None:
    lesson.speak(VOICE, packets(tone(LOW, 1)))
    lesson.speak(VOICE, packets(tone(LOW, 1)), begin=1_800)
    assert_steady(lesson.end())
    assert len(lesson.made) == 140
    assert strength(hear(lesson.made)[int(1.2 * RATE) : int(1.7 * RATE)], LOW) < 0.01
    lesson.speak(VOICE, packets(tone(LOW, 1)), begin=32_800)
    positions = [packet.position for packet in lesson.end()]
    assert positions[-50:] == list(range(32_800, 33_800, PACKET_MS))
    assert 2_800 <= positions[-51] + PACKET_MS <= 2_820


def test_a_voice_that_ends_fades(lesson: Lesson) -> None:
    lesson.speak(VOICE, packets(tone(LOW, 1)))
    lesson.go_on(1_000)
    lesson.go_on(30_000)
    assert lesson.made[-1].position == 1_000
    assert lesson.end()[-1].position == 1_000


@pytest.mark.parametrize("drift", [200e-6, -200e-6])
def test_a_clock_that_drifts_is_followed_without_a_cut(lesson: Lesson, drift: float) -> None:
    """An hour at 100 ppm is half a minute at this pace: 6 minutes at twice that, and 72 ms."""
    few = list(packets(tone(LOW, 1)))
    for number in range(6 * 60 * 50):
        position = 1 + number * PACKET_MS * (1 + drift)
        lesson.now = position
        lesson.say(VOICE, few[number % 50], position + 0.4 * (number % 3 - 1))
        lesson.made += lesson.mix.mix(lesson.now)
    assert_steady(lesson.made)
    last = lesson.made[-1].position + PACKET_MS
    assert abs(last - lesson.now - PACKET_MS) <= mixer.DRIFT_MS + PACKET_MS
    assert lesson.mix.losses == mixer.Losses()


def test_nonsense_is_counted_and_the_voice_goes_on(lesson: Lesson) -> None:
    chance = random.Random(4)
    for number, payload in enumerate(packets(tone(LOW, 3))):
        lesson.say(VOICE, chance.randbytes(chance.randrange(2_000)) if number % 7 == 3 else payload)
        lesson.go_on()
    lesson.say(VOICE, b"")
    lesson.say(VOICE, SILENCE, position=lesson.now + 3_600_000)
    lesson.say(VOICE, SILENCE, position=-1)
    lesson.say(VOICE, SILENCE, position=100)
    assert_steady(lesson.end())
    assert lesson.mix.losses.broken >= 10
    assert lesson.mix.losses.early == 2
    assert lesson.mix.losses.late >= 1
    assert strength(hear(lesson.made)[EDGE:], LOW) > 0.05  # some of it sounded, in its place


@pytest.mark.parametrize("seed", range(20))
def test_whatever_comes_positions_only_grow(lesson: Lesson, seed: int) -> None:
    chance = random.Random(seed)
    sound = list(packets(tone(LOW, 1)))
    for _ in range(300):
        source = chance.choice((VOICE, GUEST))
        payload = chance.choice((*sound, chance.randbytes(chance.randrange(60))))
        lesson.say(source, payload, lesson.now + chance.choice((0, 0, 0, -300, 900, -5_000, 1e7)))
        lesson.go_on(chance.choice((0, 5, 20, 40, 700)))
    positions = [packet.position for packet in lesson.end()]
    assert positions == sorted(set(positions))
    assert all(position % PACKET_MS == 0 for position in positions)


def test_a_minute_of_silence_stays_silent_and_small(lesson: Lesson) -> None:
    for _ in range(60 * 50):
        lesson.say(VOICE, SILENCE)
        lesson.go_on()
    assert_steady(lesson.end())
    assert len(lesson.made) == 3_000
    assert sum(len(packet.payload) for packet in lesson.made) < 30_000
    assert np.max(np.abs(hear(lesson.made))) < 40


def test_an_hour_costs_what_its_first_minute_costs(lesson: Lesson) -> None:
    """Ten minutes stand for it; nothing that is kept grows with them."""
    sound = list(packets(tone(LOW, 1)))
    spent = []
    for _ in range(5):
        began = time.process_time()
        for number in range(2 * 60 * 50):
            lesson.say(VOICE, sound[number % 50])
            lesson.say(GUEST, sound[number % 50])
            lesson.go_on()
        lesson.made.clear()
        spent.append(time.process_time() - began)
    assert max(spent[1:]) < 2 * spent[0]


def test_packets_of_other_lengths_are_taken(lesson: Lesson) -> None:
    pause = {2.5: 0xE0, 5: 0xE8, 10: 0xF0, 20: 0xF8, 60: 0x18}  # RFC 6716 table 2
    for ms, first in pause.items():
        assert duration(bytes([first, 0, 0])) == ms * 48
    assert duration(bytes([0xFB, 6])) == 6 * 960
    for wrong in (b"", b"\xfb", b"\xfb\x00", b"\xfb\x07", bytes(1_501)):
        with pytest.raises(NotOpus):
            duration(wrong)
    for number in range(20):
        lesson.say(VOICE, bytes([0x18, 0, 0]), position=60 * number)
        lesson.go_on(60)
    assert_steady(lesson.end())
    assert len(lesson.made) == 60


async def test_a_process_mixes_many_lessons_in_one_thread() -> None:
    mixers = Mixers()
    now = 0.0
    lessons = [mixers.open(lambda: now) for _ in range(3)]
    for number, payload in enumerate(packets(tone(LOW, 1))):
        now = number * PACKET_MS
        for one in lessons:
            one.feed(VOICE, now, payload)
    await mixers.turn()
    assert [len(one.read()) for one in lessons] == [50, 50, 50]
    assert lessons[0].read() == []
    lessons[0].feed(VOICE, now + PACKET_MS, SILENCE)
    await lessons[0].close()
    await lessons[0].close()
    assert len(lessons[0].read()) == 1
    await mixers.stop()
    await mixers.stop()


async def test_the_thread_mixes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixer, "TICK_SECONDS", 0.01)
    mixers = Mixers()
    mixers.start()
    lesson = mixers.open(lambda: 100.0)
    lesson.feed(VOICE, 0, SILENCE)
    made: list[MixedPacket] = []
    for _ in range(500):
        await mixers.turn()
        made += lesson.read()
        if made:
            break
    assert [packet.position for packet in made] == [0]
    await mixers.stop()


async def test_a_thread_that_is_late_and_a_reader_that_sleeps_lose_and_hurt_nobody() -> None:
    mixers = Mixers()
    lesson = mixers.open(lambda: 60_000.0)
    for number in range(mixer.QUEUE_LIMIT + 5):
        lesson.feed(VOICE, number * PACKET_MS, SILENCE)
    assert lesson.dropped == 5
    await mixers.turn()
    assert len(lesson.read()) == mixer.UNREAD_LIMIT
    assert lesson.dropped == 5 + mixer.QUEUE_LIMIT - mixer.UNREAD_LIMIT
    await mixers.stop()


async def test_a_mix_that_fails_begins_anew_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mixers = Mixers()
    broken, sound = mixers.open(lambda: 0.0), mixers.open(lambda: 0.0)
    real = VoiceDecoder.decode

    def decode(self: VoiceDecoder, payload: bytes) -> object:
        if payload == b"\xf8poison":
            raise MemoryError
        return real(self, payload)

    monkeypatch.setattr(VoiceDecoder, "decode", decode)
    broken.feed(VOICE, 0, b"\xf8poison")
    sound.feed(VOICE, 0, SILENCE)
    await mixers.turn()
    assert "begins anew" in caplog.text
    assert (len(broken.read()), len(sound.read())) == (0, 1)
    broken.feed(VOICE, 2_000, SILENCE)
    await mixers.turn()
    assert [packet.position for packet in broken.read()] == [2_000]
    await mixers.stop()
