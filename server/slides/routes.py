"""Slides over HTTP: uploaded and shown by teachers, seen by who may watch."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from media.stills import WIDTHS
from server.access import lesson_access
from server.errors import BadRequest, NotFound, TooLarge, WrongMediaType
from server.limits import SLIDES
from server.rights import Right
from server.services import SERVICES
from server.slides import decks
from server.viewer import Viewer, viewer_of
from server.web import json_answer, path_id, read_body

CHUNK = 256 * 1024  # bytes written at once
UPLOAD_SECONDS = 900  # 32 MB at 300 kbit/s
FOREVER = "private, max-age=31536000, immutable"  # a number or a page never shows another picture
DECKS = "/api/lessons/{lesson}/decks"

routes = web.RouteTableDef()


async def _enter(request: web.Request, right: Right) -> tuple[Viewer, uuid.UUID]:
    viewer, lesson = await viewer_of(request), path_id(request, "lesson")
    async with request.app[SERVICES].database.read() as session:
        await lesson_access(session, viewer, lesson, right)
    return viewer, lesson


@routes.post(DECKS)
async def upload(request: web.Request) -> web.Response:
    """Take a file as slides; `?name=` is what it is called."""
    services = request.app[SERVICES]
    viewer, lesson = await _enter(request, Right.PUBLISH)  # a stranger's bytes are not read
    await services.limits.take(SLIDES, str(viewer.must_be_somebody().id))
    if request.content_type != "application/octet-stream":
        raise WrongMediaType("wrong-content-type", "Send this as application/octet-stream.")
    if (request.content_length or 0) > decks.MAX_SIZE:
        raise TooLarge("too-large", f"Slides may have {decks.MAX_SIZE // 1024**2} MB.")
    deck = await decks.upload(services, lesson, request.query.get("name", ""), _chunks(request))
    return json_answer(deck.facts(), HTTPStatus.CREATED)


async def _chunks(request: web.Request) -> AsyncIterator[bytes]:
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            async for chunk in request.content.iter_chunked(CHUNK):
                yield chunk
    except web.RequestPayloadError as error:
        raise BadRequest("bad-body", "The body breaks its own encoding.") from error
    except TimeoutError as error:
        raise BadRequest("too-slow", "The body did not arrive in time.") from error


@routes.get(DECKS)
async def show_decks(request: web.Request) -> web.Response:
    """List the slides that were uploaded."""
    _, lesson = await _enter(request, Right.PUBLISH)
    slides = request.app[SERVICES].slides
    found = await slides.run(slides.shelf.decks, lesson)
    return json_answer({"decks": [deck.facts() for deck in found]})


@routes.delete(DECKS + "/{deck}")
async def drop(request: web.Request) -> web.Response:
    """Delete uploaded slides; what was shown stays in the lesson."""
    _, lesson = await _enter(request, Right.PUBLISH)
    deck, services = path_id(request, "deck"), request.app[SERVICES]
    await decks.find(services, lesson, deck)
    await services.slides.run(services.slides.shelf.drop, lesson, deck)
    return web.Response(status=HTTPStatus.NO_CONTENT)


@routes.post("/api/lessons/{lesson}/slide")
async def show(request: web.Request) -> web.Response:
    """Show a page to everybody, or none."""
    _, lesson = await _enter(request, Right.PUBLISH)
    wish = await read_body(request, decks.Wish)
    return json_answer({"slide": await decks.show(request.app[SERVICES], lesson, wish)})


@routes.get(DECKS + "/{deck}/{page}/{width}")
async def see_page(request: web.Request) -> web.StreamResponse:
    """Return a page's picture to those who choose what is shown."""
    _, lesson = await _enter(request, Right.PUBLISH)
    deck, shelf = path_id(request, "deck"), request.app[SERVICES].slides.shelf
    return await _picture(
        request, shelf.picture(lesson, deck, _number(request, "page"), _width(request))
    )


@routes.get("/api/lessons/{lesson}/slides/{number}/{width}")
async def see(request: web.Request) -> web.StreamResponse:
    """Return the picture of a slide that was shown."""
    _, lesson = await _enter(request, Right.WATCH)
    shelf = request.app[SERVICES].slides.shelf
    return await _picture(request, shelf.still(lesson, _number(request, "number"), _width(request)))


async def _picture(request: web.Request, path: Path) -> web.StreamResponse:
    if not await request.app[SERVICES].slides.run(path.is_file):
        raise NotFound
    headers = {"Content-Type": "image/webp", "Cache-Control": FOREVER}
    return web.FileResponse(path, headers=headers)


def _number(request: web.Request, name: str) -> int:
    text = request.match_info[name]
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(decks.MAX_PAGE))):
        raise NotFound
    return int(text)


def _width(request: web.Request) -> int:
    width = _number(request, "width")
    if not 0 < width <= WIDTHS[-1]:
        raise NotFound
    return width
