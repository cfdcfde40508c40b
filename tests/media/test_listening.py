"""The voice for those who only listen, parsed and decoded again by libavformat."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from media.listening import (
    AAC_RATE,
    BEHIND_MS,
    MAX_FILL_MS,
    AacEncoder,
    Unbroken,
    webm_blocks,
    webm_cluster,
    webm_header,
)
from media.mixer import MixedPacket
from media.opus import PACKET_MS, RATE, SILENCE
from tests.media.voices import packets, strength, tone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HERTZ = 440.0
AT = 600_000


def sound_of(data: bytes, name: str) -> tuple[NDArray[np.float32], int]:
    """Return the samples of a stream and their rate."""
    with av.open(io.BytesIO(data), format=name) as container:
        frames = list(container.decode(audio=0))
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]), frames[0].sample_rate


def mixed(at: int, payloads: Sequence[bytes]) -> list[MixedPacket]:
    return [MixedPacket(at + n * PACKET_MS, one) for n, one in enumerate(payloads)]


def webm(payloads: Sequence[bytes], each: int = 20) -> bytes:
    clusters = [
        webm_cluster(begin * PACKET_MS, webm_blocks(payloads[begin : begin + each]))
        for begin in range(0, len(payloads), each)
    ]
    return webm_header() + b"".join(clusters)


def test_webm_is_what_was_said() -> None:
    sound, rate = sound_of(webm(list(packets(tone(HERTZ, 2)))), "matroska")
    assert rate == RATE
    assert abs(len(sound) - 2 * RATE) < RATE // 10
    assert strength((sound[RATE // 2 :] * 32_767).astype(np.int16), HERTZ) > 0.2


def test_webm_can_be_cut_anywhere_and_plays_up_to_there() -> None:
    whole = webm(list(packets(tone(HERTZ, 2))))
    sound, _ = sound_of(whole[: len(whole) * 3 // 4], "matroska")
    assert 1.2 * RATE < len(sound) < 1.6 * RATE


def test_aac_is_what_was_said_from_any_frame_on() -> None:
    encoder = AacEncoder()
    said = list(packets(tone(HERTZ, 3)))
    pieces = [encoder.encode(said[begin : begin + 20]) for begin in range(0, len(said), 20)]
    for late in (0, 3):
        sound, rate = sound_of(b"".join(pieces[late:]), "aac")
        assert rate == AAC_RATE
        heard = (sound[AAC_RATE // 2 :] * 32_767).astype(np.int16)
        time = np.arange(len(heard)) / AAC_RATE
        wave = np.exp(-2j * np.pi * HERTZ * time)
        assert 2 * abs(np.mean(heard / 32_767 * wave)) > 0.2


def test_what_follows_is_given_as_it_is() -> None:
    line = Unbroken()
    assert line.take(mixed(AT, [b"1", b"2"]), AT + 100) == [b"1", b"2"]
    assert line.take(mixed(AT + 40, [b"3"]), AT + 200) == [b"3"]


@pytest.mark.parametrize("hole", [PACKET_MS, 700, 9_000])
def test_a_hole_between_packets_is_silence(hole: int) -> None:
    line = Unbroken()
    line.take(mixed(AT, [b"1"]), AT + 100)
    given = line.take(mixed(AT + PACKET_MS + hole, [b"2"]), AT + hole + 100)
    assert given == [SILENCE] * (hole // PACKET_MS) + [b"2"]


def test_silence_goes_on_while_nobody_speaks_and_no_time_is_told_twice() -> None:
    line = Unbroken()
    given = line.take(mixed(AT, [b"1"]), AT)
    for later in range(100, 60_000, 100):
        given += line.take([], AT + later)
    assert given[1:] == [SILENCE] * len(given[1:])
    assert len(given) * PACKET_MS == 60_000 - 100 - BEHIND_MS
    assert line.take(mixed(AT + 30_000, [b"late"]), AT + 60_000)[-1:] != [b"late"]
    assert line.take(mixed(AT + 60_500, [b"2"]), AT + 60_600)[-1] == b"2"


def test_a_lesson_in_which_nobody_has_spoken_is_silence() -> None:
    line = Unbroken()
    given = [one for now in range(0, 5_000, 100) for one in line.take([], AT + now)]
    assert given == [SILENCE] * (4_900 // PACKET_MS)


def test_a_process_that_stood_still_steps_over_the_hole() -> None:
    line = Unbroken()
    line.take(mixed(AT, [b"1"]), AT)
    assert line.take([], AT + 10 * MAX_FILL_MS) == []
    assert line.take([], AT + 10 * MAX_FILL_MS + 100) == [SILENCE] * 5
