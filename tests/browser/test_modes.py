"""A student chooses how much to receive: what each mode brings, costs and leaves out."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PHONE, Classroom
from tests.browser.probes import energy, eventually, frames, grows, slot, watches
from tests.browser.test_lesson import go_live, watch
from tests.browser.test_pages import inspect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

QUIET = 2.0  # seconds in which no picture may come
LOADED = "image => image.complete && image.naturalWidth > 0"


# As if the month had brought so much already, in another tab.
USED_UP = """() => {
  const kept = JSON.parse(localStorage.getItem("darsgoh.data"));
  localStorage.setItem("darsgoh.data", JSON.stringify({ ...kept, bytes: 80_000_000 }));
}"""


LOCK_SCREEN = """() => {
  const { metadata, playbackState } = navigator.mediaSession;
  return [metadata.title, metadata.artist, playbackState];
}"""


async def is_small(student: Page) -> bool:
    """Say whether the server sends small pictures, and the screen as stills."""
    found = await student.evaluate("__darsgoh.lesson().reception.value")
    return bool(found["received"] == "low" and found["screen_held"])


async def choose(student: Page, mode: str) -> None:
    await student.get_by_test_id(f"mode-{mode}").click()


async def is_thin(student: Page) -> bool:
    """Say whether the voice comes in packets of 60 ms, which only the server makes."""
    before = await slot(student, "voice")
    await asyncio.sleep(QUIET)
    after = await slot(student, "voice")
    if before is None or after is None or after.packets == before.packets:
        return False
    return (after.samples - before.samples) / (after.packets - before.packets) > 2_000


async def is_quiet(student: Page) -> bool:
    """Say whether no picture comes any more."""
    before = [await frames(student, one) for one in ("screen", "camera")]
    await asyncio.sleep(QUIET)
    return before == [await frames(student, one) for one in ("screen", "camera")]


async def test_a_mode_is_chosen_by_its_cost_before_the_first_tap(
    classroom: Classroom, screenshots: Path
) -> None:
    await go_live(classroom)
    student = await classroom.sign_in("Farida", "student", PHONE)
    await student.goto(classroom.live_url)
    choice = student.get_by_test_id("first-choice")
    await expect(choice).to_contain_text("MB per hour")
    await choice.locator("summary").click()
    await choose(student, "sound")
    await inspect(student, "first-choice", screenshots)
    await student.get_by_test_id("watch").click()
    await grows("the voice is heard", lambda: energy(student))
    assert await student.evaluate("__darsgoh.lesson().mode.value") == "sound"
    assert await frames(student, "camera") == 0
    await student.reload()
    await grows("the voice is heard again", lambda: energy(student))
    assert await student.evaluate("__darsgoh.lesson().mode.value") == "sound"


async def test_each_mode_brings_what_it_says_and_is_remembered(
    classroom: Classroom, screenshots: Path
) -> None:
    teacher = await go_live(classroom)
    student = await watch(classroom, "Farida", PHONE)
    await watches(student)
    await teacher.get_by_test_id("toggle-screen").click()
    await grows("the screen's frames are decoded", lambda: frames(student, "screen"), by=3)
    await student.get_by_test_id("show-modes").click()
    for mode in ("everything", "low", "slides", "sound"):
        row = student.get_by_test_id(f"mode-{mode}")
        await expect(row).to_contain_text("MB per hour")
    await expect(student.get_by_test_id("mode-auto").locator("input")).to_be_checked()
    await expect(student.get_by_test_id("mode-now")).to_contain_text("now")

    meter = student.get_by_test_id("data-meter")
    await expect(meter).to_contain_text("MB")
    await student.evaluate(USED_UP)
    await student.get_by_test_id("cap").select_option("100")
    notice = student.get_by_test_id("cap-notice")
    await expect(notice).to_contain_text("MB of your month are left")
    await eventually("no large video comes", lambda: is_small(student))
    await notice.screenshot(path=screenshots / "modes-cap.png")
    await student.get_by_test_id("cap").select_option("0")
    await expect(notice).to_have_count(0)

    await choose(student, "slides")
    await eventually("no video comes", lambda: is_quiet(student))
    still = student.get_by_test_id("slide").first
    await expect(still).to_have_attribute("alt", "What the shared screen shows")
    await student.wait_for_function(LOADED, arg=await still.element_handle())
    await grows("the voice is heard", lambda: energy(student))
    await inspect(student, "modes", screenshots)
    await student.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    for language in ("tg", "ru", "en"):
        await student.get_by_test_id(f"language-{language}").click()
        await student.wait_for_function(
            "want => document.documentElement.lang === want", arg=language
        )
        menu = student.get_by_test_id("modes")
        await menu.screenshot(path=screenshots / f"modes-menu-{language}.png")
    await student.get_by_test_id("slide-enlarge").click()
    await expect(student.get_by_test_id("slide-large")).to_be_visible()
    await student.keyboard.press("Escape")

    await choose(student, "sound")
    await expect(student.get_by_test_id("slide")).to_have_count(0)
    await expect(student.get_by_test_id("audio-only")).to_be_visible()
    await eventually("the voice comes in few packets", lambda: is_thin(student))
    await grows("the voice is heard", lambda: energy(student))

    await student.reload()
    await grows("the voice is heard again", lambda: energy(student))
    await expect(student.get_by_test_id("audio-only")).to_be_visible()
    assert await is_quiet(student), "the mode is remembered before a picture comes"
    await student.get_by_test_id("show-modes").click()
    await expect(student.get_by_test_id("mode-sound").locator("input")).to_be_checked()

    await choose(student, "everything")
    await grows("the camera is there again", lambda: frames(student, "camera"), by=3)
    await grows("the screen is there again", lambda: frames(student, "screen"), by=1)

    await student.get_by_test_id("to-listen").click()
    await student.get_by_test_id("listen-play").click()
    state = student.get_by_test_id("listen-state")
    await expect(state).to_have_attribute("data-state", "playing")
    told = await student.evaluate(LOCK_SCREEN)
    assert told == ["Lesson 1", "Teacher", "playing"]
    await inspect(student, "listen", screenshots)
    await student.get_by_test_id("listen-stop").click()
    await expect(state).to_have_attribute("data-state", "idle")
    await student.get_by_test_id("listen-play").click()
    await expect(state).to_have_attribute("data-state", "playing")
    await teacher.get_by_test_id("end").click()
    await teacher.get_by_test_id("end-confirm").click()
    await expect(state).to_have_attribute("data-state", "over")
