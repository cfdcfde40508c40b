"""The library of recordings for those who teach: list, delete and bring back, a course's rules."""

from http import HTTPStatus
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field
from sqlalchemy import func, select

from server.access import lesson_access, taught_by
from server.clock import to_iso
from server.course_rules import read_rules, write_rules
from server.errors import Conflict, NotFound
from server.ids import parse_id
from server.lesson_state import OPEN
from server.models import Course, Lesson
from server.recordings import captions, store
from server.recordings.files import remove_files
from server.recordings.retention import GRACE, Due, due_steps, hide
from server.recordings.tables import CourseRecordings, Recording
from server.rights import Right
from server.services import SERVICES, Services
from server.viewer import viewer_of
from server.web import Body, json_answer, path_id, query_choice, query_page

routes = web.RouteTableDef()
PAGE = 50  # recordings listed at once
MAX_DAYS = 3650
MEASURED = 200  # recordings in one turn of tidying; their indexes are read
SORTS: dict[str, Any] = {
    "newest": Lesson.id.desc(),
    "oldest": Lesson.id.asc(),
    "longest": Recording.length.desc(),
    "largest": func.coalesce(Recording.size, 0).desc(),
    "title": Lesson.title.asc(),
}
STATES = ("all", "recording", "published", "hidden", "deleted")


class CourseRules(Body):
    """What a course decides; `keep_days` null keeps recordings for ever."""

    publish: bool
    pack: bool
    keep_days: Annotated[int, Field(ge=1, le=MAX_DAYS)] | None


def _in_state(state: str) -> list[Any]:
    there, over = Recording.deleted_at.is_(None), Lesson.state.not_in(OPEN)
    return {
        "all": [there],
        "recording": [there, Lesson.state.in_(OPEN)],
        "published": [there, over, Recording.published.is_(True)],
        "hidden": [there, over, Recording.published.is_(False)],
        "deleted": [Recording.deleted_at.is_not(None)],
    }[state]


@routes.get("/api/recordings")
async def list_recordings(request: web.Request) -> web.Response:
    """List the recordings a teacher or staff look after, page by page."""
    services, viewer = request.app[SERVICES], await viewer_of(request)
    conditions = [taught_by(viewer), *_in_state(query_choice(request, "state", STATES))]
    sort = SORTS[query_choice(request, "sort", tuple(SORTS))]
    if text := request.query.get("course"):
        conditions.append(Lesson.course_id == _id(text))
    page = query_page(request)
    query = (
        select(Lesson, Recording, Course.title)
        .join(Recording, Recording.lesson_id == Lesson.id)
        .outerjoin(Course, Course.id == Lesson.course_id)
        .where(*conditions)
    )
    async with services.database.read() as session:
        total = await session.scalar(select(func.count()).select_from(query.subquery()))
        shown = query.order_by(sort, Lesson.id).offset(page * PAGE).limit(PAGE)
        rows = (await session.execute(shown)).all()
    listed = [await _listed(services, *row) for row in rows]
    return json_answer({"recordings": listed, "total": total, "pages": -(-(total or 0) // PAGE)})


def _id(text: str) -> Any:
    value = parse_id(text)
    if value is None:
        raise NotFound
    return value


async def _listed(
    services: Services, lesson: Lesson, recording: Recording, course: str | None
) -> dict[str, Any]:
    catalogue = await services.recordings.catalogue(lesson.id)
    deleted, expires = recording.deleted_at, recording.expires_at
    state = "recording" if lesson.state in OPEN else "ready" if catalogue.runs else "none"
    return {
        "lesson": str(lesson.id),
        "title": lesson.title,
        "course": None if course is None else {"id": str(lesson.course_id), "title": course},
        "state": "deleted" if deleted else state,
        "started_at": None if lesson.started_at is None else to_iso(lesson.started_at),
        "length": max(catalogue.length, recording.length),
        "bytes": catalogue.size,
        "published": recording.published,
        "trimmed": bool(recording.trims),
        "muted": len(recording.muted),
        "expires_at": None if expires is None else to_iso(expires),
        "removed_at": None if deleted is None else to_iso(deleted + GRACE),
    }


@routes.delete("/api/lessons/{lesson}/recording")
async def delete_recording(request: web.Request) -> web.Response:
    """Take a recording away; its files stay until it can not be brought back any more."""
    await _set_deleted(request, deleted=True)
    return web.Response(status=HTTPStatus.NO_CONTENT)


@routes.post("/api/lessons/{lesson}/recording/restore")
async def restore_recording(request: web.Request) -> web.Response:
    """Bring a deleted recording back."""
    await _set_deleted(request, deleted=False)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def _set_deleted(request: web.Request, *, deleted: bool) -> None:
    services, viewer = request.app[SERVICES], await viewer_of(request)
    async with services.database.write() as session:
        lesson_id = path_id(request, "lesson")
        access = await lesson_access(session, viewer, lesson_id, Right.MODERATE)
        recording = await session.get(Recording, lesson_id, with_for_update=True)
        if recording is None:
            raise NotFound("no-recording", "This lesson has no recording.")
        if access.lesson.state in OPEN:
            raise Conflict("lesson-open", "End the lesson first.")
        if deleted and recording.deleted_at is None:
            recording.deleted_at = services.clock.now()
        elif not deleted:
            recording.deleted_at = None
    if deleted:
        await services.jobs.cancel_all(lesson_id)
    else:
        await services.making.consider(lesson_id, again=True)


@routes.get("/api/courses/{course}/recordings")
async def show_rules(request: web.Request) -> web.Response:
    """Say what a course decided about its recordings."""
    return _rules(await read_rules(request, store.settings_of))


@routes.put("/api/courses/{course}/recordings")
async def change_rules(request: web.Request) -> web.Response:
    """Decide about a course's recordings."""
    return _rules(await write_rules(request, CourseRules, CourseRecordings))


def _rules(rules: CourseRecordings) -> web.Response:
    answer = {"publish": rules.publish, "pack": rules.pack, "keep_days": rules.keep_days}
    return json_answer(answer)


async def tidy(services: Services) -> None:
    """Delete what is kept long enough, and the files of what can not be brought back."""
    now = services.clock.now()
    async with services.database.write() as session:
        steps = await due_steps(session, now)
        await hide(session, steps, now)
        unmeasured = select(Recording.lesson_id).join(Lesson, Lesson.id == Recording.lesson_id)
        unmeasured = unmeasured.where(Recording.size.is_(None), Lesson.state.not_in(OPEN))
        measured = list(await session.scalars(unmeasured.limit(MEASURED)))
        old_captions = await captions.let_go(session, now - GRACE)
    await remove_files(services, (step.lesson for step in steps if step.due is Due.DELETE))
    await captions.remove_files(services, old_captions)
    for lesson in measured:
        await store.measure(services, lesson)
