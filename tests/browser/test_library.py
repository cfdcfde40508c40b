"""The library of recordings in a real browser: what a teacher decides, a student sees."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Classroom
from tests.browser.recorded import Recorded
from tests.browser.test_pages import LANGUAGES, OVERFLOW, SIZES, inspect, violations

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def with_recording(classroom: Classroom) -> None:
    """Let the lesson be over and recorded."""
    recorded = Recorded()
    recorded.add("camera-0001", 0, 4)
    recorded.add("voice-0001", 0, 4)
    recorded.end(4)
    recorded.write(classroom.server.data / "recordings" / classroom.lesson)
    for step in ("practice", "live", "ended"):
        path = f"/api/lessons/{classroom.lesson}/state"
        await classroom.staff.call("POST", path, {"state": step})


async def open_library(classroom: Classroom) -> Page:
    page = await classroom.sign_in("Нигора", "teacher")
    await page.goto(f"{classroom.server.url}/courses/{classroom.course}")
    await page.get_by_test_id("to-recordings").click()
    await page.get_by_test_id("recording").wait_for()
    return page


async def has_replay(classroom: Classroom, page: Page, *, there: bool) -> None:
    """Look at the course as a student: is the lesson's replay offered?"""
    await page.goto(f"{classroom.server.url}/courses/{classroom.course}")
    await page.get_by_test_id("lesson-card").wait_for()
    await expect(page.get_by_test_id("to-replay")).to_have_count(int(there))


async def test_what_a_teacher_decides_a_student_sees(classroom: Classroom) -> None:
    await with_recording(classroom)
    student = await classroom.sign_in("Далер", "student")
    await has_replay(classroom, student, there=True)
    teacher = await open_library(classroom)
    standing = teacher.get_by_test_id("standing")
    await expect(standing).to_have_text("Published")
    await teacher.get_by_test_id("publish").click()
    await expect(standing).to_have_text("Not published")
    await has_replay(classroom, student, there=False)
    await teacher.get_by_test_id("publish").click()
    await expect(standing).to_have_text("Published")

    await teacher.get_by_test_id("delete").focus()
    await teacher.keyboard.press("Enter")
    await expect(standing).to_have_text("Deleted")
    await has_replay(classroom, student, there=False)
    await expect(teacher.get_by_test_id("restore")).to_be_focused()
    await teacher.keyboard.press("Enter")
    await expect(standing).to_have_text("Published")
    await has_replay(classroom, student, there=True)

    await teacher.get_by_test_id("expiry").click()
    await teacher.locator("dialog input").fill("2099-01-31")
    await teacher.get_by_role("button", name="Save").first.click()
    await expect(teacher.get_by_text("until 31 January 2099")).to_be_visible()


async def test_a_deleted_recording_is_found_again(classroom: Classroom) -> None:
    await with_recording(classroom)
    teacher = await open_library(classroom)
    await teacher.get_by_test_id("delete").click()
    await teacher.get_by_test_id("restore").wait_for()
    await teacher.reload()
    await teacher.get_by_text("No recordings here").wait_for()
    await teacher.get_by_test_id("by-state").select_option("deleted")
    await teacher.get_by_test_id("restore").click()
    await expect(teacher.get_by_test_id("standing")).to_have_text("Published")


async def test_the_rules_of_a_course_are_kept(classroom: Classroom) -> None:
    await with_recording(classroom)
    teacher = await open_library(classroom)
    rules = teacher.get_by_test_id("rules")
    await rules.locator("input[type=checkbox]").first.uncheck()
    await rules.get_by_label("Students may take lessons home").uncheck()
    await rules.locator("input[type=number]").fill("90")
    await teacher.get_by_test_id("save-rules").click()
    await expect(rules.get_by_text("Saved")).to_be_visible()
    path = f"/api/courses/{classroom.course}/recordings"
    kept = await classroom.staff.call("GET", path)
    assert kept == {"publish": False, "pack": False, "keep_days": 90}


CAPTIONS = """WEBVTT

00:01.000 --> 00:02.500
Як байт ҳашт бит аст.
"""


async def bring(page: Page, text: str) -> None:
    """Choose a file with captions in Tajik."""
    chooser = page.get_by_test_id("captions-tg").get_by_test_id("captions-file")
    file = {"name": "lesson.vtt", "mimeType": "text/vtt", "buffer": text.encode()}
    await chooser.set_input_files([file])


