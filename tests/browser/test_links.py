"""Links that carry less than everything: each student gets the size that fits, or hears why not."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PHONE, Classroom
from tests.browser.narrow import narrow_link
from tests.browser.probes import energy, eventually, frames, grows, slot, watches
from tests.browser.test_lesson import go_live

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

VOICE_ALONE = 90_000  # bits a second: a voice takes 48,000, the smallest camera 120,000 more
# Bits a second, and the width of the camera that fits beside the voice: 1.2 Mbit/s, 400 and 120.
LINKS = ((None, 1280), (650_000, 640), (280_000, 320))


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


async def test_three_students_with_three_links_see_three_sizes(classroom: Classroom) -> None:
    await go_live(classroom)
    async with AsyncExitStack() as links:
        for number, (rate, width) in enumerate(LINKS):
            student = await classroom.sign_in(f"Student {number}", "student", PHONE)
            link = await links.enter_async_context(narrow_link(classroom.server.media_port))
            await link.lay(student)
            await student.goto(classroom.live_url)
            await student.get_by_test_id("watch").click()
            await watches(student)
            link.rate = rate

            async def fits(student: Page = student, width: int = width) -> bool:
                shown = await slot(student, "camera")
                return shown is not None and shown.width == width

            await eventually(f"the camera is {width} pixels wide", fits)
            await grows("the picture goes on", lambda s=student: frames(s, "camera"), by=10)
            await grows("the voice goes on", lambda s=student: energy(s))
