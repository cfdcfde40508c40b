"""The attendance sheet in a real browser: what students heard, sorted, for a lesson, as a file."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Classroom
from tests.browser.test_library import with_recording
from tests.browser.test_pages import inspect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# What the replay's page says of itself while it plays.
KEEP = """async ([lesson, seen]) => {
  const answer = await fetch(`/api/lessons/${lesson}/recording/progress`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ position: 0, seen: [seen] }),
  });
  return answer.status;
}"""


async def watch(classroom: Classroom, name: str, seen: list[int]) -> None:
    student = await classroom.sign_in(name, "student")
    assert await student.evaluate(KEEP, [classroom.lesson, seen]) == 200


async def names(page: Page) -> list[str]:
    return await page.get_by_test_id("attendance-line").locator("th").all_inner_texts()


async def test_a_teacher_sees_who_heard_how_much(classroom: Classroom, screenshots: Path) -> None:
    await with_recording(classroom)
    await watch(classroom, "Фирдавс", [0, 1000])
    await watch(classroom, "Далер", [0, 4000])
    await classroom.staff.invite(classroom.course, "Абдураҳмонзода Шамсиддин", "student")
    page = await classroom.sign_in("Нигора", "teacher")
    await page.goto(f"{classroom.server.url}/courses/{classroom.course}")
    await page.get_by_test_id("to-attendance").focus()
    await page.keyboard.press("Enter")
    await page.get_by_test_id("attendance-line").first.wait_for()
    assert await names(page) == ["Абдураҳмонзода Шамсиддин", "Далер", "Фирдавс"]

    await page.get_by_test_id("by-sort").select_option("most")
    await page.wait_for_url("**/attendance?sort=most")
    await expect(page.get_by_test_id("attendance-line").first).to_contain_text("Далер")
    assert await names(page) == ["Далер", "Фирдавс", "Абдураҳмонзода Шамсиддин"]

    await page.get_by_test_id("by-lesson").select_option(classroom.lesson)
    await page.wait_for_url(f"**/lessons/{classroom.lesson}/attendance")
    await page.get_by_role("heading", name="Attendance: Lesson 1").wait_for()
    async with page.expect_download() as download:
        await page.get_by_test_id("spreadsheet").click()
    path = await (await download.value).path()
    assert path.read_bytes().startswith(b"PK")
    await inspect(page, "attendance", screenshots)

    await page.goto(f"{classroom.server.url}/courses/{classroom.course}/attendance?page=7&sort=x")
    await page.get_by_role("heading", level=1).wait_for()
    student = await classroom.sign_in("Зарина", "student")
    await student.goto(f"{classroom.server.url}/courses/{classroom.course}/attendance")
    await expect(student.get_by_test_id("problem")).to_be_visible()
