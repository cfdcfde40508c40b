"""Rewinding a lesson that is on: back, paused, from the beginning, and live again."""

import time
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from server.ids import uuid7
from tests.browser.conftest import Classroom
from tests.browser.probes import eventually, watches
from tests.browser.test_lesson import go_live, watch
from tests.browser.test_pages import inspect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# This part of the page comes after the rest.
REWIND = "window.__darsgoh?.rewind?.() ?? {phase: 'loading', now: 0, position: 0}"
SECOND = 1_000  # ms
CATCHES_UP = 300.0  # seconds; ten would do on a machine with nothing else to do
AWAY = 12 * SECOND
LATE = 35 * SECOND  # from then on the page offers a late student the beginning


async def rewind(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate(REWIND)
    return found


async def reaches(page: Page, phase: str) -> None:
    async def there() -> bool:
        return bool((await rewind(page))["phase"] == phase)

    try:
        await eventually(f"the page is {phase}", there, CATCHES_UP)
    except AssertionError as error:
        raise AssertionError(f"{error}: {await rewind(page)}") from None


async def plays(page: Page) -> None:
    """Wait until recorded voice and camera go on."""
    heard = "document.querySelector('[data-testid=recorded-voice]').currentTime"
    seen = "document.querySelector('[data-testid=recorded-video-camera]').currentTime"
    start = [await page.evaluate(what) for what in (heard, seen)]

    async def on() -> bool:
        now = [await page.evaluate(what) for what in (heard, seen)]
        return all(after > before + 0.5 for before, after in zip(start, now, strict=True))

    await eventually("the recording plays", on)


async def lesson_at(page: Page, position: int) -> None:
    async def there() -> bool:
        return bool((await rewind(page))["now"] >= position)

    await eventually(f"the lesson is {position} ms long", there)


async def lose_the_network(student: Page, classroom: Classroom) -> None:
    """Be away for twelve seconds in which a question is answered, and be told of it."""
    path = f"/api/courses/{classroom.course}/commands"

    async def tell(name: str, args: dict[str, Any]) -> dict[str, Any]:
        body = {"id": str(uuid7(round(time.time() * SECOND))), "name": name, "args": args}
        answer = await classroom.staff.call("POST", path, body)
        result: dict[str, Any] = answer["result"]
        return result

    asked = await tell("question_ask", {"text": "Чаро ҳашт бит?"})
    await student.get_by_test_id("question-text").first.wait_for()
    await student.context.set_offline(True)
    await student.evaluate("() => window.__darsgoh.player().close()")
    await student.evaluate("() => window.__darsgoh.lesson().cutSocket()")
    await student.wait_for_timeout(AWAY)
    await tell("question_answer", {"question": asked["question"], "text": "Барои қулай."})
    await student.context.set_offline(False)
    answered = student.get_by_test_id("missed-answered")
    await answered.get_by_text("Чаро ҳашт бит?").wait_for()


async def test_back_paused_and_live_again(classroom: Classroom, screenshots: Path) -> None:
    await go_live(classroom)
    student = await watch(classroom, "Далер")
    await watches(student)
    await student.get_by_test_id("live-badge").wait_for()
    await lesson_at(student, 14 * SECOND)
    await student.get_by_test_id("back").click()
    await reaches(student, "behind")
    await plays(student)
    now = await rewind(student)
    assert now["position"] < now["now"] - 5 * SECOND
    assert await student.evaluate("window.__darsgoh.player()") is None, "nothing comes from the air"
    assert await student.get_by_test_id("connection").get_attribute("data-state") == "good"
    assert await student.get_by_test_id("ask-text").is_visible(), "questions stay live"
    await student.keyboard.press("k")
    assert not (await rewind(student))["playing"]
    await inspect(student, "live-rewound", screenshots)
    await student.get_by_test_id("language-en").click()
    await student.get_by_test_id("go-live").click()
    await reaches(student, "live")
    await watches(student)

    await lose_the_network(student, classroom)
    await student.get_by_test_id("missed-watch").click()
    await reaches(student, "behind")
    assert await student.get_by_test_id("faster").get_attribute("aria-pressed") == "true"


async def test_a_late_student_begins_at_the_beginning_and_goes_on_in_the_replay(
    classroom: Classroom,
) -> None:
    teacher = await go_live(classroom)
    student = await watch(classroom, "Далер")
    late = await classroom.sign_in("Нигора", "student")
    await lesson_at(student, LATE)
    await late.goto(classroom.live_url)
    await late.get_by_test_id("from-start").click()
    await reaches(late, "behind")
    await plays(late)
    now = await rewind(late)
    assert now["position"] < now["now"] - 20 * SECOND
    assert await late.get_by_test_id("faster").get_attribute("aria-pressed") == "true"
    await late.keyboard.press("End")
    await reaches(late, "live")
    await watches(late)
    await late.get_by_test_id("back").click()
    await reaches(late, "behind")
    await late.get_by_test_id("faster").click()
    # From here on it catches up by itself.
    await reaches(late, "live")
    await watches(late)

    assert await teacher.get_by_test_id("recording").get_attribute("data-state") == "on"
    await late.get_by_test_id("back").click()
    await reaches(late, "behind")
    before = (await rewind(late))["position"]
    await teacher.get_by_test_id("end").click()
    await teacher.get_by_test_id("end-confirm").click()
    await student.get_by_test_id("stay").click()
    await student.get_by_test_id("to-replay").wait_for()
    # Who does not stay is led there, and goes on where they were.
    await late.get_by_test_id("begin").click()
    assert "/replay?t=" in late.url
    replay = await late.evaluate("window.__darsgoh.replay()")
    assert replay["position"] >= before - SECOND
