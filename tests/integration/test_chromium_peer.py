"""A real Chromium and aiortc meet in a lesson, and Chromium changes its network."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from av import VideoFrame
from playwright.async_api import async_playwright

from media.types import Source
from signaling.client import play, publish
from tests.integration.tracks import BLUE, PATIENCE, Colour, Tone, soon, wait_for_sound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from aiortc import MediaStreamTrack
    from playwright.async_api import Page

    from tests.integration.school import School

pytestmark = pytest.mark.browser

FLAGS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)


@pytest.fixture
async def page(school: School) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        page = await browser.new_page()
        await page.goto(school.url("/").replace("127.0.0.1", "localhost"))
        yield page
        await browser.close()


async def stats(page: Page, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await page.evaluate("kind => stats(kind)", kind)
    return found


async def decoded(page: Page, mid: str) -> int:
    """Return how many pictures of a slot the browser has shown."""
    for entry in await stats(page, "inbound-rtp"):
        if entry.get("mid") == mid and entry["kind"] == "video":
            return int(entry.get("framesDecoded", 0))
    return 0


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - a browser has to be asked
            await asyncio.sleep(0.1)


async def wait_for_pictures(track: MediaStreamTrack, count: int) -> None:
    """Read pictures of a camera that shows something."""
    for _ in range(count):
        frame = await track.recv()
        assert isinstance(frame, VideoFrame)
        assert frame.to_ndarray(format="rgb24").std() > 10


async def test_chromium_is_seen_and_heard_by_aiortc(school: School, page: Page) -> None:
    await page.evaluate("([url, token]) => publish(url, token)", [school.whip(), school.token()])
    async with play(school.whep(), school.student()) as student:
        await soon(wait_for_pictures(student.video[0], 30), wait_for_sound(student.audio[0]))
    assert school.sources() == {Source.CAMERA, Source.VOICE}


async def test_chromium_goes_on_after_an_ice_restart(school: School, page: Page) -> None:
    async with publish(school.whip(), school.token(), audio=Tone(), video=Colour(BLUE)):
        watching = [school.whep(), school.student(), 3, 2]
        streams = await page.evaluate("([url, token, v, a]) => watch(url, token, v, a)", watching)
        assert streams == ["screen", "teacher", "guest", "teacher", "guest"]

        async def sees_the_camera() -> bool:
            return await decoded(page, "1") > 10

        await eventually(sees_the_camera)
        await page.evaluate("() => restart()")

        async def has_a_new_path() -> bool:
            (transport,) = await stats(page, "transport")
            return int(transport["selectedCandidatePairChanges"]) > 1

        await eventually(has_a_new_path)
        before = await decoded(page, "1")

        async def goes_on() -> bool:
            return await decoded(page, "1") > before + 30

        await eventually(goes_on)
        assert await page.evaluate("() => peer.connectionState") == "connected"
        (transport,) = await stats(page, "transport")
        assert transport["srtpCipher"] == "SRTP_AEAD_AES_128_GCM"
        assert len(school.signaling.sessions) == 2

        async def path_is_known() -> bool:
            return None not in school.estimates()

        await eventually(path_is_known)
