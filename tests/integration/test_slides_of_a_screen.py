"""A screen that a real publisher shares becomes slides, through a kill of the server."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from aiortc.mediastreams import VideoStreamTrack
from av import VideoFrame
from PIL import Image

from recordings.segments import INDEX_NAME
from signaling.client import publish
from tests.integration.forked_server import ForkedServer
from tests.integration.recorded_lesson import PATIENCE, Taught, prepare
from tests.media.screens import LINES, slide
from tests.server.conftest import Place

PAGES = [slide(*LINES[:2]), slide(*LINES), slide("Respiration", *LINES[1:3])]
BEFORE = 2_000  # ms by which a busy machine's clocks may be apart
SOON = 20_000  # ms from a turned page to its picture; a fifth of a second on an idle machine

pytestmark = pytest.mark.timeout(300)


class Screen(VideoStreamTrack):
    """Thirty pictures a second of the page that is open."""

    def __init__(self, page: int) -> None:
        super().__init__()
        self._frames = [VideoFrame.from_image(page) for page in PAGES]
        self.page = page

    async def recv(self) -> VideoFrame:
        pts, time_base = await self.next_timestamp()
        frame = self._frames[self.page]
        frame.pts, frame.time_base = pts, time_base
        return frame


@asynccontextmanager
async def sharing(
    server: ForkedServer, taught: Taught, page: int, codec: Literal["VP8", "H264"]
) -> AsyncIterator[Screen]:
    """Share a screen until the end of the block."""
    screen = Screen(page)
    url = f"{server.url}/whip/{taught.lesson}/screen"
    async with publish(url, taught.token, video=screen, codec=codec) as session:
        await session.connected()
        yield screen


def page_of(folder: Path, still: dict[str, Any]) -> int:
    """Return which page a slide shows, well enough to be read."""
    data = (folder / "stills" / f"{still['number']}-{still['widths'][-1]}.webp").read_bytes()
    seen, *meant = (
        np.asarray(one.convert("L").resize((640, 360)), dtype=np.int16)
        for one in (Image.open(io.BytesIO(data)), *PAGES)
    )
    far = [float(np.abs(seen - one).mean()) for one in meant]  # of 255 levels
    assert min(far) < 3, far
    return int(np.argmin(far))


def pages(taught: Taught) -> list[tuple[int, int]]:
    """Return the pages that are slides, with their position; a sharper picture is no other."""
    if not (taught.folder / INDEX_NAME).exists():
        return []
    found: list[tuple[int, int]] = []
    for still in sorted(taught.entries("still"), key=lambda one: one["at"]):
        page = page_of(taught.folder, still)
        if not found or found[-1][0] != page:
            found.append((page, still["at"]))
    return found


async def until_seen(taught: Taught, page: int) -> int:
    """Wait for a page among the slides; return its position."""
    async with asyncio.timeout(PATIENCE):
        while (  # noqa: ASYNC110 - another process writes
            not (found := pages(taught)) or found[-1][0] != page
        ):
            await asyncio.sleep(0.1)
    return found[-1][1]


@pytest.mark.parametrize("codec", ["H264", "VP8"])
async def test_pages_of_a_shared_screen_are_slides(
    tmp_path: Path, codec: Literal["VP8", "H264"]
) -> None:
    taught = await prepare(Place(tmp_path))
    server = ForkedServer(tmp_path)
    await server.open()
    try:
        await server.start()
        async with sharing(server, taught, 0, codec) as screen:
            await until_seen(taught, 0)
            await asyncio.sleep(2)
            screen.page, turned = 1, taught.position()
            after = await until_seen(taught, 1) - turned
            assert -BEFORE < after < SOON
            print(f"{codec}: seen {after:.0f} ms after it was turned")  # noqa: T201
            await server.kill()
        await server.start()
        async with sharing(server, taught, 2, codec):
            await until_seen(taught, 2)
            assert [page for page, _ in pages(taught)] == [0, 1, 2]
    finally:
        await server.close()
    thumbs = [path.stat().st_size for path in (taught.folder / "thumbs").glob("*.webp")]
    assert thumbs
    assert max(thumbs) < 4_000
    assert "Traceback" not in server.log()
