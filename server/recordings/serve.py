"""The bytes of recordings over HTTP: runs by Range, stills, playlists, chapters.

No part of a path comes from a request: a run or still is looked up by its name in what the viewer
may have, and a name that is not there leads nowhere.
"""

from datetime import datetime, timedelta

from aiohttp import hdrs, web

from recordings.catalogue import TRACKS, VIDEO_TRACKS, VOICE, Catalogue
from recordings.chapters import chapter_cues
from recordings.cuts import apply, shown_parts, shown_stills, spans
from recordings.made import voice_is_made
from recordings.playlist import AAC_VOICE, first_position, master_playlist, media_playlist
from recordings.webvtt import to_webvtt
from server.errors import NotAllowed, NotFound
from server.recordings.facts import chapters_of
from server.recordings.reading import RecordingReading, read_recording
from server.recordings.sending import KEEP, RangeRefused, Served, send_range, wanted_range
from server.services import SERVICES

routes = web.RouteTableDef()
HLS = "application/vnd.apple.mpegurl"


@routes.get("/recordings/{lesson}/{run}.mp4")
async def send_run(request: web.Request) -> web.StreamResponse:
    """Send a run, or a range of it, as far as it is complete."""
    reading = await read_recording(request)
    name = request.match_info["run"]
    run = reading.whole.runs.get(name) or reading.in_aac().runs.get(name)
    parts = [] if run is None else shown_parts(run, reading.cuts)
    if run is None or not parts:
        raise NotFound
    closed = run.of is not None or (not reading.live and reading.whole.is_closed(run))
    tag = f"{run.name}-{run.size:x}"
    path = request.app[SERVICES].recordings.path(reading.lesson.id, run)
    kind = "audio/mp4" if run.width is None else "video/mp4"
    served = Served(path, run.size, kind, tag if closed else None)
    wanted = wanted_range(request, served)
    allowed = spans(run, parts)
    if not any(one <= wanted.first and wanted.end <= to for one, to in allowed):
        if hdrs.RANGE in request.headers:
            raise RangeRefused("range-cut", "This part of the recording is not shown.")
        raise NotAllowed("cut", "This recording is shown in parts: ask for ranges.")
    return await send_range(request, served, wanted)


@routes.get("/recordings/{lesson}/stills/{number}-{width}.webp")
async def send_still(request: web.Request) -> web.StreamResponse:
    """Send a picture of a slide."""
    reading = await read_recording(request)
    allowed = shown_stills(reading.whole, reading.cuts)
    name = f"{request.match_info['number']}-{request.match_info['width']}.webp"
    known = {
        f"{still.number}-{width}.webp"
        for still in reading.whole.stills
        if still.number in allowed
        for width in still.widths
    }
    if name not in known:
        raise NotFound
    shelf = request.app[SERVICES].recordings
    path = shelf.folder(reading.lesson.id) / "stills" / name
    if not await shelf.run(path.is_file):
        raise NotFound
    headers = {hdrs.CONTENT_TYPE: "image/webp", hdrs.CACHE_CONTROL: KEEP, hdrs.VARY: "Cookie"}
    return web.FileResponse(path, headers=headers)


@routes.get("/recordings/{lesson}/{name}.m3u8")
async def send_playlist(request: web.Request) -> web.Response:
    """Send the playlist of all tracks (index), of the sound (audio), or of one track."""
    reading = await read_recording(request)
    name = request.match_info["name"]
    shown, aac = reading.shown(), apply(reading.in_aac(), reading.cuts)
    if name in ("index", "audio"):
        text = master_playlist(
            shown,
            aac if voice_is_made(reading.stored) else None,
            picture=_wanted_picture(request, shown),
            audio_only=name == "audio",
        )
    elif name == AAC_VOICE and aac.track_runs(VOICE):
        text = _media_playlist(reading, aac, VOICE)
    elif name in TRACKS and shown.track_runs(name):
        text = _media_playlist(reading, shown, name)
    else:
        raise NotFound
    headers = {hdrs.CACHE_CONTROL: "private, no-cache", hdrs.VARY: "Cookie"}
    response = web.Response(text=text, content_type=HLS, headers=headers)
    response.enable_compression()
    return response


def _wanted_picture(request: web.Request, shown: Catalogue) -> str | None:
    """Return the picture a player asks for; raises NotFound if there is none of it."""
    picture = request.query.get("picture")
    if picture is not None and (picture not in VIDEO_TRACKS or not shown.track_runs(picture)):
        raise NotFound
    return picture


def _media_playlist(reading: RecordingReading, shown: Catalogue, track: str) -> str:
    return media_playlist(
        shown,
        track,
        live=reading.live,
        began=_began(reading),
        start=first_position(reading.shown()),
    )


def _began(reading: RecordingReading) -> datetime:
    """Return about when position 0 was; a pause of the server is in it."""
    lesson, recording = reading.lesson, reading.recording
    moment = lesson.started_at or lesson.created_at
    return moment - timedelta(milliseconds=recording.live_from or 0)


@routes.get("/recordings/{lesson}/chapters.vtt")
async def send_chapters(request: web.Request) -> web.Response:
    """Send the chapters as WebVTT."""
    reading = await read_recording(request)
    async with request.app[SERVICES].database.read() as session:
        chapters = await chapters_of(session, reading, reading.shown())
    headers = {hdrs.CACHE_CONTROL: "private, no-cache", hdrs.VARY: "Cookie"}
    return web.Response(
        text=to_webvtt(chapter_cues(chapters)), content_type="text/vtt", headers=headers
    )
