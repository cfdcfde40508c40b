"""Ten thousand questions that would do harm: every page opens, shows words, and runs none."""

import re
import uuid

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select

from server.database import Database
from server.questions.tables import Question
from server.settings import Settings
from tests.browser.conftest import PHONE, Classroom
from tests.browser.test_questions import ask, attend, open_lesson
from tests.server.questions.flood import flood

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MANY = 10_000
NAME = '"><img src=x onerror=hurt()>'
HOSTILE = (
    "<script>hurt()</script>",
    "<img src=x onerror=hurt()>",
    "<svg/onload=hurt()>",
    '"><iframe srcdoc="<script>parent.hurt()</script>"></iframe>',
    "</textarea><script>hurt()</script>",
    "<a href=javascript:hurt()>tap me</a> [tap me](javascript:hurt())",
    "<style>*{display:none!important}</style>",
    "<form action=https://evil.example><button>Sign in</button></form>",
    "{{constructor.constructor('hurt()')()}} ${hurt()}",
    "\u202etxet desrever\u2066 &lt;b&gt; &amp; ' \" \\",
    "z" + "\u0301" * 300,
    "W" * 1000,
    "ﷺ" * 200,
)
# What would be called by any text that came to life, and what the page's own rules stopped.
WATCH = """
    window.hurts = [];
    window.hurt = () => window.hurts.push("ran");
    document.addEventListener("securitypolicyviolation", (event) =>
        window.hurts.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
STRANGE = "document.querySelectorAll('main img, main iframe, main form[action], main style').length"


async def fill(room: Classroom) -> None:
    """Put them where they would be had they been asked, past every limit and every cleaning."""
    database = Database.open(Settings().with_values(data={"directory": room.server.data}))
    async with database.write() as session:
        asked = select(Question).where(Question.lesson_id == uuid.UUID(room.lesson))
        (first,) = await session.scalars(asked)
        await flood(session, first, MANY, lambda number: HOSTILE[number % len(HOSTILE)])
    await database.close()


async def watched(page: Page, url: str) -> list[str]:
    dialogs: list[str] = []

    async def refuse(dialog: object) -> None:
        dialogs.append(str(dialog))
        await dialog.dismiss()  # type: ignore[attr-defined]

    page.on("dialog", refuse)
    await page.add_init_script(WATCH)
    await page.goto(url)
    return dialogs


async def is_unhurt(page: Page, dialogs: list[str]) -> None:
    assert dialogs == []
    assert await page.evaluate("window.hurts") == []
    assert await page.evaluate(STRANGE) == 0


async def test_ten_thousand_hostile_questions_hurt_no_page(classroom: Classroom) -> None:
    await open_lesson(classroom)
    student = await attend(classroom, NAME, size=PHONE)
    await ask(student, HOSTILE[1])
    await student.get_by_test_id("question").wait_for()
    await fill(classroom)
    dialogs = await watched(student, classroom.live_url)
    await expect(student.get_by_test_id("question").nth(20)).to_be_attached()
    script = student.get_by_test_id("question").filter(has_text=HOSTILE[0])
    await expect(script.first).to_be_visible()
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await student.evaluate(wide) <= 0
    await is_unhurt(student, dialogs)

    teacher = await classroom.sign_in("Teacher", "teacher")
    dialogs = await watched(teacher, classroom.teach_url)
    item = teacher.get_by_test_id("queue-item").filter(has_text=HOSTILE[0]).first
    await item.locator(".queue-head").click()
    await item.get_by_test_id("to-screen").click()
    await expect(teacher.get_by_text(NAME).first).to_be_visible()
    await is_unhurt(teacher, dialogs)

    screen = await teacher.context.new_page()
    dialogs = await watched(screen, f"{classroom.live_url}/screen")
    shown = screen.get_by_test_id("screen-question")
    await expect(shown).to_contain_text(re.compile(re.escape(HOSTILE[0])))
    await is_unhurt(screen, dialogs)