async def test_a_replay_is_cut_with_a_look_at_it(classroom: Classroom) -> None:
    await with_recording(classroom)
    teacher = await open_library(classroom)
    await teacher.get_by_test_id("cuts").click()
    await teacher.get_by_test_id("preview-seek").fill("1")
    await expect(teacher.get_by_test_id("preview").get_by_test_id("video-camera")).to_be_visible()
    await teacher.get_by_test_id("preview-play").click()
    await teacher.get_by_role("button", name="Pause").click()
    await teacher.get_by_test_id("cut-to").fill("9:99:99")
    await expect(teacher.get_by_text("The lesson is only")).to_be_visible()
    await expect(teacher.get_by_test_id("cut-save")).to_be_disabled()
    await teacher.get_by_test_id("cut-to").fill("3")
    await teacher.get_by_test_id("preview-seek").fill("1")
    await teacher.get_by_test_id("cut-from-here").click()
    await teacher.keyboard.press("Tab")
    await teacher.get_by_test_id("cut-save").press("Enter")
    await expect(teacher.get_by_text("cut", exact=True)).to_be_visible()
    path = f"/api/lessons/{classroom.lesson}/recording"
    ((start, end),) = (await classroom.staff.call("GET", path))["trims"]
    assert (start // 1000, end) == (1, 3000)
    await teacher.get_by_test_id("cuts").click()
    await teacher.get_by_test_id("cut-undo").click()
    await expect(teacher.get_by_text("cut", exact=True)).to_have_count(0)
    assert (await classroom.staff.call("GET", path))["trims"] == []


async def test_captions_are_brought_refused_deleted_and_brought_back(classroom: Classroom) -> None:
    await with_recording(classroom)
    teacher = await open_library(classroom)
    await teacher.get_by_test_id("captions").click()
    mine = teacher.get_by_test_id("captions-tg")
    await mine.get_by_text("None yet").wait_for()
    await bring(teacher, CAPTIONS)
    await mine.get_by_text("1 line").wait_for()
    await bring(teacher, CAPTIONS.replace("00:02.500", "00:02,500"))
    await expect(mine.get_by_test_id("captions-refused")).to_contain_text(
        "Line 3: here should be times"
    )
    await expect(mine.get_by_text("1 line")).to_be_visible()
    await mine.get_by_test_id("captions-delete").click()
    await mine.get_by_test_id("captions-restore").click()
    await mine.get_by_text("1 line").wait_for()
    async with teacher.expect_download() as download:
        await mine.get_by_role("link").click()
    assert (await download.value).suggested_filename.endswith("-tg.vtt")


async def test_the_rooms_of_the_library(classroom: Classroom, screenshots: Path) -> None:
    await with_recording(classroom)
    teacher = await open_library(classroom)
    wrong = {}
    for language in LANGUAGES:
        await teacher.get_by_test_id(f"language-{language}").click()
        await teacher.wait_for_function(
            "want => document.documentElement.lang === want", arg=language
        )
        for room, ready in (("cuts", "cut-save"), ("captions", "captions-en")):
            await teacher.get_by_test_id(room).click()
            await teacher.get_by_test_id(ready).wait_for()
            for size_name, size in SIZES.items():
                await teacher.set_viewport_size(size)
                name = f"library-{room}-{language}-{size_name}"
                await teacher.screenshot(path=screenshots / f"{name}.png")
                if found := await violations(teacher) + await teacher.evaluate(OVERFLOW):
                    wrong[name] = found
            await teacher.get_by_test_id("close").click()
    assert not wrong


async def test_the_library_page(classroom: Classroom, screenshots: Path) -> None:
    await with_recording(classroom)
    teacher = await open_library(classroom)
    await teacher.get_by_test_id("rules").wait_for()
    await inspect(teacher, "library", screenshots)


# What a browser makes of a file: its length, its width, and whether it can be played from a second.
PLAYED = """async (url) => {
  const video = document.createElement("video");
  video.muted = true;
  video.src = url;
  document.body.append(video);
  const once = (name) => new Promise((done, failed) => {
    video.addEventListener(name, done, { once: true });
    video.addEventListener("error", () => failed(video.error?.message), { once: true });
  });
  await once("loadeddata");
  const sought = once("seeked");
  video.currentTime = 2;
  await sought;
  const moved = once("timeupdate");
  await video.play();
  await moved;
  const found = [video.duration, video.videoWidth, video.currentTime >= 2];
  video.remove();
  return found;
}"""


async def test_a_lesson_is_kept_as_one_file(
    classroom: Classroom, tmp_path: Path, screenshots: Path
) -> None:
    await with_recording(classroom)
    teacher = await open_library(classroom)
    await teacher.get_by_test_id("downloads").click()
    await expect(teacher.get_by_test_id("download-camera")).to_contain_text("MB")
    await teacher.get_by_test_id("prepare-camera").click()
    save = teacher.get_by_test_id("save-camera")
    await save.wait_for()
    async with teacher.expect_download() as begun:
        await save.click()
    download = await begun.value
    assert download.suggested_filename.endswith("-Lesson-1-camera.mp4")
    await download.save_as(tmp_path / "lesson.mp4")
    assert (tmp_path / "lesson.mp4").stat().st_size > 10_000
    student = await classroom.sign_in("Далер", "student", SIZES["phone"])
    await student.goto(f"{classroom.live_url}/replay")
    await student.get_by_test_id("downloads").click()
    await student.get_by_test_id("prepare-voice").click()
    await student.get_by_test_id("save-voice").wait_for()
    await student.screenshot(path=screenshots / "downloads-phone-en.png", full_page=True)
    assert await violations(student) == []
    url = f"/recordings/{classroom.lesson}/downloads/camera"
    duration, width, played = await teacher.evaluate(PLAYED, url)
    assert duration == pytest.approx(4, abs=0.2)
    assert (width, played) == (320, True)
