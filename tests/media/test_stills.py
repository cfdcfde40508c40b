"""A screen becomes pictures: each change once, sharp, small, and no cursor counts as one."""

from __future__ import annotations

import io
import os
import random
import threading

import numpy as np
import pytest
from PIL import Image

from media import stills
from media.stills import (
    BURST,
    MIN_INTERVAL_MS,
    NICENESS,
    REFILL_MS,
    THUMB_WIDTH,
    WIDTHS,
    NotAPicture,
    Still,
    Stills,
    StillThread,
    decode,
    encode,
    thumbnail,
)
from tests.media.screens import LINES, as_in_mp4, keyframe, noisy, slide


def take(screen: Stills, position: int, picture: Image.Image, crf: int = 26) -> Still | None:
    return screen.take(position, decode("H264", keyframe(picture, crf=crf)))


def difference(one: Image.Image, other: Image.Image) -> float:
    values = [np.asarray(picture.convert("L"), dtype=np.int16) for picture in (one, other)]
    return float(np.mean(np.abs(values[0] - values[1])))


@pytest.mark.parametrize("how", ["annex b", "mp4", "vp8"])
def test_a_slide_becomes_a_picture_in_three_widths(how: str) -> None:
    data = keyframe(slide(*LINES), "libvpx" if how == "vp8" else "libx264")
    data = as_in_mp4(data) if how == "mp4" else data
    still = Stills().take(1_000, decode("VP8" if how == "vp8" else "H264", data))
    assert still is not None
    assert still.position == 1_000
    assert [(one.width, one.height) for one in still.images] == [
        (320, 180),
        (640, 360),
        (1280, 720),
    ]
    for image in still.images:
        shown = Image.open(io.BytesIO(image.data))
        assert (shown.format, shown.size) == ("WEBP", (image.width, image.height))
        assert difference(shown, slide(*LINES).resize(shown.size)) < 3
        assert len(image.data) <= stills.MAX_BYTES[image.width]


def test_what_does_not_change_is_told_once() -> None:
    screen = Stills()
    assert take(screen, 0, slide(*LINES))
    for second in range(3, 30, 3):
        crf = 20 + second % 12
        assert take(screen, 1_000 * second, noisy(slide(*LINES), second), crf) is None


def test_a_cursor_that_moves_is_no_change() -> None:
    screen = Stills()
    assert take(screen, 0, slide(*LINES, cursor=(300, 300)))
    for second in range(3, 30, 3):
        moved = slide(*LINES, cursor=(40 * second, 100 + 11 * second))
        assert take(screen, 1_000 * second, moved) is None


def test_a_line_of_text_is_a_change_when_added_changed_or_taken_away() -> None:
    screen = Stills()
    pages = [LINES[:3], LINES, (*LINES[:3], "at night it breathes"), LINES[:2]]
    for number, lines in enumerate(pages):
        assert take(screen, 3_000 * number, slide(*lines)), lines


def test_a_film_gives_a_picture_every_two_seconds_and_its_last_state() -> None:
    screen = Stills()
    film = [slide(f"picture {number} of a film", *LINES[number % 3 :]) for number in range(20)]
    told = [take(screen, 300 * number, picture) for number, picture in enumerate(film)]
    assert [one.position for one in told if one is not None] == [0, 2_100, 4_200]
    assert take(screen, 5_900, slide("the end of it all, at last")) is None
    assert screen.waits
    last = screen.due(5_900 + MIN_INTERVAL_MS)
    assert last is not None
    assert last.position == 5_900
    picture = Image.open(io.BytesIO(last.images[-1].data))
    assert difference(picture, slide("the end of it all, at last")) < 2
    assert screen.due(60_000) is None


def test_a_screen_that_never_rests_gives_a_few_pictures_a_minute() -> None:
    screen = Stills()
    pages = [slide(*LINES), slide(*LINES[:2]), slide(*LINES[1:])]
    told = [screen.take(1_000 * second, pages[second % 3]) for second in range(300)]
    shown = [one for one in told if one is not None]
    assert BURST <= len(shown) <= BURST + 300_000 / REFILL_MS
    rested = 300_000 + BURST * REFILL_MS
    screen.due(rested - 5_000)
    for number, page in enumerate([slide("a new page", *LINES), slide(), slide(*LINES[:3])]):
        assert screen.take(rested + 3_000 * number, page), number


def test_a_change_that_is_taken_back_at_once_is_not_told() -> None:
    screen = Stills()
    assert take(screen, 0, slide(*LINES))
    assert take(screen, 500, slide("a slip")) is None
    assert take(screen, 1_000, slide(*LINES)) is None
    assert not screen.waits


def test_what_was_not_kept_is_told_again() -> None:
    screen = Stills()
    assert take(screen, 0, slide(*LINES))
    screen.forget()
    assert take(screen, 500, slide(*LINES))


def test_another_size_is_another_picture() -> None:
    screen = Stills()
    assert take(screen, 0, slide(*LINES))
    still = take(screen, 3_000, slide(*LINES, size=(500, 400)))
    assert still is not None
    assert [one.width for one in still.images] == [320, 500]


def test_a_picture_full_of_noise_is_still_small() -> None:
    noise = noisy(slide(*LINES, size=(1920, 1080)), 1, sigma=60)
    for image in encode(noise):
        assert len(image.data) <= 2 * stills.MAX_BYTES[image.width]


@pytest.mark.parametrize(
    "data",
    [b"", b"\0\0\0\1", b"\0\0\0\1\x65", bytes(500), b"\xff" * 500, b"\0\0\1\0short"],
)
def test_nonsense_is_no_picture(data: bytes) -> None:
    for codec in ("H264", "VP8"):
        with pytest.raises(NotAPicture):
            decode(codec, data)  # type: ignore[arg-type]


def test_too_large_a_picture_is_none() -> None:
    with pytest.raises(NotAPicture):
        decode("VP8", keyframe(Image.new("RGB", (8192, 4096)), "libvpx"))


@pytest.mark.parametrize("seed", range(20))
def test_damaged_keyframes_are_refused_or_decoded_and_never_crash(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(keyframe(slide(*LINES)))
    for _ in range(chance.randint(1, 40)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    try:
        Stills().take(0, decode("H264", bytes(data[: chance.randint(1, len(data))])))
    except NotAPicture:
        return


def test_a_screen_of_4k_is_looked_at_in_the_size_of_its_pictures() -> None:
    picture = decode("H264", keyframe(slide(*LINES, size=(3840, 2160))))
    assert picture.size == (1280, 720)
    assert [one.width for one in encode(picture)] == list(WIDTHS)


def test_a_thumbnail_is_a_very_small_picture() -> None:
    small = thumbnail(decode("H264", keyframe(slide(*LINES))))
    shown = Image.open(io.BytesIO(small))
    assert (shown.format, shown.size) == ("WEBP", (THUMB_WIDTH, 90))
    assert len(small) < 4_000
    tiny = Image.open(io.BytesIO(thumbnail(slide(size=(64, 48)))))
    assert tiny.size == (64, 48)


async def test_the_thread_gives_way_to_the_lesson() -> None:
    thread = StillThread()
    niceness = await thread.run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    assert niceness == NICENESS
    with pytest.raises(NotAPicture):
        await thread.run(lambda: decode("H264", b"nothing"))
    thread.close()
    thread.close()
