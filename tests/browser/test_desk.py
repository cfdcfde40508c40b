"""The teacher's one list by keyboard alone: a question, a hand and a voice note."""

import base64
import time
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from server.ids import uuid7
from tests.browser.conftest import Classroom
from tests.browser.probes import grows
from tests.browser.test_lesson import go_live, watch
from tests.browser.test_pages import inspect
from tests.browser.test_questions import ask, attend, show_in_queue
from tests.browser.test_speaking import CALM, guest_energy
from tests.server.voice_notes.recordings import recording

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NOTE_SECONDS = 25.0  # long enough to be heard and stopped on a machine that stalls

SEND_NOTE = """async ([lesson, id, sound]) => {
  const bytes = Uint8Array.from(atob(sound), (each) => each.charCodeAt(0));
  const path = `/api/lessons/${lesson}/voice-notes`;
  const json = {"Content-Type": "application/json"};
  const body = JSON.stringify({id, size: bytes.length});
  await fetch(path, {method: "POST", headers: json, body});
  const octets = {"Content-Type": "application/octet-stream"};
  for (let at = 0; at < bytes.length; at += 16384) {
    const piece = bytes.slice(at, at + 16384);
    const sent = await fetch(`${path}/${id}?offset=${at}`, {
      method: "PUT", headers: octets, body: piece,
    });
    if (!sent.ok) throw new Error(await sent.text());
  }
}"""


async def send_note(room: Classroom, page: Page, seconds: float = NOTE_SECONDS) -> None:
    sound = base64.b64encode(recording(seconds=seconds)).decode()
    await page.evaluate(SEND_NOTE, [room.lesson, str(uuid7(round(time.time() * 1000))), sound])


async def sit_down(room: Classroom, name: str) -> Page:
    """Open the teacher's page as somebody who does not publish."""
    page = await room.sign_in(name, "teacher")
    await page.goto(room.teach_url)
    await page.get_by_test_id("console").wait_for()
    return page


async def choose(page: Page, entry: Locator) -> None:
    """Walk down to an entry by keys."""
    head = entry.locator(".queue-head")
    for _ in range(6):
        await page.keyboard.press("ArrowDown")
        if await head.get_attribute("aria-expanded") == "true":
            return
    raise AssertionError("the entry was not reached")


async def test_a_co_teacher_runs_the_lesson_from_one_list_by_keyboard_alone(
    classroom: Classroom,
) -> None:
    await go_live(classroom)
    desk = await sit_down(classroom, "Co-teacher")
    anor = await watch(classroom, "Anor")
    behruz = await watch(classroom, "Behruz")
    await anor.get_by_test_id("hand-raise").wait_for()

    await ask(behruz, "By keys?")
    question = desk.get_by_test_id("queue-item")
    await show_in_queue(desk, question)
    await choose(desk, question)
    await desk.keyboard.press("Enter")
    await expect(behruz.get_by_test_id("answering-now")).to_be_visible()
    await desk.get_by_test_id("answering-now").wait_for()
    await desk.keyboard.press("Enter")
    await expect(behruz.get_by_test_id("answering-now")).to_have_count(0)

    await anor.get_by_test_id("hand-raise").click()
    hand = desk.get_by_test_id("hand-item")
    await show_in_queue(desk, hand)
    await choose(desk, hand)
    await desk.keyboard.press("Digit1")
    await anor.get_by_test_id("turn-accept").click()
    await expect(hand).to_have_attribute("data-test", "good")
    await desk.keyboard.press("Enter")
    await anor.get_by_test_id("on-air").wait_for()
    await grows("the classmate hears the student", lambda: guest_energy(behruz), by=CALM)
    await desk.get_by_test_id("turn-now").wait_for()
    await desk.keyboard.press("Digit2")
    await expect(desk.get_by_test_id("turn-now")).to_have_count(0)
    await anor.get_by_test_id("hand-raise").wait_for()

    await send_note(classroom, anor)
    note = desk.get_by_test_id("note-item")
    await show_in_queue(desk, note)
    await expect(note).to_contain_text("25 s")
    await choose(desk, note)
    await desk.keyboard.press("Digit5")
    await expect(desk.get_by_test_id("undo-bar")).to_contain_text("put aside")
    await expect(note).to_have_count(0)
    await desk.keyboard.press("KeyZ")
    await show_in_queue(desk, note)
    await choose(desk, note)
    await desk.keyboard.press("Enter")
    await grows("the note is heard", lambda: guest_energy(behruz), by=CALM)
    await desk.get_by_test_id("note-now").wait_for()
    await desk.keyboard.press("Enter")
    await expect(desk.get_by_test_id("note-now")).to_have_count(0)
    await desk.keyboard.press("ArrowRight")
    await desk.keyboard.press("ArrowRight")
    await expect(note).to_have_attribute("data-state", "played")
    await expect(question).to_contain_text("By keys?")


