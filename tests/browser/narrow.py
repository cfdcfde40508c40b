"""A narrow link between one page's player and the server, which can become wide again."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from playwright.async_api import Page, Route

CANDIDATE = re.compile(r"^(a=candidate:\S+ \d udp \d+ \S+) \d+ ", re.MULTILINE | re.IGNORECASE)
AROUND = re.compile(r"^a=candidate:\S+ \d tcp .*\r\n", re.MULTILINE | re.IGNORECASE)
QUEUE = 0.3  # seconds of data that wait at most; what comes on top of it is lost

Address = tuple[str, int]


@dataclass
class Narrow:
    """Carries datagrams to the media port, and back at so many bits a second."""

    media: Address
    rate: float | None = None  # bits a second toward the page; None is as fast as it goes
    port: int = 0
    _back: dict[Address, asyncio.DatagramTransport] = field(default_factory=dict)
    _front: asyncio.DatagramTransport | None = None
    _free: float = 0.0  # when the link has carried what waits

    async def lay(self, page: Page) -> None:
        """Let the page's players come over this link."""
        await page.context.route("**/whep/*", self._answer)

    async def _answer(self, route: Route) -> None:
        response = await route.fetch()
        direct = AROUND.sub("", await response.text())
        body = CANDIDATE.sub(rf"\g<1> {self.port} ", direct)
        await route.fulfill(response=response, body=body)

    def take(self, data: bytes, source: Address) -> None:
        """Carry a datagram of the page's."""
        if source in self._back:
            self._back[source].sendto(data)
        else:
            task = asyncio.ensure_future(self._open(source))
            task.add_done_callback(lambda _: self._back[source].sendto(data))

    async def _open(self, source: Address) -> None:
        loop = asyncio.get_running_loop()
        back, _ = await loop.create_datagram_endpoint(
            lambda: _End(lambda data, _: self._carry(data, source)), remote_addr=self.media
        )
        if source in self._back:
            back.close()
        else:
            self._back[source] = back

    def _carry(self, data: bytes, to: Address) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self.rate is None:
            self._free = now
        else:
            begins = max(now, self._free)
            if begins - now > QUEUE:
                return
            self._free = begins + 8 * len(data) / self.rate
        loop.call_at(self._free, self._send, data, to)

    def _send(self, data: bytes, to: Address) -> None:
        if self._front is not None and not self._front.is_closing():
            self._front.sendto(data, to)


class _End(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, Address], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._take(data, addr)


@asynccontextmanager
async def narrow_link(media_port: int) -> AsyncIterator[Narrow]:
    """Open a link to a media port of this machine for the length of the block."""
    link = Narrow(("127.0.0.1", media_port))
    loop = asyncio.get_running_loop()
    front, _ = await loop.create_datagram_endpoint(
        lambda: _End(link.take), local_addr=("127.0.0.1", 0)
    )
    link._front = front
    link.port = front.get_extra_info("sockname")[1]
    try:
        yield link
    finally:
        front.close()
        for back in link._back.values():
            back.close()
