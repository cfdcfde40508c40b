"""One server and one Chromium for all browser tests; every test has its own course and lesson."""

from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.browser.probes import PATIENCE
from tests.browser.server import RunningServer, Staff, staff_member

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--auto-select-desktop-capture-source=Entire screen",
    "--autoplay-policy=user-gesture-required",
]
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}
PAGE_PATIENCE = PATIENCE * 1000  # milliseconds
SCENARIO_TIMEOUT = 900  # seconds in which a scenario that hangs is ended

expect.set_options(timeout=PAGE_PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("browser") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SCENARIO_TIMEOUT))


async def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """Open a browser profile that waits for facts as long as a busy machine needs."""
    # The worker has its own tests; elsewhere it would hide requests from those that stand in.
    context = await browser.new_context(**{"service_workers": "block", **options})
    context.set_default_timeout(PAGE_PATIENCE)
    return context


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    running = RunningServer(tmp_path_factory.mktemp("darsgoh"))
    await running.start()
    try:
        yield running
        assert running.faults() == []
    finally:
        await running.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def staff(server: RunningServer) -> AsyncIterator[Staff]:
    async with staff_member(server) as member:
        yield member


@asynccontextmanager
async def launched(*flags: str) -> AsyncIterator[Browser]:
    """Run a Chromium with these flags besides the usual ones."""
    program = which("chromium")
    if program is None:
        pytest.fail("The browser tests need Chromium: apt install chromium, or run make test.")
    async with async_playwright() as playwright:
        arguments = [*CHROMIUM_FLAGS, *flags]
        browser = await playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser


@dataclass(frozen=True)
class Classroom:
    """A lesson with one teacher's and any number of students' browsers."""

    server: RunningServer
    staff: Staff
    chromium: Browser
    course: str
    lesson: str
    contexts: list[BrowserContext]

    @property
    def live_url(self) -> str:
        return f"{self.server.url}/lessons/{self.lesson}"

    @property
    def teach_url(self) -> str:
        return f"{self.live_url}/teach"

    async def sign_in(self, name: str, role: str, size: dict[str, int] | None = None) -> Page:
        """Open a browser of its own, use a fresh sign-in link in it, and end on the first page."""
        link = await self.staff.invite(self.course, name, role)
        page = await self.open_browser(size)
        await page.goto(self.server.url + link)
        await page.get_by_test_id("continue").click()
        await page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    async def open_browser(self, size: dict[str, int] | None = None) -> Page:
        context = await new_context(
            self.chromium,
            viewport=size or DESKTOP,
            locale="en",
            permissions=["camera", "microphone"],
        )
        await context.add_init_script("localStorage.setItem('darsgoh.debug', '1')")
        self.contexts.append(context)
        return await context.new_page()


@pytest_asyncio.fixture(loop_scope="session")
async def classroom(
    server: RunningServer, staff: Staff, chromium: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[Classroom]:
    await server.start_again_if_ended()
    course = await staff.create_course(request.node.name)
    lesson = await staff.create_lesson(course["id"], "Lesson 1")
    room = Classroom(server, staff, chromium, course["id"], lesson["id"], [])
    try:
        yield room
    finally:
        if request.node.stash.get(FAILED, False):
            await keep_pictures(room, request)
        for context in room.contexts:
            await context.close()


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


async def keep_pictures(room: Classroom, request: pytest.FixtureRequest) -> None:
    """Show what each browser of a failed test looked like, and what the server said."""
    folder = request.config.rootpath / "artifacts" / "failures"
    folder.mkdir(parents=True, exist_ok=True)
    pages = [page for context in room.contexts for page in context.pages]
    for number, page in enumerate(pages):
        await page.screenshot(path=folder / f"{request.node.name}-{number}.png")
    (folder / f"{request.node.name}.log").write_text(room.server.log(), encoding="utf-8")


@pytest.fixture
def screenshots(request: pytest.FixtureRequest) -> Path:
    """Return where pictures of pages go; looked at by people, kept by CI as artifacts."""
    folder = Path(request.config.rootpath) / "artifacts" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
