"""A student whose network lets no UDP through: the lesson comes over TCP."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from tests.browser.conftest import Classroom, launched
from tests.browser.probes import energy, eventually, frames, grows, pair_protocol
from tests.browser.test_lesson import go_live, watch

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NO_UDP = "--webrtc-ip-handling-policy=disable_non_proxied_udp"
PICTURE_WITHIN = 8.0  # seconds from pressing the button


@pytest_asyncio.fixture(loop_scope="session")
async def without_udp(classroom: Classroom) -> AsyncIterator[Classroom]:
    """Give the same classroom to a Chromium that opens no UDP socket."""
    async with launched(NO_UDP) as browser:
        yield replace(classroom, chromium=browser)


async def test_a_student_without_udp_has_picture_and_sound_over_tcp(
    classroom: Classroom, without_udp: Classroom
) -> None:
    await go_live(classroom)
    student = await watch(without_udp, "Student")

    async def sees() -> bool:
        return await frames(student, "camera") > 0

    took = await eventually("the first picture is decoded", sees)
    assert await pair_protocol(student) == "tcp"
    assert took <= PICTURE_WITHIN
    await grows("pictures go on", lambda: frames(student, "camera"), by=20)
    await grows("sound goes on", lambda: energy(student), by=0)
