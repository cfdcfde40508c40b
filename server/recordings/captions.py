"""Captions of a recording: imported per language, handed out as far as the recording is shown.

The words lie beside the runs, in `captions/<language>.vtt`, as this server has written them: what
somebody sent is never handed on as it came.
"""

import asyncio
import uuid
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, get_args

from aiohttp import hdrs, web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from recordings.cuts import shown_cues
from recordings.webvtt import MAX_SIZE, Cue, WebVttError, parse_webvtt, to_webvtt
from server.access import lesson_access
from server.clock import to_iso
from server.errors import BadRequest, Conflict, Invalid, NotFound, TooLarge, WrongMediaType
from server.lesson_state import OPEN
from server.limits import CAPTIONS
from server.models import Person
from server.recordings.reading import RecordingReading, read_recording
from server.recordings.tables import Captions, Recording
from server.rights import Right
from server.services import SERVICES, Services
from server.settings import Language
from server.viewer import Viewer, viewer_of
from server.web import json_answer, path_id

routes = web.RouteTableDef()
ONE = "/api/lessons/{lesson}/captions/{language}"
FOLDER = "captions"
LANGUAGES: tuple[str, ...] = get_args(Language)
UPLOAD_SECONDS = 120  # 2 MB at 150 kbit/s
AUTOMATIC_NOTE = "Automatic draft: written by a machine, not read over by anybody."


def path_of(services: Services, lesson: uuid.UUID, language: str) -> Path:
    """Return the file of a recording's captions in a language of ours."""
    return services.recordings.folder(lesson) / FOLDER / f"{language}.vtt"


def language_of(request: web.Request) -> str:
    """Return the language of a path; raises NotFound for one that is none of ours."""
    language = request.match_info["language"]
    if language not in LANGUAGES:
        raise NotFound("language-unknown", f"Captions are in {', '.join(LANGUAGES)}.")
    return language


# --- importing ----------------------------------------------------------------------------------


@routes.put(ONE)
async def import_captions(request: web.Request) -> web.Response:
    """Take a WebVTT file as the captions in a language, in place of those there are."""
    services, viewer = request.app[SERVICES], await viewer_of(request)
    lesson, language = path_id(request, "lesson"), language_of(request)
    async with services.database.read() as session:  # a stranger's bytes are not read
        await recording_of(session, viewer, lesson)
    await services.limits.take(CAPTIONS, str(viewer.must_be_somebody().id))
    cues = await services.recordings.run(partial(_parsed, await _body(request)))
    length = (await services.recordings.catalogue(lesson)).length
    async with services.database.write() as session:
        recording = await recording_of(session, viewer, lesson)
        _check_times(cues, max(length, recording.length))
        person = viewer.must_be_somebody().id
        row = await keep(services, session, lesson, language, cues, person=person)
        facts = _facts(row, {person: viewer.must_be_somebody().name})
    return json_answer(facts)


async def recording_of(session: AsyncSession, viewer: Viewer, lesson: uuid.UUID) -> Recording:
    """Return a finished recording to whoever looks after it, locked; raises a Problem."""
    access = await lesson_access(session, viewer, lesson, Right.MODERATE)
    recording = await session.get(Recording, lesson, with_for_update=True)
    if recording is None or recording.deleted_at is not None:
        raise NotFound("no-recording", "This lesson has no recording.")
    if access.lesson.state in OPEN:
        raise Conflict("lesson-open", "End the lesson first.")
    return recording


async def _body(request: web.Request) -> bytes:
    if request.content_type != "text/vtt":
        raise WrongMediaType("wrong-content-type", "Send this as text/vtt.")
    too_large = TooLarge("too-large", f"Captions may have {MAX_SIZE // 1024**2} MB.")
    if (request.content_length or 0) > MAX_SIZE:
        raise too_large
    data = bytearray()
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            async for chunk in request.content.iter_any():
                data += chunk
                if len(data) > MAX_SIZE:
                    raise too_large
    except web.RequestPayloadError as error:
        raise BadRequest("bad-body", "The body breaks its own encoding.") from error
    except TimeoutError as error:
        raise BadRequest("too-slow", "The body did not arrive in time.") from error
    return bytes(data)


def _parsed(data: bytes) -> list[Cue]:
    try:
        cues = parse_webvtt(data)
    except WebVttError as error:
        detail = f"L{str(error)[1:]}."
        raise Invalid(
            "captions-unreadable", detail, fault=error.fault.value, line=error.line
        ) from error
    if not cues:
        raise Invalid("captions-empty", "There is no caption in this file.")
    return cues


def _check_times(cues: list[Cue], length: int) -> None:
    if cues[-1].at >= length:
        raise Invalid(
            "captions-outside", "These captions are longer than the lesson: is it the right file?"
        )


