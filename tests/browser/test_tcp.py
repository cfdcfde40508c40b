"""A student whose network lets no UDP through: the lesson comes over TCP."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.browser.conftest import Classroom, launched
from tests.browser.probes import energy, eventually, frames, grows, once_within, pair_protocol
from tests.browser.test_lesson import go_live, watch

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NO_UDP = "--webrtc-ip-handling-policy=disable_non_proxied_udp"
PICTURE_WITHIN = 8.0  # seconds from pressing the button


@pytest_asyncio.fixture(loop_scope="session")
async def without_udp(classroom: Classroom) -> AsyncIterator[Classroom]:
    """Give the same classroom to a Chromium that opens no UDP socket."""
    async with launched(NO_UDP) as browser:
        yield replace(classroom, chromium=browser)


async def seconds_to_picture(student: Page) -> float:
    async def sees() -> bool:
        return await frames(student, "camera") > 0

    return await eventually("the first picture is decoded", sees)


async def test_a_student_without_udp_has_picture_and_sound_over_tcp(
    classroom: Classroom, without_udp: Classroom
) -> None:
    await go_live(classroom)

    async def new_student() -> float:
        return await seconds_to_picture(await watch(without_udp, "Student"))

    await once_within(PICTURE_WITHIN, "seconds to the first picture", new_student)
    student = without_udp.contexts[-1].pages[0]
    assert await pair_protocol(student) == "tcp"
    await grows("pictures go on", lambda: frames(student, "camera"), by=20)
    await grows("sound goes on", lambda: energy(student), by=0)
