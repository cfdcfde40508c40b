"""The course's question book: asked between lessons, answered in text, carried on."""

from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import PHONE, Classroom
from tests.browser.test_pages import inspect
from tests.browser.test_questions import open_lesson

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ASKED = "Фарқи килобайт ва кибибайт дар чист?"


async def open_book(room: Classroom, name: str, role: str, size: dict[str, int] | None) -> Page:
    """Go to the book as people do: from the course's page."""
    page = await room.sign_in(name, role, size)
    await page.goto(f"{room.server.url}/courses/{room.course}")
    await page.get_by_test_id("question-book").click()
    await page.get_by_test_id("book-search").wait_for()
    return page


async def ask(page: Page, text: str) -> None:
    await page.get_by_test_id("book-ask").fill(text)
    await page.get_by_test_id("book-ask-send").click()
    await expect(page.get_by_test_id("book-asked")).to_be_visible()


async def test_asked_between_lessons_answered_in_text_and_read(classroom: Classroom) -> None:
    student = await open_book(classroom, "Гулнора", "student", PHONE)
    classmate = await open_book(classroom, "Далер", "student", None)
    teacher = await open_book(classroom, "Зарина", "teacher", None)
    await ask(student, ASKED)
    await classmate.reload()
    entry = classmate.get_by_test_id("book-question").filter(has_text=ASKED)
    await entry.get_by_test_id("vote").click()
    await expect(entry.get_by_test_id("vote")).to_have_attribute("aria-pressed", "true")
    await teacher.reload()
    asked = teacher.get_by_test_id("book-question").filter(has_text=ASKED)
    await expect(asked.locator(".vote")).to_contain_text("1")
    await asked.get_by_test_id("book-answer").click()
    await teacher.get_by_test_id("answer-text").fill("1000 ва 1024 байт.")
    await teacher.get_by_test_id("answer-send").click()
    await expect(asked).to_have_count(0)
    await expect(teacher.get_by_test_id("undo-bar")).to_be_visible()
    await student.reload()
    await student.get_by_test_id("book-filter-mine").click()
    own = student.get_by_test_id("book-question").filter(has_text=ASKED)
    await expect(own).to_contain_text("1000 ва 1024 байт.")
    await expect(own.get_by_test_id("question-state")).to_have_attribute("data-state", "answered")
    await student.get_by_test_id("book-search").fill("кибибайт")
    await expect(own).to_be_visible()
    await student.get_by_test_id("book-search").fill("процессор")
    await expect(own).to_have_count(0)


async def test_what_is_typed_in_the_book_is_not_lost_and_arrives_once(
    classroom: Classroom,
) -> None:
    student = await open_book(classroom, "Гулнора", "student", PHONE)
    lost = 0

    async def lose_the_answer(route: Route) -> None:
        nonlocal lost
        lost += 1
        await route.fetch()
        await route.abort()

    await student.route("**/commands", lose_the_answer)
    await student.get_by_test_id("book-ask").fill(ASKED)
    await student.get_by_test_id("book-ask-send").click()
    await expect(student.get_by_test_id("problem")).to_be_visible()
    await expect(student.get_by_test_id("book-ask")).to_have_value(ASKED)
    await student.unroute("**/commands")
    await ask(student, ASKED)
    await expect(student.get_by_test_id("book-ask")).to_have_value("")
    assert lost == 1
    await expect(student.get_by_test_id("book-question")).to_have_count(1)


async def test_an_unanswered_question_opens_the_next_lesson_with_its_owner(
    classroom: Classroom,
) -> None:
    student = await open_book(classroom, "Далер", "student", None)
    await ask(student, ASKED)
    teacher = await open_book(classroom, "Зарина", "teacher", None)
    asked = teacher.get_by_test_id("book-question")
    await asked.get_by_test_id("care-open").click()
    await teacher.get_by_test_id("care-owner").select_option(label="Зарина")
    await teacher.get_by_test_id("care-due").fill("2030-10-01")
    await teacher.get_by_test_id("care-save").click()
    await teacher.get_by_test_id("book-filter-owned").click()
    await expect(asked.get_by_test_id("owner")).to_contain_text("Зарина")
    await open_lesson(classroom)
    await teacher.goto(classroom.teach_url)
    entry = teacher.get_by_test_id("queue-item")
    await expect(entry).to_contain_text(ASKED)
    await expect(entry).to_contain_text("question book")
    await expect(entry.get_by_test_id("owner")).to_contain_text("Зарина")
    await expect(entry.get_by_test_id("due")).to_contain_text("2030")


QUESTIONS = {
    "Гулнора Раҳимова": (
        "Байт аз чанд бит иборат аст ва чаро маҳз ҳашт?",
        "Барои имтиҳон рақамҳои дуиро то чанд бояд аз ёд кунем?",
        "Дар телефони ман 64 ГБ навишта шудааст, аммо танҳо 59 нишон медиҳад. Чаро?",
    ),
    "Далер Назаров": (
        "Чем килобайт отличается от кибибайта?",
        "Почему цвет на экране задают тремя байтами, а не одним, и можно ли больше?",
    ),
}


async def test_pages_of_the_book(classroom: Classroom, screenshots: Path) -> None:
    pages = [await open_book(classroom, name, "student", None) for name in QUESTIONS]
    for page, texts in zip(pages, QUESTIONS.values(), strict=True):
        for text in texts:
            await ask(page, text)
    teacher = await open_book(classroom, "Зарина Раҳимова", "teacher", None)
    answered = teacher.get_by_test_id("book-question").filter(has_text="64 ГБ")
    await answered.get_by_test_id("book-answer").click()
    await teacher.get_by_test_id("answer-text").fill("Қисме аз хотираро худи система мегирад.")
    await teacher.get_by_test_id("answer-send").click()
    await expect(answered).to_have_count(0)
    first = teacher.get_by_test_id("book-question").first
    await first.get_by_test_id("care-open").click()
    await first.get_by_test_id("care-label").fill("имтиҳон")
    await first.get_by_test_id("care-owner").select_option(label="Зарина Раҳимова")
    await first.get_by_test_id("care-due").fill("2026-12-01")
    await first.get_by_test_id("care-save").click()
    await expect(teacher.get_by_test_id("owner").first).to_be_visible()
    await teacher.get_by_test_id("book-question").nth(1).get_by_test_id("book-answer").click()
    await inspect(teacher, "book-teacher", screenshots)
    student = pages[0]
    await student.get_by_test_id("book-filter-mine").click()
    await expect(student.get_by_test_id("book-question")).to_have_count(3)
    await inspect(student, "book-student", screenshots)
