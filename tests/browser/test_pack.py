"""A lesson pack opens from a file, without a network: sound, slides, chapters, search."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import Browser, Page

from recordings.catalogue import Still
from recordings.cuts import Cuts
from recordings.pack import Order, make_pack
from server.pages import STATIC
from tests.browser.conftest import PHONE, new_context
from tests.browser.probes import eventually
from tests.browser.test_pages import inspect
from tests.recordings.made import MadeRecording

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SECONDS = 40
FACTS: dict[str, Any] = {
    "lesson": "01990000-0000-7000-8000-000000000000",
    "title": "Касрҳо: сурат ва махраҷ",
    "course": "Математика, синфи 6",
    "date": "2026-11-25",
    "language": "tg",
    "texts": {"1": "Касрҳои дуруст", "2": "Супориш"},
    "chapters": [
        {"at": 0, "to": 15_000, "title": "Касрҳои дуруст", "kind": "slide", "number": 1},
        {"at": 15_000, "to": 25_000, "title": "Махраҷ чист?", "kind": "question", "number": 4},
        {"at": 25_000, "to": 40_000, "title": "Супориш", "kind": "slide", "number": 2},
    ],
    "gaps": [{"at": 20_000, "to": 22_000}],
    "questions": [
        {
            "number": 4, "text": "Махраҷ чист?", "at": 12_000, "answer": 15_000,
            "answers": [{"text": "Адади зери хат. <b>Ниг. слайди 1</b>", "teacher": True}],
        },
        {"number": 5, "text": "А что такое числитель?", "at": 30_000, "answer": None,
         "answers": []},
    ],
}  # fmt: skip


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    made = MadeRecording(tmp_path / "lesson")
    made.run("voice", 0, SECONDS)
    made.end(SECONDS * 1000)
    (made.folder / "stills").mkdir()
    for number in (1, 2):
        picture = Image.new("RGB", (640, 360), (245, 245, 240))
        ImageDraw.Draw(picture).text((40, 150), f"Slide {number}", "black", font_size=64)
        picture.save(made.folder / "stills" / f"{number}-640.webp")
    stills = (Still(1, 0, (640,)), Still(2, 25_000, (640,)))
    target = tmp_path / "касрҳо.html"
    order = Order(made.folder, STATIC / "pack.html", target, FACTS["title"], Cuts(), FACTS, stills)
    make_pack(order)
    return target


async def open_pack(chromium: Browser, pack: Path) -> tuple[Page, list[str]]:
    context = await new_context(chromium, viewport=PHONE, locale="en", offline=True)
    page = await context.new_page()
    trouble: list[str] = []
    page.on("request", lambda one: trouble.append(one.url))
    page.on("console", lambda one: trouble.append(one.text))
    page.on("pageerror", lambda one: trouble.append(str(one)))
    await page.goto(pack.as_uri())
    return page, trouble


async def seconds(page: Page) -> int:
    """Return where the page says it is."""
    shown = (await page.get_by_test_id("time").inner_text()).split(" / ")[0].split(":")
    return int(shown[0]) * 60 + int(shown[1])


async def reaches(page: Page, begin: int, end: int = SECONDS + 1) -> None:
    """Wait until the page is between two seconds."""

    async def check() -> bool:
        return begin <= await seconds(page) < end

    await eventually(f"the page is at {begin} s", check)


async def test_a_pack_plays_from_a_file_without_a_network(
    chromium: Browser, pack: Path, screenshots: Path
) -> None:
    page, trouble = await open_pack(chromium, pack)
    await page.get_by_role("heading", name=FACTS["title"]).wait_for()
    await page.locator(".pack-slide img").wait_for()

    await page.get_by_test_id("play").click()
    await reaches(page, 2)
    await page.get_by_test_id("speed").select_option("2")
    await page.locator("body").press("KeyK")
    await page.get_by_role("button", name="Play", exact=True).wait_for()

    await page.get_by_test_id("chapters").get_by_text("Супориш").click()
    await reaches(page, 25)
    alt = await page.locator(".pack-slide img").get_attribute("alt")
    assert alt == FACTS["texts"]["2"]
    await page.locator("body").press("KeyK")

    await page.get_by_test_id("search").fill("махрач")  # typed without the letters of Tajik
    await page.get_by_test_id("found").get_by_text("Махраҷ чист?").click()
    await reaches(page, 15, 25)
    await page.locator("h1").press("KeyK")
    await page.get_by_test_id("search").fill("")
    await page.get_by_test_id("tab-questions").click()
    answers = page.get_by_test_id("questions")
    await answers.get_by_text("Адади зери хат. <b>Ниг. слайди 1</b>").wait_for()

    kept = await seconds(page)
    await page.reload()
    await page.get_by_test_id("play").wait_for()
    assert abs(await seconds(page) - kept) <= 1
    assert [one for one in trouble if not one.startswith(("file:", "blob:"))] == []

    await inspect(page, "pack", screenshots)
    await page.emulate_media(color_scheme="dark")
    await page.screenshot(path=screenshots / "pack-dark.png")
    await page.context.close()


@pytest.fixture
def broken_pack(pack: Path) -> Path:
    data = pack.read_bytes()
    pack.write_bytes(data[: len(data) - len(data) // 3])
    return pack


async def test_a_file_that_is_not_whole_says_so(chromium: Browser, broken_pack: Path) -> None:
    page, _ = await open_pack(chromium, broken_pack)
    await page.get_by_role("alert").get_by_text("not whole").wait_for()
    await page.get_by_test_id("chapters").get_by_text("Супориш").wait_for()
    await page.context.close()
