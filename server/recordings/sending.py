"""Bytes of recordings in answers: whole or by Range (RFC 9110 §14), tagged once they stay."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from aiohttp import hdrs, web

from recordings.ranges import NotSatisfiable, parse_range
from server.errors import NotFound, Problem
from server.pages import secure
from server.services import SERVICES
from server.viewer import viewer_of
from server.web import client_address, limit_key

# What has a tag never changes under it; another person's browser session asks again.
KEEP = "private, max-age=86400, immutable"
ASK_AGAIN = "private, no-store"


class RangeRefused(Problem):
    """The bytes that are asked for are not there."""

    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE


@dataclass(frozen=True, slots=True)
class Served:
    """A file as it is served: its complete bytes, its type, a tag unless it grows."""

    path: Path
    size: int
    kind: str
    tag: str | None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The bytes [first, end) that are asked for, by a range or as the whole file."""

    first: int
    end: int
    by_range: bool


def wanted_range(request: web.Request, served: Served) -> Wanted:
    """Return what is asked for; raises RangeRefused."""
    header = request.headers.get(hdrs.RANGE)
    condition = request.headers.get(hdrs.IF_RANGE)
    if condition is not None and condition != f'"{served.tag}"':
        header = None
    try:
        found = parse_range(header, served.size)
    except NotSatisfiable as error:
        headers = {"Content-Range": f"bytes */{served.size}"}
        raise RangeRefused("no-range", "The range is past the end.", headers=headers) from error
    first, end = found or (0, served.size)
    return Wanted(first, end, found is not None)


async def send_range(request: web.Request, served: Served, wanted: Wanted) -> web.StreamResponse:
    """Send bytes of a file; raises NotFound when it is gone.

    A range is answered as one even if it is the whole: a player tells by the status whether its
    bytes begin where it asked.
    """
    headers = {
        hdrs.CACHE_CONTROL: KEEP if served.tag else ASK_AGAIN,
        hdrs.VARY: "Cookie",
        hdrs.ACCEPT_RANGES: "bytes",
        hdrs.CONTENT_TYPE: served.kind,
        **served.headers,
    }
    if wanted.by_range:
        headers[hdrs.CONTENT_RANGE] = f"bytes {wanted.first}-{wanted.end - 1}/{served.size}"
    status = HTTPStatus.PARTIAL_CONTENT if wanted.by_range else HTTPStatus.OK
    response = web.StreamResponse(status=status, headers=headers)
    if served.tag is not None:
        response.etag = served.tag
        seen = request.if_none_match or ()
        if not wanted.by_range and any(one.value in (served.tag, "*") for one in seen):
            response.set_status(HTTPStatus.NOT_MODIFIED)
    response.content_length = wanted.end - wanted.first
    return await _stream(request, response, served.path, wanted)


async def _stream(
    request: web.Request, response: web.StreamResponse, path: Path, wanted: Wanted
) -> web.StreamResponse:
    shelf = request.app[SERVICES].recordings
    pieces = shelf.pieces(path, wanted.first, wanted.end)
    with shelf.lend(await _reader(request)):
        try:
            beginning = await anext(pieces, b"")
        except FileNotFoundError as error:
            raise NotFound("run-lost", "This part of the recording is gone.") from error
        secure(request, response)
        if response.status == HTTPStatus.NOT_MODIFIED:
            response.content_length = None
        try:
            await response.prepare(request)
            if request.method != hdrs.METH_HEAD and response.status != HTTPStatus.NOT_MODIFIED:
                await _send_pieces(response, beginning, pieces, wanted.end - wanted.first)
            await response.write_eof()
        except ConnectionError:  # they have sought elsewhere, or closed the page
            response.force_close()
        finally:
            await pieces.aclose()
    return response


async def _reader(request: web.Request) -> str:
    """Return by whom downloads are counted: a person, or where nobody is signed in an address."""
    viewer = await viewer_of(request)
    if viewer.person is not None:
        return str(viewer.person.id)
    return limit_key(client_address(request, request.app[SERVICES].settings))


async def _send_pieces(
    response: web.StreamResponse, beginning: bytes, pieces: AsyncIterator[bytes], size: int
) -> None:
    sent = len(beginning)
    await response.write(beginning)
    async for piece in pieces:
        await response.write(piece)
        sent += len(piece)
    if sent < size:
        response.force_close()  # deleted while it was read: the reader must notice
