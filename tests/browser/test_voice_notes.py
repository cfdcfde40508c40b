"""Voice notes in real browsers: recorded, kept through bad networks, sent once, heard by all."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import PHONE, Classroom
from tests.browser.line import Line
from tests.browser.probes import grows
from tests.browser.test_lesson import go_live, watch
from tests.browser.test_pages import inspect
from tests.browser.test_speaking import CALM, DENY, KEEP_TRACKS, guest_energy, microphones

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SPOKEN = 2_500  # milliseconds of the fake microphone's beeps
SPOKEN_LONG = 12_000  # milliseconds that take more than one piece
SETTLE = 1.0  # seconds for a double to arrive, if there were one
PIECES = "**/api/lessons/*/voice-notes/**"
NO_RECORDER = "delete window.MediaRecorder"


async def attend(room: Classroom, name: str, line: Line | None = None) -> Page:
    page = await room.sign_in(name, "student", PHONE)
    if line is not None:
        await line.lay(page)
    await page.goto(room.live_url)
    await page.get_by_test_id("watch").click()
    await page.get_by_test_id("note-open").wait_for()
    return page


async def record(page: Page, spoken: int = SPOKEN) -> None:
    """Hold the button, speak, let go."""
    await page.get_by_test_id("note-open").click()
    button = page.get_by_test_id("record")
    await button.scroll_into_view_if_needed()
    await button.hover()
    await page.mouse.down()
    await page.get_by_test_id("recording").wait_for()
    await page.wait_for_timeout(spoken)
    await page.mouse.up()
    await page.get_by_test_id("note-preview").wait_for()


async def row_becomes(page: Page, state: str) -> None:
    row = page.get_by_test_id("note-row")
    await expect(row).to_have_attribute("data-state", state)


def kept(room: Classroom) -> list[tuple[str, int | None, int]]:
    """Return what the server's database has of this lesson's notes: state, number, position."""
    with sqlite3.connect(room.server.data / "darsgoh.sqlite3") as database:
        query = "SELECT state, number, at FROM voice_notes WHERE lesson_id IN (?, ?)"
        return list(database.execute(query, (room.lesson, room.lesson.replace("-", ""))))


async def test_a_note_survives_an_offline_reload_arrives_once_and_is_heard_by_all(
    classroom: Classroom,
) -> None:
    teacher = await go_live(classroom)
    line = Line()
    student = await attend(classroom, "Anor", line)
    classmate = await attend(classroom, "Behruz")
    await student.evaluate(KEEP_TRACKS)
    await line.cut(student)
    await student.get_by_test_id("questions-offline").wait_for()
    await record(student)
    assert await microphones(student) == ["ended"]
    await student.get_by_test_id("note-send").click()
    await row_becomes(student, "waiting")
    await expect(student.get_by_test_id("note-row")).to_contain_text("Kept on this device")
    assert kept(classroom) == []
    line.up = True
    await student.reload()
    await row_becomes(student, "ready")
    await asyncio.sleep(SETTLE)
    [(state, number, at)] = kept(classroom)
    assert (state, number) == ("ready", 1)
    assert at > 0
    note = teacher.get_by_test_id("note-item")
    await note.locator(".queue-head").click()
    await note.get_by_test_id("step-play").click()
    playing = classmate.get_by_test_id("note-playing")
    await expect(playing).to_contain_text("Anor")
    await grows("the classmate hears the note", lambda: guest_energy(classmate), by=CALM)
    await row_becomes(student, "played")
    await expect(playing).to_have_count(0)


async def test_a_note_that_is_cut_off_goes_on_where_it_was(classroom: Classroom) -> None:
    await go_live(classroom)
    student = await attend(classroom, "Anor")
    offsets: list[int] = []

    async def cut(route: Route) -> None:
        offsets.append(int(route.request.url.split("offset=")[1]))
        # The first piece arrives and its answer does not; the second does not arrive.
        if len(offsets) == 1:
            await route.fetch()
        await (route.abort() if len(offsets) <= 2 else route.continue_())

    await student.context.route(PIECES, cut)
    await record(student, SPOKEN_LONG)
    await student.get_by_test_id("note-send").click()
    await row_becomes(student, "ready")
    assert offsets[0] == 0
    # Of what has arrived nothing is sent again.
    assert offsets[1:] == sorted(offsets[1:])
    assert min(offsets[1:]) > 0
    assert [state for state, _, _ in kept(classroom)] == ["ready"]


async def test_a_note_is_listened_to_thrown_away_and_taken_back(classroom: Classroom) -> None:
    await go_live(classroom)
    student = await attend(classroom, "Anor")
    await record(student)
    length = "(audio) => new Promise((done) => { audio.onended = () => done(audio.currentTime);"
    heard = await student.get_by_test_id("note-preview").evaluate(f"{length} audio.play(); }})")
    assert heard > 1
    await student.get_by_test_id("note-close").click()
    await expect(student.get_by_test_id("note-row")).to_have_count(0)
    await record(student)
    await student.get_by_test_id("note-send").click()
    await row_becomes(student, "ready")
    await student.get_by_test_id("note-withdraw").click()
    await expect(student.get_by_test_id("note-row")).to_have_count(0)
    assert [state for state, _, _ in kept(classroom)] == ["withdrawn"]


async def test_recording_by_space_bar_by_taps_and_not_at_all(classroom: Classroom) -> None:
    await go_live(classroom)
    student = await attend(classroom, "Anor")
    await student.get_by_test_id("note-open").click()
    # A touch by chance is no recording.
    await student.get_by_test_id("record").hover()
    await student.mouse.down()
    await student.get_by_test_id("recording").wait_for()
    await student.mouse.up()
    await student.get_by_test_id("recorder-problem").wait_for()
    await student.evaluate("() => document.activeElement?.blur()")
    await student.keyboard.down("Space")
    await student.get_by_test_id("recording").wait_for()
    await student.wait_for_timeout(SPOKEN)
    await student.keyboard.up("Space")
    await student.get_by_test_id("note-again").click()
    await student.get_by_label("Tap once to start and once to stop").check()
    await student.get_by_test_id("record").click()
    await student.get_by_test_id("recording").wait_for()
    await student.wait_for_timeout(SPOKEN)
    await student.get_by_test_id("record").click()
    await student.get_by_test_id("note-again").click()
    await student.evaluate(DENY)
    await student.get_by_test_id("record").click()
    await student.get_by_test_id("recorder-problem").wait_for()


async def test_a_browser_that_cannot_record_says_so(classroom: Classroom) -> None:
    await go_live(classroom)
    page = await classroom.sign_in("Anor", "student", PHONE)
    await page.add_init_script(NO_RECORDER)
    await page.goto(classroom.live_url)
    await page.get_by_test_id("watch").click()
    await page.get_by_test_id("note-open").click()
    await page.get_by_test_id("note-missing").wait_for()


async def test_where_the_link_is_too_weak_to_speak_a_note_is_offered(classroom: Classroom) -> None:
    teacher = await go_live(classroom)
    student = await watch(classroom, "Anor")
    await student.context.route("**/whip/*/guest", lambda route: route.abort())
    await student.get_by_test_id("hand-raise").click()
    await teacher.get_by_test_id("turn-invite").click()
    await student.get_by_test_id("turn-accept").click()
    await student.get_by_test_id("note-instead").click()
    await student.get_by_test_id("note-card").wait_for()
    await student.get_by_test_id("hand-raise").wait_for()


async def test_pages_of_voice_notes(classroom: Classroom, screenshots: Path) -> None:
    await go_live(classroom)
    page = await attend(classroom, "Гулнора Раҳимова")
    await page.get_by_test_id("note-open").click()
    await inspect(page, "notes-card", screenshots)
    await page.get_by_test_id("note-close").click()
    await record(page)
    await inspect(page, "notes-made", screenshots)
    await page.get_by_test_id("note-send").click()
    await row_becomes(page, "ready")
    await inspect(page, "notes-sent", screenshots)
