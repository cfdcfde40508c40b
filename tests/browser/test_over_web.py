"""A student whose network lets no WebRTC through: the lesson comes over the web until it does."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route

from tests.browser.conftest import Classroom, launched
from tests.browser.probes import eventually, watches
from tests.browser.test_lesson import go_live
from tests.browser.test_pages import inspect
from tests.browser.test_rewind import plays, reaches, rewind

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(300),
]

# As browsers do outside of tests: one tap allows all sound that follows.
AUTOPLAY = "--autoplay-policy=document-user-activation-required"
WHEP = "**/whep/*"
PORT = re.compile(r"^(a=candidate:\S+ \d \S+ \S+ \S+) \d+ ", re.MULTILINE)
# Milliseconds that the server knows the student has heard: attendance counts them.
HEARD = """async lesson => {
  const answer = await fetch(`/api/lessons/${lesson}/recording`);
  return (await answer.json()).progress?.seen;
}"""
NOBODY = 9  # the port "discard", on which nothing listens here
DISTANCE = 6_000  # milliseconds behind the lesson
PATIENCE = 120.0  # seconds; a bound for two busy cores, not a target


@pytest_asyncio.fixture(loop_scope="session")
async def ordinary(classroom: Classroom) -> AsyncIterator[Classroom]:
    """Give the same classroom to a Chromium that plays sound as it usually does."""
    async with launched(AUTOPLAY) as browser:
        yield replace(classroom, chromium=browser)


async def lead_astray(route: Route) -> None:
    """Answer an offer with addresses at which nobody is: neither UDP nor TCP connects."""
    response = await route.fetch()
    body = PORT.sub(rf"\g<1> {NOBODY} ", await response.text())
    await route.fulfill(response=response, body=body)


async def distance(page: Page) -> float:
    """Return how far behind the lesson the recording plays, in milliseconds."""
    now: dict[str, Any] = await rewind(page)
    return float(now["now"] - now["position"])


async def test_a_student_without_webrtc_follows_over_the_web_and_climbs_back(
    classroom: Classroom, ordinary: Classroom, screenshots: Path
) -> None:
    teacher = await go_live(classroom)
    student = await ordinary.sign_in("Student", "student")
    await student.goto(ordinary.live_url)
    await student.context.route(WHEP, lead_astray)
    await student.get_by_test_id("watch").click()

    async def sees() -> bool:
        shown = "document.querySelector('[data-testid=recorded-video-camera]')?.currentTime > 0"
        return (await rewind(student))["phase"] == "behind" and await student.evaluate(shown)

    await eventually("a picture", sees, PATIENCE)
    await plays(student)
    assert (await rewind(student))["rung"] == "web"
    assert await student.get_by_test_id("connection").get_attribute("data-state") == "web"

    async def near() -> bool:
        return 0 < await distance(student) <= DISTANCE

    await eventually("it is close behind the lesson", near, PATIENCE)
    await student.get_by_test_id("over-web").wait_for()

    async def counts() -> bool:
        return bool(await student.evaluate(HEARD, classroom.lesson))

    await eventually("what was heard is told", counts, PATIENCE)
    await student.get_by_test_id("ask-text").fill("Чаро ҳашт бит?")
    await student.get_by_test_id("ask-send").click()
    await student.get_by_test_id("question-text").first.wait_for()
    await inspect(student, "live-over-web", screenshots)

    await student.context.unroute(WHEP)
    await reaches(student, "live")
    assert (await rewind(student))["rung"] in {"udp", "tcp"}
    await watches(student)
    await student.get_by_test_id("over-web").wait_for(state="detached")

    # What had worked breaks off, and does not come again.
    await student.context.route(WHEP, lead_astray)
    await student.evaluate("() => window.__darsgoh.player().close()")
    await reaches(student, "behind")
    await plays(student)
    await teacher.get_by_test_id("toggle-screen").click()
    await student.get_by_test_id("show-modes").click()
    await student.get_by_test_id("mode-slides").click()
    screen = student.get_by_test_id("recorded-tile-screen")
    await screen.get_by_test_id("slide").wait_for()
    assert (
        await student.get_by_test_id("recorded-tile-camera").get_attribute("data-place") == "hidden"
    )
