"""What teachers upload becomes pages; bombs and lies are refused with a code, and hurt nobody."""

import asyncio
import contextlib
import io
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from server.errors import Invalid, Unavailable
from server.slides import press
from server.slides.press import Page, Press
from tests.media.screens import LINES, slide
from tests.server.slides.papers import document, huge_png, looped, picture, rgba, zipped

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
REFUSED_SECONDS = 8  # 2 on a machine of its own


async def read(folder: Path, data: bytes) -> list[Page]:
    path = folder / "upload.part"
    path.write_bytes(data)
    return await Press().read(path, folder)


def shown(folder: Path, page: int, width: int) -> Image.Image:
    return Image.open(io.BytesIO((folder / f"{page}-{width}.webp").read_bytes()))


async def test_a_document_becomes_pages_with_pictures_and_text(tmp_path: Path) -> None:
    pages = await read(tmp_path, document("First light", "Second water", "Third air"))
    assert [page.text for page in pages] == ["First light", "Second water", "Third air"]
    assert [[(w, h) for w, h, _ in page.images] for page in pages] == [
        [(320, 180), (640, 360), (1280, 720)]
    ] * 3
    for page in pages:
        for width, height, size in page.images:
            image = shown(tmp_path, page.number, width)
            assert (image.format, image.size) == ("WEBP", (width, height))
            assert (tmp_path / f"{page.number}-{width}.webp").stat().st_size == size
    ink = [np.mean(np.asarray(shown(tmp_path, n, 1280).convert("L")) < 128) for n in (1, 2, 3)]
    assert all(0.003 < one < 0.1 for one in ink)


def written(folder: Path) -> list[Path]:
    return list(folder.glob("*.webp"))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
async def test_a_picture_is_one_page(tmp_path: Path, kind: str) -> None:
    (page,) = await read(tmp_path, picture(kind))
    assert [width for width, _, _ in page.images] == [320, 640, 1280]
    image = np.asarray(shown(tmp_path, 1, 640).convert("L"), dtype=int)
    wanted = np.asarray(slide(*LINES, size=(1600, 900)).resize((640, 360)).convert("L"), dtype=int)
    assert np.mean(np.abs(image - wanted)) < 3


async def test_what_shines_through_is_white(tmp_path: Path) -> None:
    await read(tmp_path, rgba())
    assert min(shown(tmp_path, 1, 320).convert("L").getextrema()) > 250  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not-slides"),
        (SVG, "not-slides"),
        (zipped(), "not-slides"),
        (b"GIF89a" + bytes(100), "not-slides"),
        (b"\x89PNG\r\n\x1a\n" + SVG, "unreadable"),
        (b"\xff\xd8\xff" + bytes(1000), "unreadable"),
        (picture()[:3000], "unreadable"),
        (b"%PDF-1.7\n" + zipped(), "unreadable"),
        (looped(), "unreadable"),
        (huge_png(), "too-many-pixels"),
        (document(*["x"] * 10_000), "too-many-pages"),
        (document("x", size=(10, 9000)), "bad-shape"),
        (picture(size=(20, 2000)), "bad-shape"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
async def test_bombs_and_lies_are_refused_soon(tmp_path: Path, data: bytes, code: str) -> None:
    began = time.monotonic()
    with pytest.raises(Invalid) as caught:
        await read(tmp_path, data)
    assert caught.value.code == code
    assert time.monotonic() - began < REFUSED_SECONDS
    assert written(tmp_path) == []


async def test_a_process_that_takes_too_long_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(press, "LOOK_SECONDS", 0.0)
    with pytest.raises(Invalid) as caught:
        await read(tmp_path, picture())
    assert caught.value.code == "too-heavy"


# In a process of its own: what other tests started would count as well.
READ_AND_MEASURE = """
import asyncio, resource, sys
from pathlib import Path
from server.slides.press import Press
folder = Path(sys.argv[1])
asyncio.run(Press().read(folder / "upload.part", folder))
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_the_largest_picture_takes_little_memory(tmp_path: Path) -> None:
    (tmp_path / "upload.part").write_bytes(huge_png(6_000))
    command = [sys.executable, "-c", READ_AND_MEASURE, str(tmp_path)]
    measured = subprocess.run(command, capture_output=True, text=True, check=True)
    assert 0 < int(measured.stdout) < 400 * 1024  # kilobytes


async def test_progress_is_told_and_too_many_files_wait_no_longer(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = tmp_path / "upload.part"
    path.write_bytes(document("a", "b"))
    one = Press()
    await one.read(path, tmp_path, lambda done, count: told.append((done, count)))
    assert told == [(0, 2), (1, 2), (2, 2)]
    work = [one.read(path, tmp_path) for _ in range(press.MAX_WAITING + 1)]
    found = await asyncio.gather(*work, return_exceptions=True)
    assert sum(isinstance(one, Unavailable) for one in found) == 1


@pytest.mark.parametrize("seed", range(6))
async def test_damaged_files_are_refused_or_shown(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(chance.choice((document("a", "b"), picture(), picture("JPEG"))))
    for _ in range(chance.randint(1, 30)):
        data[chance.randrange(8, len(data))] = chance.randrange(256)
    with contextlib.suppress(Invalid):
        assert await read(tmp_path, bytes(data))
