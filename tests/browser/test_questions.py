"""Questions in real browsers: asked, voted for, answered live; offline and back; early and late."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Classroom
from tests.browser.line import Line
from tests.browser.probes import eventually
from tests.browser.test_lesson import go_live
from tests.browser.test_pages import inspect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ASKED = {"tg": "Байт аз чанд бит иборат аст?", "ru": "Чему равен килобайт?", "en": "Why 1024?"}
ANSWERED_LIVE = {"tg": "Дар эфир ҷавоб доданд", "ru": "Ответили в эфире", "en": "Answered live"}


async def open_lesson(room: Classroom) -> None:
    """Go live without anybody's camera: questions need none."""
    await room.staff.call("POST", f"/api/lessons/{room.lesson}/state", {"state": "practice"})
    await room.staff.call("POST", f"/api/lessons/{room.lesson}/state", {"state": "live"})


async def attend(
    room: Classroom, name: str, language: str = "en", size: dict[str, int] | None = None
) -> Page:
    page = await room.sign_in(name, "student", size)
    await page.goto(room.live_url)
    await page.get_by_test_id(f"language-{language}").click()
    await page.get_by_test_id("ask-text").wait_for()
    return page


async def ask(page: Page, text: str) -> None:
    await page.get_by_test_id("ask-text").fill(text)
    await page.get_by_test_id("ask-send").click()


def question(page: Page, text: str) -> Locator:
    return page.get_by_test_id("question").filter(has_text=text)


async def appears(found: Locator, fresh: Locator) -> None:
    """Wait for something in a list that stands still, past its pill if it waits behind it."""

    async def seen() -> bool:
        if await found.is_visible():
            return True
        if await fresh.is_visible():
            await fresh.click()
        return False

    await eventually("what was asked appears", seen)


async def show(page: Page, text: str) -> Locator:
    """Bring a question into the student's list."""
    found = question(page, text)
    await appears(found, page.get_by_test_id("fresh"))
    return found


async def tab(page: Page, name: str) -> None:
    await page.get_by_test_id(f"question-tabs-{name}").click()


async def knows(page: Page) -> dict[str, Any]:
    known: dict[str, Any] = await page.evaluate("() => window.__darsgoh.questions()")
    return known


async def test_asked_voted_for_and_answered_live_in_three_languages(classroom: Classroom) -> None:
    teacher = await go_live(classroom)
    await teacher.get_by_test_id("console").wait_for()
    students = {each: await attend(classroom, f"Student {each}", each) for each in ASKED}
    asker, *others = students.values()
    await ask(asker, ASKED["tg"])
    await tab(asker, "mine")
    await show(asker, ASKED["tg"])
    for other in others:
        await (await show(other, ASKED["tg"])).get_by_test_id("vote").click()
    item = teacher.get_by_test_id("queue-item")
    await expect(item).to_contain_text(ASKED["tg"])
    await expect(item.locator(".queue-votes")).to_contain_text("2")
    progress = question(asker, ASKED["tg"]).get_by_test_id("progress")
    await expect(progress).to_have_attribute("data-progress", "seen")
    await item.locator(".queue-head").click()
    await item.get_by_test_id("step-begin").click()
    for page in students.values():
        now = page.get_by_test_id("answering-now")
        await expect(now).to_contain_text(ASKED["tg"])
    await teacher.get_by_test_id("answering-now").get_by_test_id("step-done").click()
    for language, page in students.items():
        await expect(page.get_by_test_id("answering-now")).to_have_count(0)
        await tab(page, "answered")
        state = question(page, ASKED["tg"]).get_by_test_id("question-state")
        await expect(state).to_have_text(ANSWERED_LIVE[language])


async def test_a_vote_can_be_taken_back_and_nobody_votes_twice(classroom: Classroom) -> None:
    await open_lesson(classroom)
    asker = await attend(classroom, "Asker")
    voter = await attend(classroom, "Voter")
    await ask(asker, "Once?")
    votes = question(asker, "Once?").locator(".vote")
    button = (await show(voter, "Once?")).get_by_test_id("vote")
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "true")
    await expect(votes).to_contain_text("1")
    await voter.reload()
    button = (await show(voter, "Once?")).get_by_test_id("vote")
    await expect(button).to_have_attribute("aria-pressed", "true")
    await button.click()
    await expect(votes).to_contain_text("0")
    assert (await knows(voter))["my"]["voted"] == []


