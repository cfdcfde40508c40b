"""The class in real browsers: how it receives, whether it follows, what it answers."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PHONE, Classroom
from tests.browser.line import Line
from tests.browser.test_lesson import go_live
from tests.browser.test_pages import inspect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def watch(room: Classroom, name: str, language: str) -> Page:
    page = await room.sign_in(name, "student", PHONE)
    await page.goto(room.live_url)
    await page.get_by_test_id(f"language-{language}").click()
    await page.get_by_test_id("watch").click()
    await page.get_by_test_id("feelings").wait_for()
    return page


async def test_a_teacher_sees_who_receives_and_who_follows(classroom: Classroom) -> None:
    teacher = await go_live(classroom)
    student = await watch(classroom, "Zulfiya", "tg")
    strip = teacher.get_by_test_id("class-health")
    await expect(strip).to_be_visible()
    lost = teacher.get_by_test_id("health-lost").locator("strong")
    await expect(lost).to_have_text("0")
    await expect(teacher.get_by_test_id("silent")).to_have_count(0)
    await student.get_by_test_id("feeling-lost").click()
    pressed = student.get_by_test_id("feeling-lost")
    await expect(pressed).to_have_attribute("aria-pressed", "true")
    pulse = teacher.get_by_test_id("class-pulse")
    await expect(pulse).to_contain_text("1 are lost")
    await pressed.click()
    await expect(pressed).to_have_attribute("aria-pressed", "false")
    await student.get_by_test_id("leave").click()
    silent = teacher.get_by_test_id("silent")
    await expect(silent).to_contain_text("1 of 1 do not hear you")


async def test_a_poll_is_asked_answered_and_shown(classroom: Classroom, tmp_path: Path) -> None:
    teacher = await go_live(classroom)
    zulfiya = await watch(classroom, "Zulfiya", "tg")
    marina = await watch(classroom, "Marina", "ru")
    await teacher.get_by_test_id("poll-new").click()
    await teacher.get_by_test_id("poll-text").fill("Which colour bends most?")
    await teacher.get_by_test_id("poll-option-0").fill("red")
    await teacher.get_by_test_id("poll-option-1").fill("violet")
    await teacher.get_by_test_id("poll-ask").click()
    await zulfiya.get_by_test_id("choice-0").click()
    await zulfiya.get_by_test_id("choice-1").click()
    await marina.get_by_test_id("choice-1").click()
    bars = teacher.get_by_test_id("poll-bars")
    await expect(bars).to_contain_text("2 (100 %)")
    await expect(marina.get_by_test_id("poll-bars")).to_have_count(0)
    await marina.reload()
    await expect(marina.get_by_test_id("choice-1").locator("input")).to_be_checked()
    await teacher.get_by_test_id("poll-close").click()
    await teacher.get_by_test_id("poll-show").click()
    for page in (zulfiya, marina):
        await expect(page.get_by_test_id("poll-bars")).to_contain_text("2 (100 %")
    await inspect(zulfiya, "class-student", tmp_path)
    await inspect(teacher, "class-teacher", tmp_path)


async def test_an_answer_given_offline_survives_a_reload_and_counts_once(
    classroom: Classroom,
) -> None:
    teacher = await go_live(classroom)
    page = await classroom.sign_in("Zulfiya", "student", PHONE)
    line = Line()
    await line.lay(page)
    await page.goto(classroom.live_url)
    await page.get_by_test_id("watch").click()
    await teacher.get_by_test_id("poll-new").click()
    await teacher.get_by_test_id("poll-text").fill("Which colour bends most?")
    await teacher.get_by_test_id("poll-option-0").fill("red")
    await teacher.get_by_test_id("poll-option-1").fill("violet")
    await teacher.get_by_test_id("poll-ask").click()
    await page.get_by_test_id("choice-0").wait_for()
    await line.cut(page)
    await page.get_by_test_id("questions-offline").wait_for()
    await page.get_by_test_id("choice-0").click()
    await page.get_by_test_id("choice-1").click()
    await page.get_by_test_id("vote-waits").wait_for()
    line.up = True
    await page.reload()
    bars = teacher.get_by_test_id("poll-bars")
    await expect(bars).to_contain_text("1 (100 %)")
    chosen = page.get_by_test_id("choice-1").locator("input")
    await expect(chosen).to_be_checked()
    await expect(bars).to_contain_text("1 answer")
