"""Links that carry less than everything: each student gets the size that fits, or hears why not."""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PHONE, Classroom
from tests.browser.narrow import narrow_link
from tests.browser.probes import energy, eventually, frames, grows, inbound, slot, watches
from tests.browser.test_lesson import go_live

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

VOICE_ALONE = 90_000  # bits a second: a voice takes 48,000, the smallest camera 110,000 more
WIDTHS = (1280, 640, 320)  # of the camera's sizes, each about half as many bits as the one before
NARROWER = 0.8  # of what a size takes: too little for it, and enough for the next
MEASURED = 5.0  # seconds


async def test_a_picture_that_the_network_does_not_carry_says_so_and_goes_on(
    classroom: Classroom, screenshots: Path
) -> None:
    await go_live(classroom)
    student = await classroom.sign_in("Farida", "student", PHONE)
    async with narrow_link(classroom.server.media_port) as link:
        await link.lay(student)
        await student.goto(classroom.live_url)
        await student.get_by_test_id("watch").click()
        await watches(student)
        link.rate = VOICE_ALONE
        notice = student.get_by_test_id("tile-camera").get_by_text("Slow network")
        await expect(notice).to_be_visible()
        await student.get_by_test_id("stage").screenshot(path=screenshots / "held.png")
        await grows("the voice goes on", lambda: energy(student))
        link.rate = None
        await expect(notice).to_have_count(0)
        await grows("the picture goes on", lambda: frames(student, "camera"), by=10)


async def shows(student: Page, width: int) -> None:
    """Wait until the camera has a width and goes on, and the voice with it."""

    async def fits() -> bool:
        shown = await slot(student, "camera")
        return shown is not None and shown.width == width

    await eventually(f"the camera is {width} pixels wide", fits)
    await grows("the picture goes on", lambda: frames(student, "camera"), by=10)
    await grows("the voice goes on", lambda: energy(student))


async def taken(student: Page) -> float:
    """Measure the bits a second that come: encoders send what their picture needs, and no more."""
    before, since = await inbound(student), time.monotonic()
    await asyncio.sleep(MEASURED)
    after, until = await inbound(student), time.monotonic()
    come = sum(after[mid].bytes - one.bytes for mid, one in before.items())
    return 8 * come / (until - since)


async def test_three_students_with_three_links_see_three_sizes(classroom: Classroom) -> None:
    await go_live(classroom)
    rate = None
    async with AsyncExitStack() as links:
        for number, width in enumerate(WIDTHS):
            student = await classroom.sign_in(f"Student {number}", "student", PHONE)
            link = await links.enter_async_context(narrow_link(classroom.server.media_port))
            await link.lay(student)
            await student.goto(classroom.live_url)
            await student.get_by_test_id("watch").click()
            await watches(student)
            link.rate = rate
            await shows(student, width)
            rate = NARROWER * await taken(student)