async def test_new_questions_do_not_move_what_is_being_read(classroom: Classroom) -> None:
    await open_lesson(classroom)
    reader = await attend(classroom, "Reader")
    writer = await attend(classroom, "Writer")
    await ask(writer, "First?")
    first = await show(reader, "First?")
    place = await first.bounding_box()
    assert place
    for text in ("Second?", "Third?"):
        await ask(writer, text)
    fresh = reader.get_by_test_id("fresh")
    await expect(fresh).to_have_text("2 new questions")
    await expect(question(reader, "Second?")).to_have_count(0)
    assert await first.bounding_box() == place
    await fresh.click()
    await expect(question(reader, "Second?")).to_be_visible()
    await expect(fresh).to_have_count(0)


async def test_an_offline_question_survives_a_reload_and_arrives_exactly_once(
    classroom: Classroom,
) -> None:
    await open_lesson(classroom)
    other = await attend(classroom, "Other")
    student = await classroom.sign_in("Student", "student")
    line = Line()
    await line.lay(student)
    await student.goto(classroom.live_url)
    await student.get_by_test_id("ask-text").wait_for()
    await line.cut(student)
    await student.get_by_test_id("questions-offline").wait_for()
    await ask(student, "Written offline")
    waiting = student.get_by_test_id("outbox")
    await expect(waiting).to_contain_text("Waiting to be sent")
    line.up = True
    await student.reload()
    await show(other, "Written offline")
    await expect(waiting).to_have_count(0)
    await show(student, "Written offline")
    await asyncio.sleep(1)  # for a double to arrive, if there were one
    for page in (student, other):
        texts = [each["text"] for each in (await knows(page))["questions"]]
        assert texts == ["Written offline"]


async def test_who_joins_late_knows_the_same(classroom: Classroom) -> None:
    teacher = await go_live(classroom)
    early = await attend(classroom, "Early")
    asker = await attend(classroom, "Asker")
    for text in ASKED.values():
        await ask(asker, text)
    await (await show(early, ASKED["ru"])).get_by_test_id("vote").click()
    item = teacher.get_by_test_id("queue-item").filter(has_text=ASKED["en"])
    await show_in_queue(teacher, item)
    await item.locator(".queue-head").click()
    await item.get_by_test_id("to-screen").click()
    await item.get_by_test_id("step-begin").click()
    await early.get_by_test_id("answering-now").wait_for()
    late = await attend(classroom, "Late")

    async def same() -> bool:
        one, two = await knows(early), await knows(late)
        return bool(one["on_screen"]) and [one[key] for key in one if key != "my"] == [
            two[key] for key in two if key != "my"
        ]

    await eventually("early and late know the same", same)


async def show_in_queue(teacher: Page, item: Locator) -> None:
    await appears(item, teacher.get_by_test_id("console").get_by_test_id("fresh"))


async def test_the_teacher_works_the_queue_by_keys_and_takes_a_step_back(
    classroom: Classroom,
) -> None:
    teacher = await go_live(classroom)
    asker = await attend(classroom, "Asker")
    await ask(asker, "By keys?")
    await show_in_queue(teacher, teacher.get_by_test_id("queue-item"))
    await teacher.evaluate("document.activeElement?.blur()")
    await teacher.keyboard.press("ArrowDown")
    await teacher.keyboard.press("Digit5")
    await expect(teacher.get_by_test_id("undo-bar")).to_contain_text("hidden")
    await expect(asker.get_by_test_id("question-state")).to_have_attribute(
        "data-state", "dismissed"
    )
    await teacher.keyboard.press("KeyZ")
    await show_in_queue(teacher, teacher.get_by_test_id("queue-item"))
    await teacher.keyboard.press("ArrowDown")
    await teacher.keyboard.press("Digit1")
    await expect(asker.get_by_test_id("answering-now")).to_be_visible()
    await teacher.evaluate("document.activeElement?.blur()")
    await teacher.keyboard.press("Digit2")
    await expect(asker.get_by_test_id("answering-now")).to_have_count(0)


async def test_students_answer_each_other_and_the_teacher_marks_a_good_answer(
    classroom: Classroom,
) -> None:
    teacher = await go_live(classroom)
    asker = await attend(classroom, "Asker")
    helper = await attend(classroom, "Helper")
    await ask(asker, "Who knows?")
    asked = await show(helper, "Who knows?")
    await asked.get_by_test_id("answer").click()
    await helper.get_by_test_id("answer-text").fill("I do: eight bits.")
    await helper.get_by_test_id("answer-send").click()
    await expect(question(asker, "Who knows?")).to_contain_text("eight bits")
    item = teacher.get_by_test_id("queue-item")
    await show_in_queue(teacher, item)
    await item.locator(".queue-head").click()
    await item.get_by_test_id("mark-good").click()
    await expect(question(asker, "Who knows?")).to_contain_text("Good answer")