async def keep(
    services: Services,
    session: AsyncSession,
    lesson: uuid.UUID,
    language: str,
    cues: list[Cue],
    *,
    person: uuid.UUID | None,
    automatic: bool = False,
) -> Captions:
    """Write captions, and note whose they are; in the transaction that has locked the recording."""
    text = to_webvtt(cues, AUTOMATIC_NOTE if automatic else "")
    path = path_of(services, lesson, language)
    await services.recordings.run(partial(_write, path, text.encode()))
    values = {
        "automatic": automatic,
        "cues": len(cues),
        "person_id": person,
        "created_at": services.clock.now(),
        "deleted_at": None,
    }
    return await session.merge(Captions(lesson_id=lesson, language=language, **values))


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(data)
    new.replace(path)


# --- listing, handing out -----------------------------------------------------------------------


async def captions_facts(
    session: AsyncSession, lesson: uuid.UUID, *, teacher: bool
) -> list[dict[str, Any]]:
    """Return which captions there are; teachers are told whose they are, and what was deleted."""
    query = (
        select(Captions, Person.name)
        .outerjoin(Person, Person.id == Captions.person_id)
        .where(Captions.lesson_id == lesson)
        .order_by(Captions.language.desc())
    )
    rows = (await session.execute(query)).all()
    if not teacher:
        return [
            {"language": row.language, "automatic": row.automatic}
            for row, _ in rows
            if row.deleted_at is None
        ]
    return [_facts(row, {row.person_id: name}) for row, name in rows]


def _facts(row: Captions, names: dict[Any, str]) -> dict[str, Any]:
    return {
        "language": row.language,
        "automatic": row.automatic,
        "cues": row.cues,
        "by": None if row.person_id is None else names.get(row.person_id),
        "at": to_iso(row.created_at),
        "deleted": row.deleted_at is not None,
    }


@routes.get("/recordings/{lesson}/captions/{language}.vtt")
async def send_captions(request: web.Request) -> web.Response:
    """Send captions as WebVTT, as far as the viewer may hear what they say."""
    reading, language = await read_recording(request), language_of(request)
    row = await _captions(request, reading, language)
    if row.deleted_at is not None:
        raise NotFound("no-captions", "There are no captions in this language.")
    path = path_of(request.app[SERVICES], reading.lesson.id, language)
    text = await request.app[SERVICES].recordings.run(partial(_shown, path, row, reading))
    headers = {
        hdrs.CACHE_CONTROL: "private, no-cache",
        hdrs.VARY: "Cookie",
        hdrs.CONTENT_LANGUAGE: language,
    }
    response = web.Response(text=text, content_type="text/vtt", headers=headers)
    response.enable_compression()
    return response


async def _captions(request: web.Request, reading: RecordingReading, language: str) -> Captions:
    async with request.app[SERVICES].database.read() as session:
        row = await session.get(Captions, (reading.lesson.id, language))
    if row is None:
        raise NotFound("no-captions", "There are no captions in this language.")
    return row


def _shown(path: Path, row: Captions, reading: RecordingReading) -> str:
    try:
        cues = parse_webvtt(path.read_bytes())
    except (OSError, WebVttError) as error:
        raise NotFound("captions-lost", "The words of these captions are gone.") from error
    return to_webvtt(shown_cues(cues, reading.cuts), AUTOMATIC_NOTE if row.automatic else "")


# --- deleting, bringing back --------------------------------------------------------------------


@routes.delete(ONE)
async def delete_captions(request: web.Request) -> web.Response:
    """Take captions away; their file stays until they can not be brought back any more."""
    return await _set_deleted(request, deleted=True)


@routes.post(ONE + "/restore")
async def restore_captions(request: web.Request) -> web.Response:
    """Bring deleted captions back."""
    return await _set_deleted(request, deleted=False)


async def _set_deleted(request: web.Request, *, deleted: bool) -> web.Response:
    services, viewer = request.app[SERVICES], await viewer_of(request)
    lesson, language = path_id(request, "lesson"), language_of(request)
    async with services.database.write() as session:
        await recording_of(session, viewer, lesson)
        row = await session.get(Captions, (lesson, language))
        if row is None:
            raise NotFound("no-captions", "There are no captions in this language.")
        if not deleted:
            row.deleted_at = None
        elif row.deleted_at is None:
            row.deleted_at = services.clock.now()
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def let_go(session: AsyncSession, before: datetime) -> list[tuple[uuid.UUID, str]]:
    """Forget captions that were deleted before a moment; return whose files can go."""
    gone = list(await session.scalars(select(Captions).where(Captions.deleted_at < before)))
    for row in gone:
        await session.delete(row)
    return [(row.lesson_id, row.language) for row in gone]


async def remove_files(services: Services, gone: Iterable[tuple[uuid.UUID, str]]) -> None:
    """Delete the files of captions for good."""
    for lesson, language in gone:
        path = path_of(services, lesson, language)
        await services.recordings.run(partial(path.unlink, missing_ok=True))
