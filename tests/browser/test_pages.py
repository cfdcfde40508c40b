"""Every page, in every language, on a phone and on a desktop: reachable, whole, accessible."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.browser.conftest import DESKTOP, PHONE, Classroom, new_context
from tests.browser.server import ROOT
from tests.browser.test_lesson import go_live, watch, watches

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LANGUAGES = ("tg", "ru", "en")
SIZES = {"phone": PHONE, "desktop": DESKTOP}
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# What makes a page scroll sideways, which no phone should have to.
OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter((node) => node.getBoundingClientRect().right > width + 1)
    .map((node) => node.outerHTML.slice(0, 120));
}"""


async def violations(page: Page) -> list[str]:
    """Return what axe finds, each with the first element it means."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate(
        "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}})", WCAG
    )
    return [f"{each['id']}: {json.dumps(each['nodes'][0]['html'])}" for each in found["violations"]]


async def inspect(page: Page, name: str, screenshots: Path) -> None:
    """Look at the page in each language and size."""
    wrong: dict[str, list[str]] = {}
    for language in LANGUAGES:
        await page.get_by_test_id(f"language-{language}").click()
        await page.wait_for_function("want => document.documentElement.lang === want", arg=language)
        for size_name, size in SIZES.items():
            await page.set_viewport_size(size)
            await page.evaluate("document.activeElement?.blur()")
            await page.screenshot(path=screenshots / f"{name}-{language}-{size_name}.png")
            found = await violations(page) + await page.evaluate(OVERFLOW)
            if found:
                wrong[f"{name} {language} {size_name}"] = found
    assert not wrong


PUBLIC_PAGES = {
    "start": "/",
    "sign-in": "/sign-in",
    "gallery": "/dev/gallery",
    "gallery-speaking": "/dev/gallery?show=speaking",
    "gallery-library": "/dev/gallery?show=library",
    "gallery-replay": "/dev/gallery?show=replay",
    "gallery-modes": "/dev/gallery?show=modes",
    "missing": "/nope",
}


@pytest.mark.parametrize("name", PUBLIC_PAGES)
async def test_public_pages(classroom: Classroom, screenshots: Path, name: str) -> None:
    page = await classroom.open_browser()
    await page.goto(classroom.server.url + PUBLIC_PAGES[name])
    await page.locator("h1").first.wait_for()
    await inspect(page, name, screenshots)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_join_page_works_without_javascript(
    classroom: Classroom, screenshots: Path, language: str
) -> None:
    course = await classroom.staff.call("GET", f"/api/courses/{classroom.course}")
    context = await new_context(
        classroom.chromium, java_script_enabled=False, locale=language, viewport=PHONE
    )
    classroom.contexts.append(context)
    page = await context.new_page()
    await page.goto(f"{classroom.server.url}/join")
    assert await page.locator("html").get_attribute("lang") == language
    await page.screenshot(path=screenshots / f"join-{language}-phone.png")
    await page.locator("[name=code]").fill("000000")
    await page.locator("[name=name]").fill("Нигора")
    await page.locator("form [type=submit]").last.click()
    await page.wait_for_url("**/join#code-unknown")
    assert await page.locator("#code-unknown").is_visible()
    await page.locator("[name=code]").fill(course["join_code"])
    await page.locator("[name=name]").fill("Нигора")
    await page.locator("form [type=submit]").last.click()
    await page.wait_for_url("**/courses/**")


async def test_pages_of_staff(classroom: Classroom, screenshots: Path) -> None:
    page = await classroom.open_browser()
    people = await classroom.staff.call("GET", "/api/session")
    link = await classroom.staff.call("POST", f"/api/people/{people['person']['id']}/link", {})
    await page.goto(classroom.server.url + "/sign-in#" + link["link"].partition("#")[2])
    await page.get_by_test_id("continue").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    for name, path in (
        ("home", "/"),
        ("courses", "/courses"),
        ("course", f"/courses/{classroom.course}"),
        ("people", "/people"),
    ):
        await page.goto(classroom.server.url + path)
        await page.locator("h1").first.wait_for()
        await inspect(page, name, screenshots)


async def test_pages_of_a_lesson(classroom: Classroom, screenshots: Path) -> None:
    early = await classroom.sign_in("Гулнора", "student")
    await early.goto(classroom.live_url)
    await early.get_by_test_id("waiting").wait_for()
    await inspect(early, "waiting", screenshots)
    teacher = await go_live(classroom)
    await inspect(teacher, "teach", screenshots)
    student = await watch(classroom, "Далер")
    await watches(student)
    await inspect(student, "live", screenshots)
    await teacher.get_by_test_id("end").click()
    await teacher.get_by_test_id("end-confirm").click()
    await student.get_by_test_id("ended").wait_for()
    await student.get_by_test_id("stay").click()
    await inspect(student, "ended", screenshots)
