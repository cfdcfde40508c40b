"""A school: rooms over the real engine behind real HTTP, on loopback."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from media.rooms import Rooms
from media.worker import Worker
from signaling.app import Signaling
from tests.integration.school import KEY, LESSON, School

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pytest_aiohttp import AiohttpServer

PAGE = Path(__file__).parent / "peer.html"


async def serve_page(_: web.Request) -> web.Response:
    return web.Response(text=PAGE.read_text(), content_type="text/html")


@pytest.fixture
async def school(aiohttp_server: AiohttpServer) -> AsyncIterator[School]:
    async with Worker.open(threads=1) as worker:
        rooms = Rooms(worker)
        rooms.open(LESSON, live=True)
        signaling = Signaling(rooms, KEY)
        app = web.Application()
        app.add_routes([*signaling.routes(), web.get("/", serve_page)])
        yield School(rooms, await aiohttp_server(app), signaling)
        rooms.close(LESSON)