async def test_what_is_written_is_not_lost_and_can_be_changed_until_it_is_seen(
    classroom: Classroom,
) -> None:
    await open_lesson(classroom)
    page = await attend(classroom, "Writer", size=PHONE)
    await page.get_by_test_id("ask-text").fill("Half a thou")
    await page.reload()
    await expect(page.get_by_test_id("ask-text")).to_have_value("Half a thou")
    await ask(page, "With a tpyo")
    own = await show(page, "With a tpyo")
    await own.get_by_test_id("edit").click()
    await page.get_by_test_id("edit-text").fill("Without a typo")
    await page.get_by_test_id("edit-save").click()
    await expect(question(page, "Without a typo")).to_be_visible()
    await question(page, "Without a typo").get_by_test_id("withdraw").click()
    await expect(page.get_by_test_id("question-state")).to_have_attribute("data-state", "withdrawn")


async def test_pages_of_questions(classroom: Classroom, screenshots: Path) -> None:
    teacher = await go_live(classroom)
    await teacher.get_by_test_id("console").wait_for()
    student = await attend(classroom, "Гулнора")
    other = await attend(classroom, "Далер")
    for text in ASKED.values():
        await ask(other, text)
    await (await show(student, ASKED["tg"])).get_by_test_id("vote").click()
    await ask(student, "Фарқи килобайт ва кибибайт дар чист?")
    item = teacher.get_by_test_id("queue-item").filter(has_text=ASKED["tg"])
    await show_in_queue(teacher, item)
    await item.locator(".queue-head").click()
    await item.get_by_test_id("to-screen").click()
    await item.get_by_test_id("step-begin").click()
    await student.get_by_test_id("answering-now").wait_for()
    waiting = teacher.get_by_test_id("queue-item").filter(has_text=ASKED["ru"])
    await show_in_queue(teacher, waiting)
    await waiting.locator(".queue-head").click()
    await student.get_by_test_id("ask-text").fill("Байт чанд бит аст?")
    await inspect(student, "questions", screenshots)
    await inspect(teacher, "questions-teach", screenshots)
    screen = await teacher.context.new_page()
    await screen.goto(f"{classroom.live_url}/screen")
    await screen.get_by_test_id("screen-question").wait_for()
    await inspect(screen, "questions-screen", screenshots)


async def test_one_person_on_two_tabs_and_two_devices_counts_once(classroom: Classroom) -> None:
    teacher = await go_live(classroom)
    asker = await attend(classroom, "Asker")
    link = await classroom.staff.invite(classroom.course, "Anor", "student")
    computer = await classroom.open_browser()
    await computer.goto(classroom.server.url + link)
    await computer.get_by_test_id("continue").click()
    await computer.wait_for_url(lambda url: "/sign-in" not in url)
    tab = await computer.context.new_page()
    phone = await second_device(classroom, computer)
    pages = [computer, tab, phone]
    for page in pages:
        await page.goto(classroom.live_url)
        await page.get_by_test_id("watch").click()
        await page.get_by_test_id("hand-raise").wait_for()
    # Two people, however many pages they have.
    await expect(asker.get_by_test_id("ask-text")).to_be_visible()
    for page in pages:
        await expect(page.get_by_test_id("present")).to_contain_text("2 ")
    await ask(asker, "Once?")
    votes = [(await show(page, "Once?")).get_by_test_id("vote") for page in pages]
    await votes[0].click()
    for vote in votes:
        await expect(vote).to_have_attribute("aria-pressed", "true")
    await expect(question(asker, "Once?").locator(".vote")).to_contain_text("1")
    await computer.get_by_test_id("hand-raise").click()
    for page in pages:
        place = page.get_by_test_id("hand-place")
        await expect(place).to_have_text("You are next.")
    await phone.get_by_test_id("hand-lower").click()
    for page in pages:
        await page.get_by_test_id("hand-raise").wait_for()
    # Both at once are still one hand.
    await asyncio.gather(*(page.get_by_test_id("hand-raise").click() for page in (tab, phone)))
    for page in pages:
        await page.get_by_test_id("hand-place").wait_for()
    hands = teacher.get_by_test_id("hand-item")
    await show_in_queue(teacher, hands)
    await asyncio.sleep(1)  # for a double to arrive, if there were one
    await expect(hands).to_have_count(1)
    for page in pages:
        known = await page.evaluate("() => window.__darsgoh.hands().list.length")
        assert known == 1


async def second_device(room: Classroom, first: Page) -> Page:
    """Open a browser of its own for the same person, with a sign-in of its own."""
    session = await first.evaluate("async () => (await fetch('/api/session')).json()")
    answer = await room.staff.call("POST", f"/api/people/{session['person']['id']}/link", {})
    page = await room.open_browser(PHONE)
    await page.goto(answer["link"])
    await page.get_by_test_id("continue").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    return page
