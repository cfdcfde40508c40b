"""What is known of a recording, over HTTP: facts, index, events, and what is decided about it."""

from itertools import pairwise
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field, field_validator
from sqlalchemy import select

from recordings.columns import to_columns
from recordings.cuts import Interval, has_more, merged, shown_lines
from server.access import lesson_access
from server.errors import Conflict, Invalid, NotFound
from server.lesson_state import OPEN
from server.lessons import Moment
from server.models import LessonEvent
from server.recordings import store
from server.recordings.facts import progress_facts, recording_facts
from server.recordings.reading import RecordingReading, read_recording
from server.recordings.tables import Recording, Watched
from server.rights import Right
from server.services import SERVICES
from server.timeline import MAX_EVENTS, Reader, read_events
from server.viewer import viewer_of
from server.web import Body, json_answer, path_id, read_body

routes = web.RouteTableDef()
MAX_LINES = 10_000  # of an index at once: 40 kB compressed, 0.6 s on 512 kbit/s
MAX_NUMBER = 2**31 - 1
MAX_ABOUT = 20  # characters; no kind of events is longer
MAX_LINE = 2**53 - 1  # that a browser counts to
MAX_TRIMS = 50  # intervals; more is not cutting but editing
MAX_INTERVALS = 500  # seen; who jumps about more often has seen what lies between, too
MAX_POSITION = 7 * 24 * 3600 * 1000  # ms; no lesson lasts a week

Position = Annotated[int, Field(ge=0, le=MAX_POSITION)]
Span = Annotated[list[Position], Field(min_length=2, max_length=2)]


def _ordered(spans: list[list[int]] | None) -> list[list[int]] | None:
    if spans is not None and any(one >= to for one, to in spans):
        raise ValueError("an interval ends after it begins")
    return spans


class RecordingChange(Body):
    """What is decided about a recording; `expires_at` may be null, `muted` are hands' numbers."""

    published: bool | None = None
    expires_at: Moment | None = None
    trims: Annotated[list[Span], Field(max_length=MAX_TRIMS)] | None = None
    muted: Annotated[list[Annotated[int, Field(ge=1)]], Field(max_length=1000)] | None = None

    _order = field_validator("trims")(_ordered)


class Progress(Body):
    """Where somebody is, and what they have just seen."""

    position: Position
    seen: Annotated[list[Span], Field(max_length=MAX_TRIMS)]

    _order = field_validator("seen")(_ordered)


def _since(request: web.Request, most: int = MAX_NUMBER) -> int:
    text = request.query.get("since", "0")
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= 16 else -1
    if not 0 <= value <= most:
        raise Invalid("invalid-field", "since is a number.", field="since")
    return value


def _about(request: web.Request) -> str:
    text = request.query.get("about", "")
    if len(text) > MAX_ABOUT or (text and not text.isalpha()):
        raise Invalid("invalid-field", "about is a word, as slide.", field="about")
    return text


async def _facts(request: web.Request, reading: RecordingReading) -> web.Response:
    services = request.app[SERVICES]
    async with services.database.read() as session:
        facts = await recording_facts(session, reading, services)
    response = json_answer(facts)
    response.enable_compression()
    return response


@routes.get("/api/lessons/{lesson}/recording")
async def show(request: web.Request) -> web.Response:
    """Say what there is of a recording."""
    return await _facts(request, await read_recording(request))


@routes.get("/api/lessons/{lesson}/recording/index")
async def show_index(request: web.Request) -> web.Response:
    """Return the index after a line, as the viewer may have it."""
    since = _since(request, MAX_LINE)
    reading = await read_recording(request)
    whole = reading.in_aac() if request.query.get("voice") == "aac" else reading.whole
    entries, next_line = shown_lines(whole, reading.cuts, since, MAX_LINES)
    at_end = not has_more(whole, next_line)
    answer = {
        "next": max(next_line, since) if at_end else next_line,
        "entries": to_columns(entries, whole.runs),
        "ended": at_end and not reading.live,
        "more": not at_end,
    }
    response = json_answer(answer, headers={"Cache-Control": "private, no-cache"})
    response.enable_compression()
    return response


