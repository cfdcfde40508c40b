"""Lesson packs: one file to take home, made once of what the audience is shown."""

import asyncio
import hashlib
import json
import re
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from recordings.catalogue import VOICE, Catalogue
from recordings.chapters import make_chapters
from recordings.cuts import apply, shown_stills
from recordings.made import FOLDER as MADE
from recordings.pack import (
    MAX_SIZE,
    Order,
    Span,
    length_of,
    place,
    place_after,
    rate_for,
    spans_of,
)
from server.errors import Conflict, NotAllowed, NotFound
from server.jobs.child import run_child
from server.jobs.runner import JobFailed, Report
from server.jobs.states import UNFINISHED, WHOLE
from server.jobs.tables import Job
from server.models import Course, Lesson
from server.pages import STATIC
from server.questions.facts import CLASSMATE
from server.questions.lists import lesson_scope, told
from server.questions.states import State
from server.questions.store import visible
from server.questions.tables import Question
from server.recordings import store
from server.recordings.reading import RecordingReading, read_recording
from server.recordings.sending import Served, send_range, wanted_range
from server.recordings.tables import Recording
from server.services import SERVICES, Services
from server.web import json_answer

routes = web.RouteTableDef()
KIND = "pack"
TEMPLATE = STATIC / "pack.html"
MAX_QUESTIONS = 1000  # of one lesson; the sound leaves room for their texts
_UNSAFE = re.compile(r"[^\w\- ]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The pack that is right now: a change of what is shown or said makes it another one."""

    order: Order
    length: int

    @property
    def path(self) -> Path:
        """Return its file."""
        return self.order.target

    @property
    def tag(self) -> str:
        """Return what its name and its ETag have of it."""
        return self.path.stem

    @property
    def expected(self) -> int:
        """Return about how many bytes it will have."""
        return min(MAX_SIZE, TEMPLATE_SIZE + self.length * rate_for(self.length) // 8000 * 4 // 3)


TEMPLATE_SIZE = 100_000  # bytes, about; the page around a lesson


async def wanted_pack(services: Services, lesson: Lesson, recording: Recording) -> Wanted:
    """Return the pack that a lesson's audience is to have."""
    catalogue = await services.recordings.catalogue(lesson.id)
    async with services.database.read() as session:
        cuts = await store.cuts_of(session, recording, teacher=False)
        spans = spans_of(cuts, catalogue.length)
        facts = await _facts(services, session, lesson, apply(catalogue, cuts), spans)
    folder = services.recordings.folder(lesson.id)
    stills = tuple(one for one in catalogue.stills if one.number in shown_stills(catalogue, cuts))
    order = Order(folder, TEMPLATE, folder, lesson.title, cuts, facts, stills)
    told_of = json.dumps([order.to_json(), catalogue.size], sort_keys=True, default=str)
    digest = hashlib.sha256(told_of.encode()).hexdigest()[:32]
    target = folder / MADE / f"{KIND}-{digest}.html"
    return Wanted(
        Order(folder, TEMPLATE, target, lesson.title, cuts, facts, stills), length_of(spans)
    )


async def _facts(
    services: Services,
    session: AsyncSession,
    lesson: Lesson,
    shown: Catalogue,
    spans: list[Span],
) -> dict[str, Any]:
    course = None if lesson.course_id is None else await session.get(Course, lesson.course_id)
    zone = ZoneInfo(services.settings.pages.time_zone)
    moment = lesson.started_at or lesson.created_at
    start = spans[0].begin if spans else 0
    slides = await store.slides_of(session, lesson.id)
    answers = await store.answers_of(session, lesson.id)
    chapters = [
        {**chapter.to_json(), "at": at, "to": to}
        for chapter in make_chapters(answers, slides, start, shown.length)
        if (at := place_after(spans, chapter.at)) < (to := place_after(spans, chapter.to))
    ]
    return {
        "lesson": str(lesson.id),
        "title": lesson.title,
        "course": None if course is None else course.title,
        "date": moment.astimezone(zone).date().isoformat(),
        "language": services.settings.pages.language,
        "texts": {str(one.number): one.title for one in slides if one.title},
        "chapters": chapters,
        "gaps": _gaps(shown, spans),
        "questions": await _questions(session, lesson, spans),
    }


def _gaps(shown: Catalogue, spans: list[Span]) -> list[dict[str, int]]:
    found = [
        (place_after(spans, gap.at), place_after(spans, gap.at + gap.length))
        for gap in shown.gaps
        if gap.track == VOICE
    ]
    return [{"at": at, "to": to} for at, to in sorted(found) if at < to]


async def _questions(
    session: AsyncSession, lesson: Lesson, spans: list[Span]
) -> list[dict[str, Any]]:
    """Return the questions as classmates know them, without anybody's name: packs travel."""
    query = (
        select(Question)
        .where(
            and_(lesson_scope(lesson).condition(), visible(CLASSMATE)),
            Question.state.not_in((State.MERGED, State.DISMISSED, State.WITHDRAWN)),
        )
        .order_by(Question.number)
        .limit(MAX_QUESTIONS)
    )
    rows = list(await session.scalars(query))
    here = str(lesson.id)
    return [
        {
            "number": one["number"],
            "text": one["text"],
            "at": place(spans, one["at"] if one["lesson"] == here else None),
            "answer": _answered(one["answer"], here, spans),
            "answers": [
                {"text": answer["text"], "teacher": answer["teacher"]} for answer in one["answers"]
            ],
        }
        for one in await told(session, rows, CLASSMATE)
    ]


def _answered(answer: dict[str, Any] | None, lesson: str, spans: list[Span]) -> int | None:
    if answer is None or answer["lesson"] != lesson:
        return None
    return place(spans, answer["from"])


# --- making -------------------------------------------------------------------------------------


async def make(services: Services, job: Job, report: Report) -> None:
    """Make the pack of a lesson in a process of its own; the job of the kind `pack`."""
    lesson_id = job.lesson_id
    async with services.database.read() as session:
        lesson = await session.get(Lesson, lesson_id)
        recording = await session.get(Recording, lesson_id)
    if lesson is None or recording is None or recording.deleted_at is not None:
        raise JobFailed("no-recording", "This lesson has no recording.")
    wanted = await wanted_pack(services, lesson, recording)
    if wanted.length == 0:
        raise JobFailed("nothing-shown", "Nothing of this lesson is shown.")
    shelf = services.recordings
    order = await shelf.run(lambda: _write_order(wanted.order))
    try:
        await run_child("recordings.pack", [str(order)], report)
    finally:
        await asyncio.shield(shelf.run(lambda: order.unlink(missing_ok=True)))
    await shelf.run(lambda: _drop_others(wanted.path))


def _write_order(order: Order) -> Path:
    path = order.target.with_suffix(".order")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(order.to_json()), encoding="utf-8")
    return path


def _drop_others(path: Path) -> None:
    """Delete the packs that were right before."""
    for other in path.parent.glob(f"{KIND}-*"):
        if other != path:
            other.unlink(missing_ok=True)


# --- asking -------------------------------------------------------------------------------------


async def _enter(request: web.Request) -> tuple[RecordingReading, Wanted]:
    """Return the pack of a lesson that is over; raises a Problem for whoever may not have it."""
    services, reading = request.app[SERVICES], await read_recording(request)
    if not reading.teacher:
        async with services.database.read() as session:
            rules = await store.settings_of(session, reading.lesson.course_id)
        if not rules.pack:
            raise NotAllowed("packs-forbidden", "This course does not give lessons as files.")
    if reading.live:
        raise Conflict("lesson-open", "The file can be made once the lesson is over.")
    return reading, await wanted_pack(services, reading.lesson, reading.recording)


async def _state(services: Services, wanted: Wanted, lesson: uuid.UUID) -> dict[str, Any]:
    query = select(Job).where(Job.lesson_id == lesson, Job.kind == KIND, Job.state.in_(UNFINISHED))
    async with services.database.read() as session:
        job = await session.scalar(query.limit(1))
    # The file is looked for last: it is there before its job is over.
    size = await services.recordings.run(lambda: _size(wanted.path))
    if size is not None:
        return {"state": "made", "bytes": size, "progress": 1}
    if job is not None:
        return {"state": "making", "bytes": wanted.expected, "progress": job.progress / WHOLE}
    return {"state": "none", "bytes": wanted.expected, "progress": 0}


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


@routes.get("/api/lessons/{lesson}/recording/pack")
async def show_pack(request: web.Request) -> web.Response:
    """Say whether the file of a lesson is there, and its size."""
    reading, wanted = await _enter(request)
    return json_answer(await _state(request.app[SERVICES], wanted, reading.lesson.id))


@routes.post("/api/lessons/{lesson}/recording/pack")
async def ask_for_pack(request: web.Request) -> web.Response:
    """Have the file of a lesson made, unless it is there."""
    services = request.app[SERVICES]
    reading, wanted = await _enter(request)
    if wanted.length == 0:
        raise NotFound("nothing-shown", "Nothing of this lesson is shown.")
    if await services.recordings.run(lambda: _size(wanted.path)) is None:
        await services.jobs.add(KIND, reading.lesson.id)
    facts = await _state(services, wanted, reading.lesson.id)
    return json_answer(facts, HTTPStatus.ACCEPTED if facts["state"] == "making" else HTTPStatus.OK)


@routes.get("/recordings/{lesson}/pack.html")
async def send_pack(request: web.Request) -> web.StreamResponse:
    """Send the file of a lesson, or the rest of it."""
    reading, wanted = await _enter(request)
    size = await request.app[SERVICES].recordings.run(lambda: _size(wanted.path))
    if size is None:
        raise NotFound("pack-not-made", "This file is not made yet.")
    name = " ".join(_UNSAFE.sub(" ", reading.lesson.title).split())[:60] or "lesson"
    disposition = f"attachment; filename=\"lesson.html\"; filename*=UTF-8''{quote(name)}.html"
    headers = {"Content-Disposition": disposition}
    served = Served(wanted.path, size, "text/html; charset=utf-8", wanted.tag, headers)
    return await send_range(request, served, wanted_range(request, served))
