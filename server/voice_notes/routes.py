"""Voice notes over HTTP: sent in pieces by students, listened to by teachers."""

from http import HTTPStatus

from aiohttp import web

from server.access import lesson_access
from server.errors import Conflict, Invalid, NotFound, WrongMediaType
from server.limits import VOICE_NOTE_PIECES
from server.rights import Right
from server.services import SERVICES
from server.viewer import viewer_of
from server.voice_notes import uploads
from server.voice_notes.states import KEPT
from server.voice_notes.uploads import Piece
from server.web import json_answer, path_id, read_body, read_bytes

routes = web.RouteTableDef()


@routes.post("/api/lessons/{lesson}/voice-notes")
async def announce(request: web.Request) -> web.Response:
    """Announce a voice note."""
    viewer, lesson = await viewer_of(request), path_id(request, "lesson")
    async with request.app[SERVICES].database.read() as session:
        await lesson_access(session, viewer, lesson, Right.WATCH)  # a stranger's words are not read
    new = await read_body(request, uploads.NewNote)
    facts = await uploads.create(request.app[SERVICES], viewer, lesson, new)
    return json_answer(facts, HTTPStatus.CREATED)


@routes.get("/api/lessons/{lesson}/voice-notes/{note}")
async def show(request: web.Request) -> web.Response:
    """Say how far a voice note has come."""
    viewer = await viewer_of(request)
    where = path_id(request, "lesson"), path_id(request, "note")
    return json_answer(await uploads.status(request.app[SERVICES], viewer, *where))


@routes.put("/api/lessons/{lesson}/voice-notes/{note}")
async def take_piece(request: web.Request) -> web.Response:
    """Take a piece of a voice note."""
    services, viewer = request.app[SERVICES], await viewer_of(request)
    where = path_id(request, "lesson"), path_id(request, "note")
    await uploads.status(services, viewer, *where)  # a stranger's bytes are not read
    await services.limits.take(VOICE_NOTE_PIECES, str(viewer.must_be_somebody().id))
    if request.content_type != "application/octet-stream":
        raise WrongMediaType("wrong-content-type", "Send this as application/octet-stream.")
    piece = Piece(_offset(request), await read_bytes(request))
    return json_answer(await uploads.take_piece(services, viewer, *where, piece))


def _offset(request: web.Request) -> int:
    text = request.query.get("offset", "")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(uploads.MAX_SIZE))):
        raise Invalid("invalid-field", "offset is a number of bytes.", field="offset")
    return int(text)


@routes.get("/api/lessons/{lesson}/voice-notes/{note}/sound")
async def listen(request: web.Request) -> web.StreamResponse:
    """Return a voice note's sound, whole or in ranges."""
    services, viewer = request.app[SERVICES], await viewer_of(request)
    where = path_id(request, "lesson"), path_id(request, "note")
    async with services.database.read() as session:
        note = await uploads.find(session, viewer, *where, Right.MODERATE)
    if note.state not in KEPT:
        raise Conflict("note-state", f"The voice note is {note.state.value}.", state=note.state)
    path = services.voice_notes.shelf.path(*where)
    if not await services.voice_notes.run(path.is_file):
        raise NotFound("sound-lost", "The sound of this voice note is gone.")
    headers = {"Content-Type": "audio/webm", "Cache-Control": "private, no-store"}
    return web.FileResponse(path, headers=headers)