@routes.get("/api/lessons/{lesson}/events")
async def show_events(request: web.Request) -> web.Response:
    """Return the timeline after a number, as far as it is for the reader."""
    since, about = _since(request), _about(request)
    reading = await read_recording(request)
    person = None if reading.viewer.person is None else reading.viewer.person.id
    reader = Reader(person, reading.teacher)
    async with request.app[SERVICES].database.read() as session:
        lesson = reading.lesson.id
        # First: what happens between the two is told again rather than never.
        last = await session.scalar(
            select(LessonEvent.seq)
            .where(LessonEvent.lesson_id == lesson)
            .order_by(LessonEvent.seq.desc())
            .limit(1)
        )
        events = await read_events(session, lesson, since, MAX_EVENTS + 1, reader, about=about)
    more = len(events) > MAX_EVENTS
    events = events[:MAX_EVENTS]
    seq = events[-1].seq if more else max(since, last or 0)
    befores = [since, *(event.seq for event in events)]
    told = [event.to_json(after) for after, event in zip(befores, events, strict=False)]
    response = json_answer({"events": told, "seq": seq, "more": more})
    response.enable_compression()
    return response


@routes.post("/api/lessons/{lesson}/recording")
async def change(request: web.Request) -> web.Response:
    """Publish, let expire, trim, mute; nothing of it touches a file."""
    services, viewer = request.app[SERVICES], await viewer_of(request)
    lesson_id = path_id(request, "lesson")
    async with services.database.read() as session:
        await lesson_access(session, viewer, lesson_id, Right.MODERATE)
    wish = await read_body(request, RecordingChange)
    catalogue = await services.recordings.catalogue(lesson_id)
    async with services.database.write() as session:
        access = await lesson_access(session, viewer, lesson_id, Right.MODERATE)
        query = select(Recording).where(Recording.lesson_id == lesson_id).with_for_update()
        recording = await session.scalar(query)
        if recording is None or recording.deleted_at is not None:
            raise NotFound("no-recording", "This lesson has no recording.")
        known = {turn.number for turn in await store.turns_of(session, lesson_id)}
        if wish.trims and access.lesson.state not in OPEN:
            _check_trims(recording, wish.trims, max(catalogue.length, recording.length))
        _apply(recording, wish, known)
    return await _facts(request, await read_recording(request))


def _check_trims(recording: Recording, trims: list[list[int]], length: int) -> None:
    if max(to for _, to in trims) > length:
        raise Invalid("trim-outside", "The lesson is shorter than that.", field="trims")
    if max(to for _, to in trims) <= (recording.live_from or 0):
        raise Invalid("trim-empty", "Nothing would be left for students.", field="trims")


def _apply(recording: Recording, wish: RecordingChange, turns: set[int]) -> None:
    if wish.published is not None:
        recording.published = wish.published
    if "expires_at" in wish.model_fields_set:
        recording.expires_at = wish.expires_at
    if wish.trims is not None:
        recording.trims = [[at, to] for at, to in merged(wish.trims)]
    if wish.muted is not None:
        if not turns.issuperset(wish.muted):
            raise Conflict("turn-unknown", "There was no such turn in this lesson.")
        recording.muted = sorted(set(wish.muted))


@routes.put("/api/lessons/{lesson}/recording/progress")
async def keep_progress(request: web.Request) -> web.Response:
    """Keep where a person is, so that they can go on with another device."""
    services = request.app[SERVICES]
    reading = await read_recording(request)
    person = reading.viewer.must_be_somebody()
    progress = await read_body(request, Progress)
    lesson = reading.lesson.id
    async with services.database.write() as session:
        row = await session.get(Watched, (lesson, person.id), with_for_update=True)
        before: list[Interval] = [] if row is None else merged(row.intervals)
        seen = _bounded(merged([*before, *progress.seen]))
        values: dict[str, Any] = {
            "position": progress.position,
            "intervals": [[at, to] for at, to in seen],
            "updated_at": services.clock.now(),
        }
        if row is None:
            session.add(Watched(lesson_id=lesson, person_id=person.id, **values))
        else:
            for name, value in values.items():
                setattr(row, name, value)
    shown = reading.shown()
    start = min(reading.cuts.intervals(), default=(0, 0))[0]
    return json_answer(progress_facts(progress.position, seen, shown.length - start))


def _bounded(intervals: list[Interval]) -> list[Interval]:
    """Return intervals of which there are not too many: the narrowest holes are closed."""
    while len(intervals) > MAX_INTERVALS:
        holes = [after[0] - before[1] for before, after in pairwise(intervals)]
        n = holes.index(min(holes))
        intervals[n : n + 2] = [(intervals[n][0], intervals[n + 1][1])]
    return intervals
