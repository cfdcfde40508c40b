"""A student speaks: hand up, invited, tested in silence, heard by a classmate, closed again."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PHONE, Classroom
from tests.browser.probes import eventually, frames, grows, slot
from tests.browser.test_lesson import go_live, watch

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SILENCE = 2_000  # milliseconds in which nothing more may be heard
CALM = 1e-4  # energy of comfort noise and of what was still in the player's buffer

# Remember every microphone the page opens.
KEEP_TRACKS = """() => {
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    window.opened = [];
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        const stream = await open(wanted);
        window.opened.push(...stream.getTracks());
        return stream;
    };
}"""
# A person, or a system, that says no.
DENY = """() => {
    navigator.mediaDevices.getUserMedia = () =>
        Promise.reject(new DOMException("no", "NotAllowedError"));
}"""


async def attend(room: Classroom, name: str, size: dict[str, int] | None = None) -> Page:
    page = await watch(room, name, size)
    await page.evaluate(KEEP_TRACKS)
    await page.get_by_test_id("hand-raise").wait_for()
    return page


async def microphones(page: Page) -> list[str]:
    states: list[str] = await page.evaluate("() => window.opened.map((each) => each.readyState)")
    return states


async def guest_energy(page: Page) -> float:
    found = await slot(page, "guest-voice")
    return found.energy if found else 0.0


async def stays_silent(page: Page) -> bool:
    before = await guest_energy(page)
    await page.wait_for_timeout(SILENCE)
    return await guest_energy(page) - before < CALM


async def accepted(teacher: Page, student: Page) -> None:
    """Lead a student to the silent test, and through it."""
    await student.get_by_test_id("hand-raise").click()
    await expect(student.get_by_test_id("hand-place")).to_be_visible()
    await teacher.get_by_test_id("turn-invite").first.click()
    await student.get_by_test_id("invited").wait_for()
    assert await microphones(student) == []
    await student.get_by_test_id("turn-accept").click()
    verdict = student.get_by_test_id("verdict")
    await expect(verdict).to_have_attribute("data-verdict", "good")
    assert await microphones(student) == ["live"]


async def on_air(teacher: Page, student: Page) -> None:
    await accepted(teacher, student)
    await teacher.get_by_test_id("turn-start").click()
    await student.get_by_test_id("on-air").wait_for()


async def test_a_student_is_heard_during_the_turn_and_never_outside_it(
    classroom: Classroom,
) -> None:
    teacher = await go_live(classroom)
    student = await attend(classroom, "Anor")
    classmate = await attend(classroom, "Behruz", PHONE)
    await accepted(teacher, student)
    assert await stays_silent(classmate)
    item = teacher.get_by_test_id("hand-item")
    await expect(item).to_have_attribute("data-test", "good")
    await teacher.get_by_test_id("turn-start").click()
    await student.get_by_test_id("air-frame").wait_for()
    await expect(classmate.get_by_test_id("speaker")).to_contain_text("Anor")
    await grows("the classmate hears the student", lambda: guest_energy(classmate), by=CALM)
    # Who speaks does not hear themselves.
    assert await student.get_by_test_id("audio-guest-voice").evaluate("(audio) => audio.muted")
    await student.get_by_test_id("turn-end").click()
    assert await microphones(student) == ["ended"]
    await student.get_by_test_id("hand-raise").wait_for()
    await expect(student.get_by_test_id("air-frame")).to_have_count(0)
    await expect(classmate.get_by_test_id("speaker")).to_have_count(0)
    await eventually("the classmate hears no more", lambda: stays_silent(classmate))
    assert await student.evaluate("() => window.__darsgoh.guest()") is None


async def test_the_teacher_ends_a_turn_and_the_microphone_is_off(classroom: Classroom) -> None:
    teacher = await go_live(classroom)
    student = await attend(classroom, "Anor")
    await on_air(teacher, student)
    await expect(teacher.get_by_test_id("turn-time")).to_be_visible()
    await teacher.get_by_test_id("turn-end").click()
    await expect(student.get_by_test_id("hand-state")).to_contain_text("Your turn is over")
    assert await microphones(student) == ["ended"]


async def test_sound_goes_out_only_while_the_button_is_held(classroom: Classroom) -> None:
    teacher = await go_live(classroom)
    await teacher.get_by_test_id("hand-settings").locator("summary").click()
    await teacher.get_by_label("Students hold a button to talk").check()
    student = await attend(classroom, "Anor")
    classmate = await attend(classroom, "Behruz")
    await on_air(teacher, student)
    await expect(student.get_by_test_id("air-frame")).to_have_count(0)
    await eventually("nothing is heard unless the button is held", lambda: stays_silent(classmate))
    await student.locator("body").press("Tab")
    await student.keyboard.down("KeyT")
    await student.get_by_test_id("air-frame").wait_for()
    await grows("the classmate hears the student", lambda: guest_energy(classmate), by=CALM)
    await student.keyboard.up("KeyT")
    await expect(student.get_by_test_id("air-frame")).to_have_count(0)
    await eventually("nothing is heard after it", lambda: stays_silent(classmate))


async def test_a_guests_camera_is_seen_by_others_and_gone_when_it_is_off(
    classroom: Classroom,
) -> None:
    teacher = await go_live(classroom)
    student = await attend(classroom, "Anor")
    classmate = await attend(classroom, "Behruz")
    await student.get_by_label("With my camera").check()
    await accepted(teacher, student)
    await expect(teacher.get_by_test_id("camera-wish")).to_have_text("With camera")
    await teacher.get_by_test_id("turn-start").click()
    await student.get_by_test_id("on-air").wait_for()
    await grows("the classmate hears the student", lambda: guest_energy(classmate), by=CALM)
    assert await microphones(student) == ["live"]
    await student.get_by_test_id("camera-show").click()
    await student.get_by_test_id("guest-preview").wait_for()
    await grows("the guest's frames are decoded", lambda: frames(classmate, "guest"), by=10)
    await expect(classmate.get_by_test_id("video-guest")).to_be_visible()
    await grows("the student is still heard", lambda: guest_energy(classmate), by=CALM)
    await student.get_by_test_id("camera-hide").click()
    assert await microphones(student) == ["live", "ended"]
    await expect(classmate.get_by_test_id("tile-guest")).to_be_hidden()
    await grows("the voice goes on without the camera", lambda: guest_energy(classmate), by=CALM)
    await student.get_by_test_id("camera-show").click()
    await grows("the camera is back", lambda: frames(classmate, "guest"), by=10)
    await teacher.get_by_test_id("turn-end").click()
    await student.get_by_test_id("hand-raise").wait_for()
    assert await microphones(student) == ["ended", "ended", "ended"]
    await expect(classmate.get_by_test_id("tile-guest")).to_be_hidden()
    await eventually("the classmate hears no more", lambda: stays_silent(classmate))


async def test_who_wants_to_be_heard_only_at_times_chooses_so(classroom: Classroom) -> None:
    teacher = await go_live(classroom)
    student = await attend(classroom, "Anor")
    classmate = await attend(classroom, "Behruz")
    await on_air(teacher, student)
    await student.get_by_test_id("air-frame").wait_for()
    await student.get_by_label("Only be heard while I hold a button").check()
    await expect(student.get_by_test_id("air-frame")).to_have_count(0)
    await eventually("nothing is heard unless the button is held", lambda: stays_silent(classmate))
    await student.get_by_label("Tap once to talk and once to be silent").check()
    await student.get_by_test_id("talk").click()
    await student.get_by_test_id("air-frame").wait_for()
    await grows("the classmate hears the student", lambda: guest_energy(classmate), by=CALM)
    await student.get_by_test_id("talk").click()
    await expect(student.get_by_test_id("air-frame")).to_have_count(0)
    await student.get_by_label("Only be heard while I hold a button").uncheck()
    await student.get_by_test_id("air-frame").wait_for()
    await grows("the classmate hears the student", lambda: guest_energy(classmate), by=CALM)


async def test_places_no_thanks_and_lowering_all(classroom: Classroom) -> None:
    teacher = await go_live(classroom)
    first = await attend(classroom, "Anor")
    second = await attend(classroom, "Behruz")
    for page, place in ((first, "You are next."), (second, "You are 2nd.")):
        await page.get_by_test_id("hand-raise").click()
        await expect(page.get_by_test_id("hand-place")).to_have_text(place)
    await teacher.get_by_test_id("turn-next").click()
    await first.get_by_test_id("turn-decline").click()
    await expect(second.get_by_test_id("hand-place")).to_have_text("You are next.")
    assert await microphones(first) == []
    await teacher.get_by_test_id("hands-lower").click()
    await teacher.get_by_test_id("hands-lower-confirm").click()
    await expect(second.get_by_test_id("hand-state")).to_have_attribute("data-state", "down")
    await expect(teacher.get_by_test_id("hand-item")).to_have_count(0)


async def test_a_microphone_that_is_not_allowed_is_said_in_words(classroom: Classroom) -> None:
    teacher = await go_live(classroom)
    student = await attend(classroom, "Anor")
    await student.evaluate(DENY)
    await student.get_by_test_id("hand-raise").click()
    await teacher.get_by_test_id("turn-invite").click()
    await student.get_by_test_id("turn-accept").click()
    await student.get_by_test_id("guest-problem").wait_for()
    await student.get_by_test_id("turn-decline").click()
    await student.get_by_test_id("hand-raise").wait_for()


async def test_a_link_that_does_not_come_up_is_said_in_words(classroom: Classroom) -> None:
    teacher = await go_live(classroom)
    student = await attend(classroom, "Anor")
    await student.context.route("**/whip/*/guest", lambda route: route.abort())
    await student.get_by_test_id("hand-raise").click()
    await teacher.get_by_test_id("turn-invite").click()
    await student.get_by_test_id("turn-accept").click()
    verdict = student.get_by_test_id("verdict")
    await expect(verdict).to_have_attribute("data-verdict", "weak")
    item = teacher.get_by_test_id("hand-item")
    await expect(item).to_have_attribute("data-test", "weak")


async def test_pages_of_speaking(classroom: Classroom, screenshots: Path) -> None:
    teacher = await go_live(classroom)
    students = {
        "tg": await attend(classroom, "Гулнора Раҳимова", PHONE),
        "ru": await attend(classroom, "Далер Назаров"),
    }
    for language, page in students.items():
        await page.get_by_test_id(f"language-{language}").click()
        await page.get_by_test_id("hand-raise").click()
        await page.get_by_test_id("hand-place").wait_for()
        await page.screenshot(path=screenshots / f"speaking-{language}-raised.png")
    await teacher.get_by_test_id("turn-invite").first.click()
    speaker = students["tg"]
    await speaker.get_by_test_id("invited").wait_for()
    await speaker.screenshot(path=screenshots / "speaking-tg-invited.png")
    await speaker.get_by_test_id("turn-accept").click()
    await speaker.get_by_test_id("verdict").wait_for()
    await speaker.screenshot(path=screenshots / "speaking-tg-tested.png")
    await expect(teacher.get_by_test_id("turn-start")).to_be_visible()
    await teacher.get_by_test_id("console").screenshot(
        path=screenshots / "speaking-console-ready.png"
    )
    await teacher.get_by_test_id("turn-start").click()
    for name, page in students.items():
        where = "on-air" if name == "tg" else "speaker"
        await page.get_by_test_id(where).wait_for()
        await page.wait_for_timeout(1_000)
        await page.screenshot(path=screenshots / f"speaking-{name}-on-air.png")
    await teacher.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    await teacher.get_by_test_id("turn-now").scroll_into_view_if_needed()
    await teacher.screenshot(path=screenshots / "speaking-teacher-phone.png")
