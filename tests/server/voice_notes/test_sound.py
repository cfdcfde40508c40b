"""What browsers record becomes Opus packets of 20 ms, and nothing else does."""

import random

import pytest

from server.voice_notes import sound
from server.voice_notes.sound import NotUsable, convert, packets
from tests.server.voice_notes.recordings import film, mp4, recording, webm


@pytest.mark.parametrize(
    "data",
    [webm(), recording(live=False), mp4(), recording("mp4", "libopus")],
    ids=["recorder", "webm", "safari", "opus in mp4"],
)
def test_what_browsers_record_is_kept_as_packets_of_20_ms(data: bytes) -> None:
    kept = convert(data)
    assert 950 <= kept.length_ms <= 1100
    found = packets(kept.data)
    assert abs(len(found) - kept.length_ms / 20) <= 2
    assert {one[0] >> 3 for one in found} <= {1, 5, 9, 13, 15, 19, 23, 27, 31}  # RFC 6716: 20 ms
    assert all(one[0] & 3 == 0 for one in found)  # one frame in each
    again = convert(kept.data)
    assert abs(again.length_ms - kept.length_ms) <= 40


def test_thirty_seconds_are_small_and_taken() -> None:
    kept = convert(recording(seconds=30.0))
    assert len(kept.data) < 128 * 1024
    assert abs(kept.length_ms - sound.MAX_MS) < 100


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not-sound"),
        (b"\x1a\x45\xdf\xa3", "not-sound"),
        (b"<html>" * 1000, "not-sound"),
        (b"\x1a\x45\xdf\xa3" + bytes(5000), "not-sound"),
        (b"\0\0\0\x18ftypisom" + bytes(5000), "not-sound"),
        (film(), "not-sound"),
        (recording("ogg"), "not-sound"),
        (recording("wav", "pcm_s16le", 0.5), "not-sound"),
        (recording(seconds=32.0), "too-long"),
        (recording(seconds=0.1), "too-short"),
        (recording(live=False, seconds=3.0)[:5000], "cut-off"),
        (mp4()[: len(mp4()) // 2], "not-sound"),
    ],
)
def test_what_can_not_be_played_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(NotUsable) as caught:
        convert(data)
    assert caught.value.code == code
    assert caught.value.detail


@pytest.mark.parametrize("seed", range(40))
def test_broken_recordings_are_refused_or_played_and_never_crash(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(chance.choice((webm(), mp4())))
    for _ in range(chance.randint(1, 60)):
        data[chance.randrange(12, len(data))] = chance.randrange(256)
    try:
        kept = convert(bytes(data[: chance.randint(12, len(data))]))
    except NotUsable:
        return
    assert sound.MIN_MS <= kept.length_ms <= sound.MAX_MS + sound.SLACK_MS
    assert packets(kept.data)


def test_a_kept_sound_that_is_damaged_is_no_sound() -> None:
    with pytest.raises(NotUsable):
        packets(b"nothing")
    with pytest.raises(NotUsable):
        packets(convert(webm()).data[:200])
