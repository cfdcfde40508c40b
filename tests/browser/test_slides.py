"""Slides in real browsers: uploaded, shown, turned, enlarged, hidden, refused in words."""

from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Page, expect

from tests.browser.conftest import PHONE, Classroom
from tests.browser.test_lesson import go_live, watch
from tests.browser.test_pages import inspect
from tests.server.slides.papers import document, zipped

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LOADED = "image => image.complete && image.naturalWidth > 0"


async def choose(teacher: Page, name: str, data: bytes) -> None:
    file = FilePayload(name=name, mimeType="application/octet-stream", buffer=data)
    await teacher.get_by_test_id("slides-file").set_input_files(file)


async def sees(page: Page, number: int, words: str) -> None:
    """Wait until the page shows a slide's picture, and says it in words."""
    slide = page.get_by_test_id("slide").first
    await expect(slide).to_have_attribute("data-page", str(number))
    await expect(slide).to_have_attribute("alt", f"Slide {number}: {words}")
    handle = await slide.element_handle()
    await page.wait_for_function(LOADED, arg=handle)


async def test_a_teacher_shows_a_page_and_everybody_sees_it(
    classroom: Classroom, screenshots: Path
) -> None:
    teacher = await go_live(classroom)
    student = await watch(classroom, "Farida", PHONE)
    await choose(teacher, "bits.pdf", document("Bits", "Bytes", "Words"))
    await teacher.get_by_test_id("slides-page-2").click()
    await sees(student, 2, "Bytes")
    late = await watch(classroom, "Late")
    await sees(late, 2, "Bytes")
    screen = await classroom.sign_in("Hall", "student")
    await screen.goto(f"{classroom.live_url}/screen")
    await sees(screen, 2, "Bytes")
    await inspect(screen, "slides-screen", screenshots)
    await inspect(student, "slides-student", screenshots)
    await inspect(teacher, "slides-teacher", screenshots)
    for page in (student, teacher):
        await page.get_by_test_id("language-en").click()
    await teacher.keyboard.press("PageDown")
    await sees(student, 3, "Words")
    await teacher.keyboard.press("PageUp")
    await sees(student, 2, "Bytes")
    await student.get_by_test_id("slide-enlarge").click()
    await student.get_by_test_id("slide-larger").click()
    await expect(student.get_by_test_id("slide-large")).to_be_visible()
    await student.screenshot(path=screenshots / "slides-large-phone.png")
    await student.keyboard.press("Escape")
    await expect(student.get_by_test_id("slide-large")).to_have_count(0)
    await teacher.get_by_test_id("slides-toggle").click()
    for page in (student, late, screen):
        await expect(page.get_by_test_id("slide")).to_have_count(0)


async def test_what_is_no_slide_is_refused_in_words(classroom: Classroom) -> None:
    teacher = await classroom.sign_in("Teacher", "teacher")
    await teacher.goto(classroom.teach_url)
    await choose(teacher, "slides.pptx", zipped())
    problem = teacher.get_by_test_id("slides-problem")
    await expect(problem).to_contain_text("not PDF, PNG or JPEG")
    await choose(teacher, "bits.pdf", document("Bits"))
    page = teacher.get_by_test_id("slides-page-1")
    await expect(page).to_have_attribute("aria-disabled", "true")
    await expect(problem).to_have_count(0)
    await teacher.get_by_test_id("slides-remove").click()
    await teacher.get_by_test_id("slides-remove-confirm").click()
    await expect(page).to_have_count(0)
