"""An encoder like OBS sends one size: who chose low sees it small, and the others whole."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import numpy as np
import pytest
from aiortc.mediastreams import VideoStreamTrack
from av import VideoFrame
from playwright.async_api import Page

from signaling.client import publish
from tests.browser.conftest import PHONE, Classroom
from tests.browser.probes import energy, eventually, frames, grows, slot, watches
from tests.browser.test_lesson import assert_voice_and_lips_agree, watch
from tests.browser.test_modes import choose
from tests.integration.tracks import Tone

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WIDTH, HEIGHT = 854, 480
SMALL = 426  # pixels, of the low layer


class Wall(VideoStreamTrack):
    """Thirty pictures a second of a wall before which something moves."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    async def recv(self) -> VideoFrame:
        pts, time_base = await self.next_timestamp()
        picture = np.full((HEIGHT, WIDTH), 120, np.uint8)
        left = self._count * 6 % (WIDTH - 100)
        picture[200:300, left : left + 100] = 230
        self._count += 1
        frame = VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
        frame.pts, frame.time_base = pts, time_base
        return frame


@asynccontextmanager
async def encoder_on_air(room: Classroom, codec: Literal["VP8", "H264"]) -> AsyncIterator[None]:
    """Publish with an encoder's token until the end of the block."""
    lesson = f"/api/lessons/{room.lesson}"
    for state in ("practice", "live"):
        await room.staff.call("POST", f"{lesson}/state", {"state": state})
    wish = {"right": "publish", "encoder": True}
    grant = await room.staff.call("POST", f"{lesson}/grant", wish)
    tracks = {"audio": Tone(), "video": Wall()}
    async with publish(grant["whip"], grant["token"], codec=codec, **tracks) as session:
        await session.connected()
        yield


async def width(student: Page) -> int:
    found = await slot(student, "camera")
    return found.width if found else 0


async def sees(student: Page, wide: int) -> None:
    """Wait until pictures of a width are decoded, and go on being."""

    async def is_wide() -> bool:
        return await width(student) == wide

    await eventually(f"pictures of {wide} pixels are decoded", is_wide)
    await grows("pictures of this width go on", lambda: frames(student, "camera"), by=10)
    assert await width(student) == wide


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_student_in_the_low_mode_sees_an_encoders_picture_small(
    classroom: Classroom, codec: Literal["VP8", "H264"]
) -> None:
    async with encoder_on_air(classroom, codec):
        student = await watch(classroom, "Farida", PHONE)
        other = await watch(classroom, "Rustam", PHONE)
        for page in (student, other):
            await watches(page)
            await sees(page, WIDTH)
        await student.get_by_test_id("show-modes").click()
        await choose(student, "low")
        await sees(student, SMALL)
        await grows("the voice is heard", lambda: energy(student))
        await assert_voice_and_lips_agree(student)
        await sees(other, WIDTH)
        await choose(student, "everything")
        await sees(student, WIDTH)
