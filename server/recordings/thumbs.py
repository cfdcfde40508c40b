"""Thumbnails of recordings over HTTP: a small picture for every ten seconds."""

from pathlib import Path

from aiohttp import hdrs, web

from recordings.thumbs import FOLDER, PERIOD, name
from server.errors import NotFound
from server.recordings.reading import RecordingReading, read_recording
from server.recordings.sending import KEEP
from server.services import SERVICES

routes = web.RouteTableDef()
MAX_DIGITS = 5  # of a number; eleven days of ten seconds
SETTLED = 2 * PERIOD  # ms after which a thumbnail of a lesson that is on is not made again


@routes.get("/recordings/{lesson}/thumbs/{number}.webp")
async def send_thumb(request: web.Request) -> web.StreamResponse:
    """Send the thumbnail of ten seconds, or of the ten before when there was no keyframe."""
    reading = await read_recording(request)
    text = request.match_info["number"]
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise NotFound
    shelf = request.app[SERVICES].recordings
    folder = shelf.folder(reading.lesson.id) / FOLDER
    paths = [folder / name(one) for one in _shown(reading, int(text))]
    path = await shelf.run(lambda: _first(paths))
    if path is None:
        raise NotFound
    settled = not reading.live or (int(text) + 1) * PERIOD + SETTLED <= reading.whole.length
    headers = {
        hdrs.CONTENT_TYPE: "image/webp",
        hdrs.CACHE_CONTROL: KEEP if settled else "private, no-cache",
        hdrs.VARY: "Cookie",
    }
    return web.FileResponse(path, headers=headers)


def _shown(reading: RecordingReading, number: int) -> list[int]:
    """Return the thumbnails that may be shown for a number; none of what is cut."""
    return [
        one
        for one in (number, number - 1)
        if one >= 0 and reading.cuts.keeps(one * PERIOD, (one + 1) * PERIOD)
    ]


def _first(paths: list[Path]) -> Path | None:
    return next((path for path in paths if path.is_file()), None)
