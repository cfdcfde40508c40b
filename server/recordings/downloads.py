"""A finished lesson as one file to keep: what there is and how big, begun once, sent by Range."""

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from recordings import made
from recordings.catalogue import VOICE
from recordings.downloads import available, ending_of, file_name, size_of
from server.clock import to_iso
from server.errors import Conflict, NotFound
from server.jobs import store as jobs_store
from server.jobs.states import JobState
from server.jobs.tables import Job
from server.models import Lesson
from server.recordings.making import DOWNLOAD, cuts_facts
from server.recordings.reading import RecordingReading, read_recording
from server.recordings.sending import Served, send_range, wanted_range
from server.services import SERVICES, Services
from server.web import json_answer

routes = web.RouteTableDef()
MAX_TITLE = 60  # characters in a file's name; with Tajik letters 120 bytes of 255
SHOWN = (JobState.QUEUED, JobState.RUNNING, JobState.FAILED)


async def downloads_facts(
    services: Services, session: AsyncSession, reading: RecordingReading
) -> list[dict[str, Any]]:
    """Return which files a viewer may keep, how big they are, and whether they are there yet."""
    if reading.live:
        return []
    names = available(reading.stored, reading.cuts)
    lesson = reading.lesson.id
    jobs = await jobs_store.of_lessons(session, [lesson], DOWNLOAD, SHOWN) if names else []
    sizes = await _sizes(services, reading, names)
    return [_facts(reading, name, sizes[name], jobs) for name in names]


async def _sizes(
    services: Services, reading: RecordingReading, names: list[str]
) -> dict[str, int | None]:
    """Return the bytes of files that are there."""
    paths = {name: _path(services, reading, name) for name in names}

    def look() -> dict[str, int | None]:
        return {
            name: path.stat().st_size if path.is_file() else None for name, path in paths.items()
        }

    return await services.recordings.run(look)


def _facts(
    reading: RecordingReading, name: str, size: int | None, jobs: list[Job]
) -> dict[str, Any]:
    about = {"name": name, "kind": ending_of(name).removeprefix(".")}
    if size is not None:
        return {**about, "bytes": size, "state": "ready"}
    guess = size_of(reading.stored, name, reading.cuts)
    wanted = _parameters(reading, name)
    job = next((one for one in jobs if one.parameters == wanted), None)
    if job is None:
        return {**about, "bytes": guess, "state": "none"}
    ends_at = None if job.ends_at is None else to_iso(job.ends_at)
    return {
        **about,
        "bytes": guess,
        "state": job.state.value,
        "progress": job.share,
        "ends_at": ends_at,
    }


def _parameters(reading: RecordingReading, name: str) -> dict[str, Any]:
    return {"name": name, **cuts_facts(reading.cuts)}


def _path(services: Services, reading: RecordingReading, name: str) -> Path:
    folder = services.recordings.folder(reading.lesson.id)
    return folder / made.FOLDER / file_name(name, reading.cuts)


def _name(request: web.Request, reading: RecordingReading) -> str:
    """Return a download's name if there is one; no part of a path comes from a request."""
    name = request.match_info["name"]
    if reading.live:
        raise Conflict("lesson-open", "The lesson is still on.")
    if name not in available(reading.stored, reading.cuts):
        raise NotFound
    return name


@routes.post("/api/lessons/{lesson}/recording/downloads/{name}")
async def begin(request: web.Request) -> web.Response:
    """Make a file to keep, once; asked again it says how far that is."""
    services, reading = request.app[SERVICES], await read_recording(request)
    name = _name(request, reading)
    if not await services.recordings.run(_path(services, reading, name).is_file):
        lesson = reading.lesson.id
        await services.jobs.add(DOWNLOAD, lesson, _parameters(reading, name))
    return json_answer(await _one(services, reading, name))


@routes.get("/api/lessons/{lesson}/recording/downloads/{name}")
async def show(request: web.Request) -> web.Response:
    """Say how big a file to keep is, and how far it is made."""
    services, reading = request.app[SERVICES], await read_recording(request)
    return json_answer(await _one(services, reading, _name(request, reading)))


async def _one(services: Services, reading: RecordingReading, name: str) -> Mapping[str, Any]:
    async with services.database.read() as session:
        facts = await downloads_facts(services, session, reading)
    return next(one for one in facts if one["name"] == name)


@routes.get("/recordings/{lesson}/downloads/{name}")
async def send(request: web.Request) -> web.StreamResponse:
    """Send a file to keep, or a range of it."""
    services, reading = request.app[SERVICES], await read_recording(request)
    name = _name(request, reading)
    path = _path(services, reading, name)
    size = (await _sizes(services, reading, [name]))[name]
    if size is None:
        raise NotFound("not-made", "This file is not made yet.")
    headers = {
        "Content-Disposition": disposition(clean_name(reading.lesson, name)),
        "Cache-Control": "private, no-cache",  # it is another file once it is cut otherwise
    }
    kind = "audio/mp4" if name == VOICE else "video/mp4"
    served = Served(path, size, kind, f"{path.stem}-{size:x}", headers)
    return await send_range(request, served, wanted_range(request, served))


def disposition(name: str) -> str:
    """Return the header that names a file in any script, for old browsers in ASCII (RFC 6266)."""
    plain = name.encode("ascii", "ignore").decode().strip("-")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def clean_name(lesson: Lesson, name: str) -> str:
    """Return what a file is called on somebody's device: letters and digits of any script.

    What a disk or a header could mistake for something else is left out of the title.
    """
    title = unicodedata.normalize("NFC", lesson.title)
    letters = "".join(one if one.isalnum() else " " for one in title)
    words = "-".join(letters.split())[:MAX_TITLE].strip("-") or "lesson"
    day = "" if lesson.started_at is None else f"{lesson.started_at:%Y-%m-%d}-"
    return f"{day}{words}-{name}{ending_of(name)}"
