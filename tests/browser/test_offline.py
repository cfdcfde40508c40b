"""Pages and kept lessons open with the network off, and a new version asks before it takes over."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page

from tests.browser.conftest import PHONE, Classroom, new_context
from tests.browser.probes import eventually
from tests.browser.server import free_port
from tests.browser.test_pack import FACTS, pack
from tests.browser.test_pages import inspect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LESSON = "sample"  # of the gallery, where every component can be had without a whole lesson
ENTRY = re.compile(r"/assets/index-[\w-]+\.js")
__all__ = ["pack"]  # a fixture


class Network:
    """What lies between a browser and the server: it can be away, and bring another version."""

    def __init__(self, server: str, pack: Path) -> None:
        self._server = server
        self._pack = pack
        self._port = free_port()
        self._runner: web.AppRunner | None = None
        self.newer = False

    @property
    def url(self) -> str:
        return f"http://localhost:{self._port}"

    async def on(self) -> None:
        app = web.Application()
        app.router.add_get(f"/api/lessons/{LESSON}", self._lesson)
        app.router.add_get(f"/recordings/{LESSON}/pack.html", self._file)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "localhost", self._port).start()

    async def off(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _lesson(self, _: web.Request) -> web.Response:
        return web.json_response({"id": LESSON, "title": FACTS["title"]})

    async def _file(self, _: web.Request) -> web.StreamResponse:
        response = web.FileResponse(self._pack)
        response.etag = "one"
        return response

    async def _pass(self, request: web.Request) -> web.Response:
        left = ("Host", "Accept-Encoding")
        headers = {name: value for name, value in request.headers.items() if name not in left}
        async with (
            aiohttp.ClientSession() as http,
            http.request(
                request.method,
                self._server + request.path_qs,
                headers=headers,
                data=await request.read(),
                allow_redirects=False,
            ) as answer,
        ):
            body = await answer.read()
            kept = ("Content-Type", "Cache-Control", "Set-Cookie", "Location")
            own = {name: answer.headers[name] for name in kept if name in answer.headers}
            if self.newer and (request.path == "/worker.js" or "html" in answer.content_type):
                body = ENTRY.sub(lambda found: found[0] + "?newer", body.decode()).encode()
                body = body.replace(b"version:`", b"version:`newer-")
            return web.Response(body=body, status=answer.status, headers=own)


@pytest_asyncio.fixture(loop_scope="session")
async def network(classroom: Classroom, pack: Path) -> AsyncIterator[Network]:
    between = Network(classroom.server.url, pack)
    await between.on()
    try:
        yield between
    finally:
        await between.off()


async def phone_of_a_student(classroom: Classroom, network: Network) -> Page:
    """Sign in on a phone whose browser has taken the worker."""
    context = await new_context(
        classroom.chromium, viewport=PHONE, locale="en", service_workers="allow"
    )
    classroom.contexts.append(context)
    page = await context.new_page()
    link = await classroom.staff.invite(classroom.course, "Нигора", "student")
    await page.goto(network.url + link)
    await page.get_by_test_id("continue").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    await page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    await page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    return page


async def test_a_kept_lesson_opens_with_the_network_off_and_goes_at_a_tap(
    classroom: Classroom, network: Network, screenshots: Path
) -> None:
    page = await phone_of_a_student(classroom, network)
    await page.goto(f"{network.url}/dev/gallery?show=library")
    await page.get_by_test_id("keep").first.click()
    await page.get_by_test_id("kept-here").first.wait_for()

    await network.off()
    await page.goto(f"{network.url}/offline")
    await page.get_by_test_id("kept").wait_for()
    await inspect(page, "kept", screenshots)
    await page.get_by_test_id("kept").get_by_role("link").click()
    await page.get_by_role("heading", name=FACTS["title"]).wait_for()
    await page.get_by_test_id("play").wait_for()

    await page.goto(f"{network.url}/join/123456")  # a page the server makes
    await page.wait_for_url("**/offline")
    page.on("dialog", lambda dialog: dialog.accept())
    await page.get_by_test_id("remove-kept").click()
    await page.get_by_text("Nothing is kept yet").wait_for()
    await page.goto(network.url)
    await page.get_by_role("button", name="Try again").wait_for()  # the first page says it in words


async def test_a_new_version_asks_before_it_takes_over(
    classroom: Classroom, network: Network, screenshots: Path
) -> None:
    page = await phone_of_a_student(classroom, network)
    network.newer = True
    await page.evaluate("() => navigator.serviceWorker.getRegistration().then((it) => it.update())")
    await page.get_by_test_id("update").wait_for()
    await page.screenshot(path=screenshots / "update-phone.png")
    await page.get_by_test_id("update-now").click()
    await page.locator("script[src*='?newer']").wait_for(state="attached")

    async def is_newer() -> bool:
        return bool(await page.evaluate(
            "() => caches.keys().then((all) => all.some((one) => one.includes('newer-')))"
        ))  # fmt: skip

    await eventually("the new version's pages are kept", is_newer)
