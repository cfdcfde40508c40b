"""A hundred questions written offline, half of their answers lost: each arrives once, in order.

One person may ask five questions in two minutes. So the server runs in the test's own loop, and its
clock is moved by two minutes each time that the page's is moved past its wait for a lost answer.
"""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from server.database import Database
from server.limits import Limits
from server.pages import STATIC
from server.questions.tables import Question
from server.viewer import COOKIE
from tests.browser.conftest import DESKTOP, new_context
from tests.browser.line import Line
from tests.browser.probes import eventually
from tests.browser.test_questions import ask, knows
from tests.server.conftest import FakeClock, Place, Visitor, World, running_world

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MANY = 100
JUMP = 10  # seconds by which the page's clock is moved at once; it gives up after 20 without a ping
SERVER_JUMP = 120  # seconds; in them the server takes five questions of one person, as ever
STEPS = 5_000  # many times what is needed
BREATH = 0.03  # seconds for the page to send what has become due
STORED = """async () => {
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const database = await done(indexedDB.open("darsgoh-outbox", 1));
  return done(database.transaction("commands").objectStore("commands").count());
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def world(tmp_path: Path) -> AsyncIterator[World]:
    place = Place(tmp_path)
    database = Database.open(place.settings())
    await database.migrate()
    await database.close()
    (tmp_path / "static").symlink_to(STATIC)
    async with running_world(place, FakeClock(wall=datetime.now(UTC))) as running:
        yield running


async def open_lesson(world: World) -> tuple[str, Visitor]:
    """Go live; return the lesson and one of its students."""
    staff = await world.staff()
    course = (await world.course(staff))["id"]
    student = await world.member(staff, course, "student")
    lesson = (await world.lesson(staff, course))["id"]
    await world.set_state(staff, lesson, "practice", "live")
    return lesson, student


async def open_browser(chromium: Browser, world: World, student: Visitor) -> Page:
    context = await new_context(chromium, viewport=DESKTOP, locale="en")
    await context.add_init_script("localStorage.setItem('darsgoh.debug', '1')")
    value = student.cookie().partition(f"{COOKIE}=")[2].partition(";")[0]
    await context.add_cookies(
        [{"name": COOKIE, "value": value, "url": str(world.server.make_url("/"))}]
    )
    return await context.new_page()


async def rows(world: World, lesson: str) -> list[str]:
    """Return the texts of a lesson's questions, by their numbers."""
    asked = select(Question.text).where(Question.lesson_id == uuid.UUID(lesson))
    async with world.services.database.read() as session:
        return list(await session.scalars(asked.order_by(Question.number)))


async def live_through(world: World, page: Page, line: Line) -> None:
    """Let time go by until the page has nothing left to send."""
    for _ in range(STEPS):
        if await page.evaluate(STORED) == 0:
            return
        if line.unanswered == 0:
            line.beat()
            world.clock.pass_time(seconds=SERVER_JUMP)
            world.services.limits = Limits()  # they count the machine's time: let that pass as well
            await page.clock.fast_forward(JUMP * 1000)
        await asyncio.sleep(BREATH)
    pytest.fail(f"{await page.evaluate(STORED)} questions were not sent")


async def test_a_hundred_offline_questions_arrive_once_in_order_with_half_of_the_answers_lost(
    world: World, chromium: Browser
) -> None:
    lesson, student = await open_lesson(world)
    page = await open_browser(chromium, world, student)
    line = Line()
    await line.lay(page)
    await page.goto(str(world.server.make_url(f"/lessons/{lesson}")))
    await page.get_by_test_id("ask-text").wait_for()
    await line.cut(page)
    await page.get_by_test_id("questions-offline").wait_for()
    wanted = [f"Question {number}?" for number in range(MANY)]
    for text in wanted:
        await ask(page, text)

    async def stored() -> bool:
        return bool(await page.evaluate(STORED) == MANY)

    await eventually("every question is kept", stored)
    assert await rows(world, lesson) == []
    chance, lost = random.Random(1), []

    def lose() -> bool:
        lost.append(chance.random() < 0.5)
        return lost[-1]

    line.up, line.lose = True, lose
    await page.clock.install()
    await page.reload()
    waiting = page.get_by_test_id("outbox")
    await expect(waiting.first).to_be_visible()
    await live_through(world, page, line)
    assert await rows(world, lesson) == wanted
    await expect(waiting).to_have_count(0)

    async def known() -> bool:
        return [each["text"] for each in (await knows(page))["questions"]] == wanted

    await eventually("the page knows each of them once, in order", known)
    assert sum(lost) > 0.4 * len(lost)
