"""The timetable in a real browser: a series planned after a look, changed, and gone by itself."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import DESKTOP, Classroom
from tests.browser.test_pages import inspect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WEEK = "from=2027-09-06"  # a Monday that nobody else of these tests plans for


async def entries(page: Page, count: int) -> None:
    await expect(page.get_by_test_id("timetable-entry")).to_have_count(count)


async def fill_plan(page: Page, title: str, starts: str) -> None:
    await page.get_by_test_id("plan").click()
    await page.get_by_test_id("plan-title").fill(title)
    await page.get_by_test_id("plan-starts").fill(starts)


async def test_a_series_is_planned_after_a_look_and_changed(
    classroom: Classroom, screenshots: Path
) -> None:
    await classroom.staff.call("POST", "/api/classrooms", {"name": f"12 {classroom.course[-4:]}"})
    page = await classroom.sign_in("Нигора", "teacher")
    await page.goto(f"{classroom.server.url}/timetable?{WEEK}")
    await fill_plan(page, "Байт чист?", "2027-09-06T09:00")
    await page.get_by_test_id("plan-classroom").select_option(index=1)
    await page.get_by_test_id("plan-repeat-weekly").click()
    await page.get_by_label("Thu").check()
    await page.get_by_test_id("plan-until").fill("2027-09-16")
    await page.get_by_test_id("plan-look").click()
    await expect(page.get_by_test_id("outcome")).to_contain_text("4 lessons")
    await expect(page.get_by_test_id("outcome")).to_contain_text("Nobody and no classroom")
    await page.get_by_test_id("plan-save").click()
    await entries(page, 2)

    # What clashes is shown before anything is saved.
    await fill_plan(page, "Нур ва соя", "2027-09-06T10:00")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("outcome")).to_contain_text("Нигора teaches then")
    await page.get_by_test_id("plan-minutes").fill("45")
    await expect(page.get_by_test_id("outcome")).to_have_count(0)
    await page.keyboard.press("Escape")
    await entries(page, 2)
    await inspect(page, "timetable", screenshots)
    await page.get_by_test_id("language-en").click()
    await page.set_viewport_size(DESKTOP)

    await page.get_by_test_id("timetable-edit").first.focus()
    await page.keyboard.press("Enter")
    await page.get_by_test_id("plan-scope-all").click()
    await page.get_by_test_id("plan-starts").fill("2027-09-06T11:00")
    await page.screenshot(path=screenshots / "timetable-change.png")
    await page.get_by_test_id("plan-look").click()
    await page.get_by_test_id("plan-save").click()
    await expect(page.get_by_text("11:00–12:30")).to_have_count(2)
    await page.get_by_test_id("later").click()
    await expect(page.get_by_text("11:00–12:30")).to_have_count(2)

    page.on("dialog", lambda dialog: dialog.accept())
    await page.get_by_test_id("timetable-edit").first.click()
    await page.get_by_test_id("plan-scope-following").click()
    await page.get_by_test_id("plan-cancel").click()
    await entries(page, 0)

    await page.get_by_test_id("by-course").select_option(classroom.course)
    rules = page.get_by_test_id("timetable-rules")
    await rules.get_by_label("Lessons go live and end by themselves").check()
    await page.get_by_test_id("save-timetable-rules").click()
    await expect(rules.get_by_text("Saved")).to_be_visible()
    path = f"/api/courses/{classroom.course}/timetable"
    kept = await classroom.staff.call("GET", path)
    assert kept == {"automatic": True, "margin_minutes": 15}

    student = await classroom.sign_in("Далер", "student")
    await student.goto(f"{classroom.server.url}/timetable?{WEEK}&view=list")
    await entries(student, 2)
    await expect(student.get_by_test_id("plan")).to_have_count(0)

    await student.get_by_test_id("calendar-make").click()
    url = await student.get_by_test_id("calendar-url").input_value()
    calendar = await student.request.get(url)
    assert (await calendar.text()).count("BEGIN:VEVENT") == 2
    await student.screenshot(path=screenshots / "timetable-calendar.png", full_page=True)
    await student.get_by_test_id("calendar-revoke").click()
    await expect(student.get_by_test_id("calendar-url")).to_have_count(0)
    assert (await student.request.get(url)).status == 404
