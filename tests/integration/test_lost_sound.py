"""A Chromium that loses a quarter of its packets hears the lost ones from copies (RFC 2198)."""

from __future__ import annotations

import asyncio
import random
import re
import shutil
from typing import TYPE_CHECKING, Any, cast

import pytest
from playwright.async_api import async_playwright

from tests.integration.test_chromium_peer import FLAGS, eventually, stats

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from playwright.async_api import Browser, Page, Route

    from tests.integration.school import School

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

LOSS = 0.25  # of the sound
SAMPLES = 960  # of one packet, at 48 kHz
ENOUGH = 20  # lost packets to judge by
MADE_UP = 0.4  # part of what was lost that a browser has to make up; with two copies 0.06
PLAY = """() => {
  window.player = new Audio()
  player.srcObject = new MediaStream(peer.getReceivers().map((receiver) => receiver.track))
  return player.play()
}"""  # what nobody listens to is not decoded
SOUND = (63, 111)  # payload types of Chromium's offers: with copies, and plain


class Upstream(asyncio.DatagramProtocol):
    """The way of one of the browser's addresses to the server and back."""

    def __init__(self, relay: LossyRelay, browser: tuple[str, int]) -> None:
        self.relay = relay
        self.browser = browser
        self.early: list[bytes] = []
        self.socket: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.socket = cast("asyncio.DatagramTransport", transport)
        for datagram in self.early:
            self.socket.sendto(datagram)

    def send(self, datagram: bytes) -> None:
        if self.socket is None:
            self.early.append(datagram)
        else:
            self.socket.sendto(datagram)

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self.relay.loses(data, toward_server=False):
            self.relay.back(data, self.browser)


class LossyRelay(asyncio.DatagramProtocol):
    """A bad network between a browser and the server."""

    def __init__(self, server: tuple[str, int], *, toward_server: bool) -> None:
        self.server = server
        self.toward_server = toward_server
        self.lost = 0
        self.port = 0
        self._dice = random.Random(4)  # the same losses every time
        self._ways: dict[tuple[str, int], Upstream] = {}
        self._opening: list[asyncio.Task[Any]] = []
        self._socket: asyncio.DatagramTransport

    async def open(self) -> LossyRelay:
        loop = asyncio.get_running_loop()
        address = ("127.0.0.1", 0)
        self._socket, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=address)
        self.port = self._socket.get_extra_info("sockname")[1]
        return self

    def close(self) -> None:
        self._socket.close()
        for way in self._ways.values():
            if way.socket is not None:
                way.socket.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if addr not in self._ways:
            self._ways[addr] = way = Upstream(self, addr)
            loop = asyncio.get_running_loop()
            opening = loop.create_datagram_endpoint(lambda: way, remote_addr=self.server)
            self._opening.append(loop.create_task(opening))
        if not self.loses(data, toward_server=True):
            self._ways[addr].send(data)

    def loses(self, data: bytes, *, toward_server: bool) -> bool:
        """Say whether a datagram is lost on its way."""
        is_sound = len(data) > 1 and data[0] >> 6 == 2 and data[1] & 0x7F in SOUND
        lost = is_sound and toward_server is self.toward_server and self._dice.random() < LOSS
        self.lost += lost
        return lost

    def back(self, data: bytes, browser: tuple[str, int]) -> None:
        self._socket.sendto(data, browser)

    async def stand_between(self, route: Route) -> None:
        """Let the answer to an offer name the relay instead of the server."""
        response = await route.fetch()
        candidate = rf"(a=candidate:.* ){self.server[1]}( typ host)"
        body = re.sub(candidate, rf"\g<1>{self.port}\g<2>", await response.text())
        await route.fulfill(response=response, body=body)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        yield browser
        await browser.close()


async def opened(browser: Browser, school: School) -> Page:
    page = await browser.new_page()
    await page.goto(school.url("/").replace("127.0.0.1", "localhost"))
    return page


async def sound(page: Page, kind: str) -> dict[str, Any]:
    """Return what the browser says of its sound, nothing before there is any."""
    found = [entry for entry in await stats(page, kind) if entry["kind"] == "audio"]
    return found[0] if found else {}


async def taught(school: School, teacher: Page, *, copies: bool) -> None:
    await teacher.evaluate(
        "([url, token, copies]) => publish(url, token, copies)",
        [school.whip(), school.token(), copies],
    )


async def heard_by(school: School, student: Page) -> None:
    await student.evaluate(
        "([url, token]) => watch(url, token, 0, 1)", [school.whep(), school.student()]
    )
    await student.evaluate(PLAY)


async def restores(
    student: Page, lost: Callable[[dict[str, Any]], int], missing: Callable[[dict[str, Any]], float]
) -> bool:
    """Wait until much less is missing than was lost; a machine that stalls costs one look."""
    last: list[tuple[int, float]] = []

    async def look() -> bool:
        heard = await sound(student, "inbound-rtp")
        now = (lost(heard), missing(heard))
        if not last:
            last.append(now)
        if now[0] - last[0][0] < ENOUGH:
            return False
        gone, made_up = now[0] - last[0][0], now[1] - last[0][1]
        last[0] = now
        return made_up < MADE_UP * gone

    await eventually(look)
    return True


async def test_a_student_hears_what_was_lost(school: School, browser: Browser) -> None:
    teacher, student = await opened(browser, school), await opened(browser, school)
    await taught(school, teacher, copies=False)
    relay = await LossyRelay(school.media_address(), toward_server=False).open()
    await student.route("**/whep/*", relay.stand_between)
    await heard_by(school, student)
    assert await restores(
        student,
        lambda heard: int(heard.get("packetsLost", 0)),
        lambda heard: float(heard.get("concealedSamples", 0)) / SAMPLES,
    )
    assert relay.lost >= ENOUGH
    relay.close()


async def test_a_teacher_is_heard_over_a_bad_line(school: School, browser: Browser) -> None:
    teacher, student = await opened(browser, school), await opened(browser, school)
    relay = await LossyRelay(school.media_address(), toward_server=True).open()
    await teacher.route("**/whip/*", relay.stand_between)
    await taught(school, teacher, copies=True)
    await heard_by(school, student)
    assert await restores(
        student, lambda _: relay.lost, lambda heard: float(heard.get("packetsLost", 0))
    )
    relay.close()
