"""The replay in a real browser: one clock, seeking, holes, keys, the questions as they were."""

import copy
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Classroom
from tests.browser.probes import eventually
from tests.browser.recorded import Recorded, whole_lesson
from tests.browser.test_pages import inspect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

IN_STEP = 0.2  # seconds a picture may be off the voice
ASKED = {
    "number": 17, "version": 1, "text": "Чаро ҳашт бит?", "state": "open", "anonymous": False,
    "asker": None, "at": 5_000, "asked_at": "2026-11-20T10:00:00Z", "edited": False,
    "lesson": None, "votes": 0, "first": False, "label": None, "merged_into": None,
    "answer": None, "answers": [],
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def recorded() -> Recorded:
    return whole_lesson()


async def state(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate("window.__darsgoh.replay()")
    return found


async def open_replay(classroom: Classroom, recorded: Recorded, query: str = "") -> Page:
    lesson = classroom.lesson
    recorded.events.clear()
    answer = {"how": None, "lesson": lesson, "from": 10_000, "to": None}
    done = answer | {"how": "live", "to": 20_000}
    recorded.story(lesson, [
        (5_000, "question.asked", {"question": ASKED}),
        (8_000, "question.votes", {"votes": {"17": 3}}),
        (10_000, "question.answering", {
            "question": {"number": 17, "version": 2, "state": "answering", "answer": answer}}),
        (20_000, "question.answered", {
            "question": {"number": 17, "version": 3, "state": "answered", "answer": done}}),
    ])  # fmt: skip
    recorded.chapters[:] = [
        {"at": 0, "to": 10_000, "title": "Байт чист?", "kind": "slide", "number": 1},
        {"at": 10_000, "to": 20_000, "title": ASKED["text"], "kind": "question", "number": 17},
        {"at": 25_000, "to": 80_000, "title": "", "kind": "slide", "number": 2},
        {"at": 80_000, "to": 120_000, "title": "Хулоса", "kind": "slide", "number": 3},
    ]
    page = await classroom.sign_in("Далер", "student")
    await recorded.give_to(page, lesson)
    await page.goto(f"{classroom.live_url}/replay{query}")
    await page.get_by_test_id("begin").wait_for()
    return page


async def reaches(page: Page, position: int) -> None:
    """Wait until the replay has played to a position (ms)."""

    async def there() -> bool:
        return bool((await state(page))["position"] >= position)

    await eventually(f"the replay plays to {position} ms", there)


async def in_step(page: Page) -> None:
    """Wait until every picture is within 200 ms of the voice."""

    async def together() -> bool:
        drift = (await state(page))["drift"]
        return len(drift) == 2 and all(abs(each) <= IN_STEP for each in drift.values())

    await eventually("both pictures are in step with the voice", together)


async def test_voice_and_pictures_keep_one_clock(classroom: Classroom, recorded: Recorded) -> None:
    page = await open_replay(classroom, recorded)
    await page.get_by_test_id("begin").click()
    await reaches(page, 6_000)
    await in_step(page)
    await page.get_by_test_id("speed").select_option("2")
    await reaches(page, 12_000)
    await in_step(page)
    await page.get_by_test_id("seek-input").fill("80000")
    await reaches(page, 82_000)
    await in_step(page)
    await page.get_by_test_id("seek-input").fill("15000")
    await reaches(page, 17_000)
    assert (await state(page))["position"] < 40_000
    await in_step(page)


async def test_a_hole_is_shown_and_stepped_over(classroom: Classroom, recorded: Recorded) -> None:
    page = await open_replay(classroom, recorded, "?t=37s")
    assert await page.get_by_test_id("hole").count() == 1
    await page.get_by_test_id("begin").click()
    await reaches(page, 72_000)
    await in_step(page)


@pytest.mark.parametrize("track", ["camera", "voice"])
async def test_damage_in_the_middle_is_played_over(
    classroom: Classroom, recorded: Recorded, track: str
) -> None:
    hurt = copy.deepcopy(recorded)
    hurt.damage(track, 6_000)
    page = await open_replay(classroom, hurt)
    await page.get_by_test_id("begin").click()
    await reaches(page, 10_000)
    await in_step(page)


async def test_it_ends_and_begins_anew(classroom: Classroom, recorded: Recorded) -> None:
    page = await open_replay(classroom, recorded, "?t=1m57s")
    await page.get_by_test_id("begin").click()
    await page.get_by_test_id("replay-over").wait_for()
    await page.get_by_test_id("replay-over").get_by_role("button").click()
    await reaches(page, 1_000)
    assert (await state(page))["position"] < 60_000


async def test_questions_are_what_they_were_then(classroom: Classroom, recorded: Recorded) -> None:
    page = await open_replay(classroom, recorded)
    seek = page.get_by_test_id("seek-input")
    expected = {0: None, 5_000: ("open", 0), 15_000: ("answering", 3), 25_000: ("answered", 3)}
    for position in (25_000, 0, 15_000, 5_000):
        await seek.fill(str(position))
        questions = (await state(page))["questions"]["questions"]
        found = (questions[0]["state"], questions[0]["votes"]) if questions else None
        assert found == expected[position], position
    await seek.fill("25000")
    await page.get_by_test_id("to-answer").click()
    assert (await state(page))["position"] == 10_000
    await page.get_by_test_id("replay-search").fill("хашт")
    await page.get_by_test_id("results").get_by_role("button").first.click()
    assert (await state(page))["position"] == 10_000


async def test_keys_move_it(classroom: Classroom, recorded: Recorded) -> None:
    page = await open_replay(classroom, recorded, "?t=20")
    for key, position in (
        ("l", 30_000), ("j", 20_000), ("ArrowRight", 25_000), ("ArrowLeft", 20_000),
        ("n", 25_000), ("p", 10_000), ("Home", 0), ("End", 120_000), ("5", 60_000),
    ):  # fmt: skip
        await page.keyboard.press(key)
        # A hole in the way is stepped over only while it plays.
        assert (await state(page))["position"] == position, key
    await page.keyboard.press("Home")
    await page.keyboard.press("Shift+Period")
    assert await page.get_by_test_id("speed").input_value() == "1.25"
    await page.keyboard.press("k")
    await reaches(page, 1_000)
    await page.keyboard.press("k")
    assert not (await state(page))["playing"]
    await page.keyboard.press("Shift+Slash")
    await page.get_by_test_id("replay-keys").wait_for()


async def test_it_goes_on_where_one_was(classroom: Classroom, recorded: Recorded) -> None:
    page = await open_replay(classroom, recorded, "?t=30s")
    await page.goto(f"{classroom.live_url}/replay")
    await page.get_by_test_id("begin").wait_for()
    assert (await state(page))["position"] == 30_000


async def test_a_lesson_that_is_on_grows(classroom: Classroom, recorded: Recorded) -> None:
    growing = Recorded(recorded.files, [], ended=False)
    whole = [line for line in recorded.lines if line["type"] != "end"]
    growing.lines[:] = [line for line in whole if line.get("at", 0) < 5_000][:18]
    page = await open_replay(classroom, growing)
    await page.get_by_test_id("begin").click()
    await reaches(page, 3_000)
    growing.lines.extend(line for line in whole if line not in growing.lines)
    await reaches(page, 9_000)


async def test_every_second_is_fetched_once(classroom: Classroom, recorded: Recorded) -> None:
    page = await open_replay(classroom, recorded)
    recorded.asked.clear()
    await page.get_by_test_id("begin").click()
    await reaches(page, 10_000)
    await page.get_by_test_id("back").click()
    await reaches(page, 5_000)
    voice = [each for each in recorded.asked if each.startswith("voice")]
    assert len(voice) == len(set(voice))
    assert len(voice) < 12, "neighbouring parts come with one request"


def captions(*said: tuple[int, str]) -> str:
    """Return WebVTT as the server writes it: each text for three seconds from a second on."""
    cues = (
        f"{number}\n00:00:{at:02}.000 --> 00:00:{at + 3:02}.000\n{text}\n"
        for number, (at, text) in enumerate(said, 1)
    )
    return "\n".join(["WEBVTT\n", *cues])


async def test_what_is_said_can_be_read_and_searched(
    classroom: Classroom, recorded: Recorded, screenshots: Path
) -> None:
    recorded.captions = {
        "tg": captions((1, "Салом!"), (14, "Як байт ҳашт бит аст:\nна кам, на зиёд.")),
        "ru": captions((14, "В одном байте восемь бит.")),
    }
    page = await open_replay(classroom, recorded, "?t=15s")
    shown = page.get_by_test_id("captions-text")
    await expect(shown).to_have_count(0)
    await page.keyboard.press("c")
    await expect(shown).to_have_text("Як байт ҳашт бит аст:\nна кам, на зиёд.")
    await page.get_by_test_id("captions").click()
    await expect(shown).to_have_count(0)
    await page.get_by_test_id("settings").click()
    await page.get_by_test_id("captions-language").select_option("ru")
    await expect(shown).to_contain_text("восемь бит")
    await expect(shown).to_contain_text("automatic draft")
    await page.get_by_test_id("settings").click()
    await inspect(page, "replay-captions", screenshots)
    await page.get_by_test_id("replay-search").fill("восем")
    await page.get_by_test_id("results").get_by_role("button").first.click()
    assert (await state(page))["position"] == 14_000
    await page.reload()
    await expect(shown).to_contain_text("восемь бит")  # the choice is remembered


async def place(page: Page, slot: str) -> str | None:
    return await page.get_by_test_id(f"tile-{slot}").get_attribute("data-place")


async def test_pictures_are_swapped_hidden_and_shown(
    classroom: Classroom, recorded: Recorded
) -> None:
    page = await open_replay(classroom, recorded, "?t=15s")
    await page.get_by_test_id("begin").click()
    await page.get_by_test_id("swap").click()
    assert [await place(page, "screen"), await place(page, "camera")] == ["side", "main"]
    await page.keyboard.press("s")
    assert [await place(page, "screen"), await place(page, "camera")] == ["main", "side"]
    await page.get_by_test_id("hide").click()
    assert [await place(page, "screen"), await place(page, "camera")] == ["main", "hidden"]
    await page.get_by_test_id("show-other").click()
    assert await place(page, "camera") == "side"
    await page.keyboard.press("v")
    await page.keyboard.press("v")
    assert [await place(page, "screen"), await place(page, "camera")] == ["hidden", "main"]


async def test_the_replay_page(classroom: Classroom, recorded: Recorded, screenshots: Path) -> None:
    page = await open_replay(classroom, recorded, "?t=15s")
    await page.get_by_test_id("begin").click()
    await in_step(page)
    await page.keyboard.press("k")
    await inspect(page, "replay", screenshots)
    await point_at_the_line(page, recorded, screenshots)
    await page.get_by_test_id("share").click()
    await page.get_by_test_id("settings").click()
    await inspect(page, "replay-settings", screenshots)
    await pictures_instead_of_video(page, recorded, screenshots)


async def point_at_the_line(page: Page, recorded: Recorded, screenshots: Path) -> None:
    """A thumbnail comes where a pointer rests, and none before."""
    assert not recorded.seen
    place = await page.get_by_test_id("seek").bounding_box()
    assert place is not None
    await page.mouse.move(place["x"] + place["width"] * 0.7, place["y"] + place["height"] / 2)
    preview = page.get_by_test_id("seek-preview")
    await preview.get_by_text("Хулоса").wait_for()
    await preview.locator("img").wait_for()
    assert recorded.seen == ["thumbs/8.webp"]
    await page.screenshot(path=screenshots / "replay-preview.png")
    await page.mouse.down()
    await page.mouse.move(place["x"] + place["width"] * 0.22, place["y"] + place["height"] / 2)
    assert (await state(page))["position"] < 20_000, "it seeks when the handle is let go"
    await page.mouse.up()
    assert 20_000 < (await state(page))["position"] < 32_000
    await page.mouse.move(0, 0)
    await preview.wait_for(state="detached")


async def pictures_instead_of_video(page: Page, recorded: Recorded, screenshots: Path) -> None:
    """Pictures stand in step with the voice, and no video is fetched for them."""
    choice = page.get_by_label("Pictures instead of video")
    await choice.check()
    still = page.get_by_test_id("still")
    await still.wait_for()
    recorded.asked.clear()
    seek = page.get_by_test_id("seek-input")
    for position, number in ((20_000, "1"), (25_000, "2"), (80_000, "3"), (5_000, "1")):
        await seek.fill(str(position))
        assert await still.get_attribute("data-number") == number
    await seek.fill("20000")
    await page.keyboard.press("k")
    await page.locator('[data-testid=still][data-number="2"]').wait_for()
    assert (await state(page))["position"] >= 25_000
    await page.keyboard.press("k")
    assert {one.partition("-")[0] for one in recorded.asked} <= {"voice"}
    await page.get_by_test_id("settings").click()
    await page.get_by_test_id("share").click()
    await page.get_by_test_id("share").click()
    await page.get_by_role("radio", name="Chapters").check()
    await page.get_by_alt_text("Picture 2").last.wait_for()
    await inspect(page, "replay-pictures", screenshots)
    await seek.fill("0")
    await page.get_by_test_id("no-picture").wait_for()
    await page.get_by_test_id("settings").click()
    await choice.uncheck()
    await page.get_by_test_id("no-picture").wait_for(state="detached")


async def put_in_place(classroom: Classroom, recorded: Recorded) -> None:
    """Put a recording in place of what the server's own recorder made: nothing was sent."""
    folder = classroom.server.data / "recordings" / classroom.lesson

    async def closed() -> bool:
        index = folder / "index.jsonl"
        return index.exists() and '"end"' in index.read_text(encoding="utf-8")

    await eventually("the recorder closes its index", closed)
    shutil.rmtree(folder)
    recorded.write(folder)


async def end_with(classroom: Classroom, recorded: Recorded) -> None:
    """End the lesson, with a recording in place of its own."""
    for step in ("practice", "live", "ended"):
        path = f"/api/lessons/{classroom.lesson}/state"
        await classroom.staff.call("POST", path, {"state": step})
    await put_in_place(classroom, recorded)


async def ask_here(page: Page, words: str) -> None:
    """Ask at this second; the first answer of the server is lost on its way."""

    async def lose_the_answer(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/courses/*/commands", lose_the_answer, times=1)
    await page.get_by_test_id("ask-here").fill(words)
    await page.get_by_test_id("ask-here-send").click()
    await page.get_by_test_id("problem").wait_for()
    await page.get_by_test_id("ask-here-send").click()
    await page.get_by_test_id("asked-here").wait_for()


async def test_a_lesson_that_is_over_is_replayed_from_the_server(
    classroom: Classroom, recorded: Recorded
) -> None:
    await end_with(classroom, recorded)
    page = await classroom.sign_in("Нигора", "student")
    await page.goto(classroom.live_url)
    await page.get_by_test_id("to-replay").click()
    await page.get_by_test_id("begin").click()
    await reaches(page, 6_000)
    await in_step(page)
    await page.get_by_test_id("seek-input").fill("75000")
    await reaches(page, 77_000)
    await ask_here(page, "Чаро маҳз ин тавр?")
    await page.get_by_test_id("leave").click()
    await page.goto(f"{classroom.live_url}/replay")
    await page.get_by_test_id("begin").wait_for()
    # What was told last may still be on its way when the page comes back.
    assert (await state(page))["position"] >= 75_000
    # The question stands in the book of the course, and leads back to the replay.
    await page.goto(f"{classroom.server.url}/courses/{classroom.course}/questions")
    asked = page.get_by_test_id("book-question")
    await expect(asked).to_have_count(1)
    await expect(asked).to_contain_text("Чаро маҳз ин тавр?")
    place = await asked.get_by_role("link").first.get_attribute("href")
    assert place is not None
    assert place.startswith(f"/lessons/{classroom.lesson}/replay?t=")


WITHOUT_MEDIA_SOURCE = "delete window.MediaSource; delete window.ManagedMediaSource;"
# The bar walks through the picture once a minute (tests/browser/recorded.py): where it stands, in
# seconds; null where no picture is.
BAR = """
() => {
  const video = document.querySelector("[data-testid=voice]");
  if (!video?.videoWidth) return null;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [600, 100];
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 600, 100);
  const line = context.getImageData(0, 41, 600, 1).data;
  const x = [...Array(600).keys()].find((x) => line[x * 4] > 180);
  return x === undefined ? null : x / 10;
}
"""


async def shows(page: Page) -> None:
    """Wait until the picture is that of the position."""

    async def right() -> bool:
        bar, position = await page.evaluate(BAR), (await state(page))["position"] / 1_000
        return bar is not None and abs(bar - position % 60) < 1

    await eventually("the picture is that of the position", right)


async def plays(page: Page, picture: str) -> None:
    video = page.get_by_test_id("voice")
    await expect(video).to_have_attribute("src", re.compile(picture))


async def test_a_phone_without_media_source_plays_the_playlist(
    classroom: Classroom, recorded: Recorded, screenshots: Path
) -> None:
    await end_with(classroom, recorded)
    # Teachers have everything: Chromium asks for more bytes than a playlist names, and is refused
    # where what was rehearsed is cut. Safari asks for what is named.
    page = await classroom.sign_in("Зарина", "teacher")
    await page.add_init_script(WITHOUT_MEDIA_SOURCE)
    await page.goto(f"{classroom.live_url}/replay?t=6s")
    await page.get_by_test_id("begin").click()
    await reaches(page, 9_000)
    await shows(page)
    await plays(page, "picture=screen")
    await page.get_by_test_id("speed").select_option("2")
    await page.get_by_test_id("seek-input").fill("37000")  # there is a hole from 40 s to 70 s
    await reaches(page, 73_000)
    await shows(page)
    await page.keyboard.press("s")
    await plays(page, "picture=camera")
    await reaches(page, 78_000)
    await shows(page)
    await page.keyboard.press("k")
    await page.keyboard.press("Home")
    assert (await state(page))["position"] == 0
    await inspect(page, "replay-one-picture", screenshots)
    await page.keyboard.press("k")
    await reaches(page, 2_000)
    await page.get_by_test_id("seek-input").fill("117000")
    await page.get_by_test_id("replay-over").wait_for()
