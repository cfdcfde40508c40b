"""Whether the server lives, whether it can do its work, and what it counts."""

import asyncio
import hmac
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from server.directory import disk_trouble
from server.errors import NotAllowed, NotFound
from server.services import SERVICES, Services
from server.web import is_this_machine, json_answer

routes = web.RouteTableDef()
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the server is not ready."""

    code: str
    detail: str


@routes.get("/healthz")
async def health(_request: web.Request) -> web.Response:
    """Say that the process lives; asks nobody else, so that no restart follows their failures."""
    return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})


@routes.get("/readyz")
async def readiness(request: web.Request) -> web.Response:
    """Say whether lessons can be taught now, and if not, why."""
    reasons = await find_reasons(request.app[SERVICES])
    status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
    shown = [{"code": one.code, "detail": one.detail} for one in reasons]
    return json_answer({"ready": not reasons, "reasons": shown}, status=status)


async def find_reasons(services: Services) -> list[Reason]:
    """Return everything that stands in the way."""
    database = await _database_reasons(services)
    directory = services.settings.data.directory
    trouble = await asyncio.to_thread(disk_trouble, directory)
    disk = None if trouble is None else Reason("disk", trouble)
    media = media_reason(services)
    return [*database, *(one for one in (disk, media) if one is not None)]


async def _database_reasons(services: Services) -> list[Reason]:
    try:
        await services.database.check()
        if await services.database.pending_migrations():
            return [Reason("migrations", "The tables do not fit this version; restart it.")]
    except (SQLAlchemyError, OSError, TimeoutError):
        return [Reason("database", "The database does not answer.")]
    return []


def media_reason(services: Services) -> Reason | None:
    """Return what is wrong with the media port."""
    if services.rooms.is_open():
        return None
    return Reason("media", "The media port is closed.")


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Return the counters, to this machine or to the holder of the metrics token."""
    services = request.app[SERVICES]
    token = services.settings.metrics.token.get_secret_value()
    given = request.headers.get("Authorization", "").encode("utf-8", "replace")
    with_token = bool(token) and hmac.compare_digest(given, f"Bearer {token}".encode())
    if not with_token and not is_this_machine(request, services.settings):
        raise NotAllowed
    return web.Response(
        body=services.metrics.text(),
        headers={"Content-Type": PROMETHEUS, "Cache-Control": "no-store"},
    )


@routes.get("/api/demo")
async def demo(request: web.Request) -> web.Response:
    """Return the demo's lesson and its sign-in links."""
    demo = request.app[SERVICES].demo
    if demo is None:
        raise NotFound
    links = [{"role": link.role, "url": link.url} for link in demo.links]
    return json_answer(
        {"lesson": {"id": demo.lesson_id, "title": demo.lesson_title}, "links": links}
    )
