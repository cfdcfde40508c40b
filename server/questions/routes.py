"""Questions over HTTP: lists, search, the course's question book, spreadsheets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from server import sheets
from server.access import course_access, lesson_access
from server.clock import to_milliseconds
from server.commands import NewCommand
from server.errors import Invalid
from server.limits import QUESTION_SEARCHES
from server.questions import export, lists, search
from server.questions.facts import Sight
from server.questions.lists import Mine, Scope, Wish
from server.questions.run import run_in_book
from server.questions.states import State
from server.questions.texts import MAX_TEXT
from server.rights import Right
from server.services import SERVICES, Services
from server.viewer import Viewer, viewer_of
from server.web import json_answer, path_id, query_choice, read_body

routes = web.RouteTableDef()
MAX_OFFSET = 100_000  # questions; nobody turns so many pages
DEFAULT_PAGE = 50


@dataclass(frozen=True, slots=True)
class Reading:
    """What somebody reads of, and with whose eyes."""

    scope: Scope
    sight: Sight
    title: str


async def _reading(request: web.Request, *, export: bool = False) -> Reading:
    """Return what a path names, to somebody who may read it."""
    viewer = await viewer_of(request)
    async with request.app[SERVICES].database.read() as session:
        if "lesson" in request.match_info:
            right = Right.MODERATE if export else Right.SEE
            lesson = await lesson_access(session, viewer, path_id(request, "lesson"), right)
            sight = _sight(viewer, teacher=Right.MODERATE in lesson.rights)
            return Reading(lists.lesson_scope(lesson.lesson), sight, lesson.lesson.title)
        right = Right.TEACH if export else Right.SEE
        course = await course_access(session, viewer, path_id(request, "course"), right)
        sight = _sight(viewer, teacher=Right.TEACH in course.rights)
        return Reading(Scope(course.course.id, None), sight, course.course.title)


def _sight(viewer: Viewer, *, teacher: bool) -> Sight:
    return Sight(None if viewer.person is None else viewer.person.id, teacher)


def _number(request: web.Request, name: str, default: int, highest: int) -> int:
    text = request.query.get(name, str(default))
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
    if not 0 <= value <= highest:
        raise Invalid("invalid-field", f"{name} is a number up to {highest}.", field=name)
    return value


def _states(request: web.Request) -> frozenset[State] | None:
    text = request.query.get("state", "")
    if not text:
        return None
    try:
        return frozenset(State(one) for one in text.split(","))
    except ValueError as error:
        raise Invalid("invalid-field", "state names no state.", field="state") from error


def _mine(request: web.Request, sight: Sight) -> Mine | None:
    if not (text := query_choice(request, "mine", ("", *Mine))):
        return None
    if text == Mine.OWNED and not sight.teacher:
        raise Invalid("invalid-field", "mine is owned for teachers alone.", field="mine")
    return Mine(text)


def _text(request: web.Request, name: str) -> str:
    text = request.query.get(name, "")
    if len(text) > 4 * MAX_TEXT:
        raise Invalid("invalid-field", f"{name} is too long.", field=name)
    return text


def _now_ms(services: Services) -> int:
    return to_milliseconds(services.clock.now())


@routes.get("/api/lessons/{lesson}/questions")
@routes.get("/api/courses/{course}/questions")
async def list_questions(request: web.Request) -> web.Response:
    """List questions page by page."""
    services = request.app[SERVICES]
    reading = await _reading(request)
    wish = Wish(
        _states(request),
        _mine(request, reading.sight),
        query_choice(request, "sort", ("top", "new")) == "new",
        _number(request, "offset", 0, MAX_OFFSET),
        _number(request, "limit", DEFAULT_PAGE, lists.MAX_PAGE),
    )
    async with services.database.read() as session:
        rows, total = await lists.page(
            session, reading.scope, reading.sight, wish, _now_ms(services)
        )
        mine = await lists.mine_in(session, reading.scope.book, reading.sight)
    end = wish.offset + len(rows)
    following = end if rows and end < total else None
    return json_answer({"questions": rows, "total": total, "next": following, "my": mine})


async def _take_search(request: web.Request) -> None:
    viewer = await viewer_of(request)
    person = viewer.must_be_somebody()
    await request.app[SERVICES].limits.take(QUESTION_SEARCHES, str(person.id))


@routes.get("/api/lessons/{lesson}/questions/search")
@routes.get("/api/courses/{course}/questions/search")
async def search_questions(request: web.Request) -> web.Response:
    """Find questions by their words, in the whole book."""
    reading = await _reading(request)
    await _take_search(request)
    text, limit = _text(request, "q"), _number(request, "limit", 20, search.MAX_FOUND)
    async with request.app[SERVICES].database.read() as session:
        rows = await search.search(session, reading.scope.book, text, reading.sight, limit)
        told = await lists.told(session, rows, reading.sight, titles=True)
    return json_answer({"questions": told})


@routes.get("/api/lessons/{lesson}/questions/similar")
@routes.get("/api/courses/{course}/questions/similar")
async def similar_questions(request: web.Request) -> web.Response:
    """Find questions that were asked already in nearly the same words."""
    reading = await _reading(request)
    await _take_search(request)
    text = _text(request, "text")
    async with request.app[SERVICES].database.read() as session:
        rows = await search.similar(session, reading.scope.book, text, reading.sight)
        told = await lists.told(session, rows, reading.sight, titles=True)
    return json_answer({"questions": told})


@routes.get("/api/lessons/{lesson}/questions.csv")
@routes.get("/api/courses/{course}/questions.csv")
async def export_csv(request: web.Request) -> web.Response:
    """Return all questions as CSV."""
    headings, rows = await _table(request)
    return sheets.file_answer(sheets.to_csv(headings, rows), "text/csv", "questions.csv")


@routes.get("/api/lessons/{lesson}/questions.xlsx")
@routes.get("/api/courses/{course}/questions.xlsx")
async def export_xlsx(request: web.Request) -> web.Response:
    """Return all questions as XLSX."""
    headings, rows = await _table(request)
    body = await sheets.to_xlsx(headings, rows, export.WIDTHS)
    return sheets.file_answer(body, sheets.XLSX, "questions.xlsx")


async def _table(request: web.Request) -> tuple[Sequence[str], list[sheets.Row]]:
    services = request.app[SERVICES]
    reading = await _reading(request, export=True)
    language = query_choice(request, "lang", sheets.LANGUAGES)
    zone = ZoneInfo(services.settings.pages.time_zone)
    async with services.database.read() as session:
        rows = await export.rows_of(session, reading.scope, language, zone)
    return export.HEADINGS[language], rows


@routes.post("/api/courses/{course}/commands")
async def command_book(request: web.Request) -> web.Response:
    """Carry out a command in a course's question book."""
    viewer = await viewer_of(request)
    course_id = path_id(request, "course")
    command = await read_body(request, NewCommand, mend=True)
    answer: Any = await run_in_book(request.app[SERVICES], viewer, course_id, command)
    return json_answer(dict(answer))
