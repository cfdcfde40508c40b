"""The wire between one page and the server, which can be cut and can lose answers."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.async_api import Page, Route, WebSocketRoute

EVENT = re.compile(r"^42\d+\[")  # a Socket.IO event that asks for an acknowledgement
ACKNOWLEDGEMENT = re.compile(r"^43\d+\[")  # a Socket.IO acknowledgement inside Engine.IO
PING, PONG = "2", "3"  # Engine.IO's heartbeat


@dataclass
class Line:
    """One page's wire."""

    up: bool = True
    lose: Callable[[], bool] = lambda: False
    unanswered: int = 0  # of what the page has sent over its present socket
    _page: WebSocketRoute | None = None
    _beats: int = 0

    async def lay(self, page: Page) -> None:
        await page.context.route("**/socket.io/*polling*", self._poll)
        await page.context.route_web_socket(re.compile("/socket.io/"), self._socket)

    async def cut(self, page: Page) -> None:
        self.up = False
        await page.evaluate("() => window.__darsgoh.lesson().cutSocket()")

    def beat(self) -> None:
        """Let the page hear the server's heart, when the page's clock was moved and its was not."""
        if self._page is not None:
            self._beats += 1
            self._page.send(PING)

    async def _poll(self, route: Route) -> None:
        await (route.continue_() if self.up else route.abort())

    async def _socket(self, page_side: WebSocketRoute) -> None:
        if not self.up:
            await page_side.close()
            return
        server_side = page_side.connect_to_server()
        self._page, self._beats, self.unanswered = page_side, 0, 0

        def there(message: str | bytes) -> None:
            self.unanswered += bool(isinstance(message, str) and EVENT.match(message))
            if message == PONG and self._beats > 0:
                self._beats -= 1  # the server did not ask for it
            else:
                server_side.send(message)

        def back(message: str | bytes) -> None:
            answer = bool(isinstance(message, str) and ACKNOWLEDGEMENT.match(message))
            self.unanswered -= answer
            if not (answer and self.lose()):
                page_side.send(message)

        page_side.on_message(there)
        server_side.on_message(back)