async def test_a_lowered_hand_goes_up_again_with_undo(classroom: Classroom) -> None:
    await go_live(classroom)
    desk = await sit_down(classroom, "Co-teacher")
    anor = await watch(classroom, "Anor")
    await anor.get_by_test_id("hand-raise").click()
    hand = desk.get_by_test_id("hand-item")
    await show_in_queue(desk, hand)
    await choose(desk, hand)
    await desk.keyboard.press("Digit5")
    await expect(hand).to_have_count(0)
    await desk.get_by_test_id("undo").click()
    await show_in_queue(desk, hand)
    await choose(desk, hand)
    await desk.keyboard.press("Digit5")
    await expect(anor.get_by_test_id("hand-state")).to_have_attribute("data-state", "down")


async def test_label_owner_and_date_are_kept(classroom: Classroom) -> None:
    await go_live(classroom)
    desk = await sit_down(classroom, "Zarina")
    asker = await attend(classroom, "Asker")
    await ask(asker, "Later?")
    entry = desk.get_by_test_id("queue-item")
    await show_in_queue(desk, entry)
    await entry.locator(".queue-head").click()
    await entry.get_by_test_id("care-open").click()
    await entry.get_by_test_id("care-label").fill("homework")
    await entry.get_by_test_id("care-owner").select_option(label="Zarina")
    await entry.get_by_test_id("care-due").fill("2030-10-01")
    await entry.get_by_test_id("care-save").click()
    for page in (desk, await sit_down(classroom, "Another teacher")):
        same = page.get_by_test_id("queue-item")
        await expect(same.get_by_test_id("label")).to_have_text("homework")
        await expect(same.get_by_test_id("owner")).to_contain_text("Zarina")
        await expect(same.get_by_test_id("due")).to_contain_text("2030")
    label = asker.get_by_test_id("question").locator(".tag", has_text="homework")
    await expect(label).to_be_visible()


ASKED = (
    "Байт аз чанд бит иборат аст ва чаро маҳз ҳашт, на даҳ?",
    "Чем килобайт отличается от кибибайта, и какой из них показывает телефон?",
    "Барои имтиҳон рақамҳои дуиро то чанд бояд аз ёд кунем?",
    "Почему цвет на экране задают тремя байтами?",
)


async def test_the_page_of_a_desk_with_all_kinds(classroom: Classroom, screenshots: Path) -> None:
    teacher = await go_live(classroom)
    gulnora = await watch(classroom, "Гулнора Раҳимова")
    daler = await attend(classroom, "Далер Назаров")
    await gulnora.get_by_test_id("hand-raise").click()
    for text in ASKED:
        await ask(daler, text)
    await send_note(classroom, gulnora, 12.0)
    for kind in ("hand-item", "note-item"):
        await show_in_queue(teacher, teacher.get_by_test_id(kind))
    first = teacher.get_by_test_id("queue-item").filter(has_text=ASKED[1])
    await show_in_queue(teacher, first)
    await first.get_by_test_id("step-begin").click()
    chosen = teacher.get_by_test_id("queue-item").filter(has_text=ASKED[0])
    await chosen.locator(".queue-head").click()
    await chosen.get_by_test_id("care-open").click()
    await inspect(teacher, "desk", screenshots)
    for language in ("tg", "ru"):
        await teacher.get_by_test_id(f"language-{language}").click()
        box = teacher.get_by_test_id("console")
        await box.screenshot(path=screenshots / f"desk-whole-{language}.png")


async def test_the_second_screen_shows_a_poll_and_then_its_result(
    classroom: Classroom, screenshots: Path
) -> None:
    teacher = await go_live(classroom)
    student = await watch(classroom, "Anor")
    screen = await teacher.context.new_page()
    await screen.goto(f"{classroom.live_url}/screen")
    await screen.get_by_test_id("screen-idle").wait_for()
    await teacher.get_by_test_id("poll-new").click()
    await teacher.get_by_test_id("poll-text").fill("Дар як байт чанд бит аст?")
    await teacher.get_by_test_id("poll-option-0").fill("Ҳашт")
    await teacher.get_by_test_id("poll-option-1").fill("Даҳ")
    await teacher.get_by_test_id("poll-ask").click()
    poll = screen.get_by_test_id("screen-poll")
    await expect(poll).to_contain_text("Ҳашт")
    await expect(poll.get_by_test_id("poll-bars")).to_have_count(0)
    await student.get_by_test_id("choice-0").click()
    await teacher.get_by_test_id("poll-close").click()
    await teacher.get_by_test_id("poll-show").click()
    await expect(poll.get_by_test_id("poll-bars")).to_contain_text("100 %")
    await inspect(screen, "screen-poll", screenshots)
    await teacher.get_by_test_id("poll-show").click()
    await screen.get_by_test_id("screen-idle").wait_for()
