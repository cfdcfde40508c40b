"""Attendance over HTTP: the sheet of a course or a lesson, page by page, and as a spreadsheet."""

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from server import sheets
from server.access import course_access, lesson_access
from server.attendance.sheet import SORTS, headings, line_facts, lines_of, ordered, row_of
from server.attendance.store import Attended, Sheet, course_sheet, lesson_sheet
from server.clock import to_iso
from server.rights import Right
from server.services import SERVICES
from server.viewer import viewer_of
from server.web import json_answer, path_id, query_choice, query_page

routes = web.RouteTableDef()
PAGE = 50  # people listed at once


async def _sheet(request: web.Request) -> tuple[dict[str, Any], Sheet]:
    """Return what a path names and its sheet, to those who teach it."""
    services, viewer = request.app[SERVICES], await viewer_of(request)
    async with services.database.read() as session:
        if "lesson" in request.match_info:
            lesson_id = path_id(request, "lesson")
            lesson = (await lesson_access(session, viewer, lesson_id, Right.TEACH)).lesson
            named = {"title": lesson.title, "course": _text(lesson.course_id)}
            return named, await lesson_sheet(session, lesson, services.clock)
        course_id = path_id(request, "course")
        course = (await course_access(session, viewer, course_id, Right.TEACH)).course
        named = {"title": course.title, "course": str(course.id)}
        return named, await course_sheet(session, course.id, services.clock)


def _text(course: uuid.UUID | None) -> str | None:
    return None if course is None else str(course)


@routes.get("/api/courses/{course}/attendance")
@routes.get("/api/lessons/{lesson}/attendance")
async def show_sheet(request: web.Request) -> web.Response:
    """List who heard how much, page by page."""
    sort, page = query_choice(request, "sort", tuple(SORTS)), query_page(request)
    named, sheet = await _sheet(request)
    lines = ordered(lines_of(sheet), sort)
    shown = lines[page * PAGE : (page + 1) * PAGE]
    answer = {
        **named,
        "lessons": [_lesson(one) for one in sheet.lessons],
        "people": [line_facts(line) for line in shown],
        "total": len(lines),
        "pages": -(-len(lines) // PAGE),
    }
    return json_answer(answer)


def _lesson(one: Attended) -> dict[str, Any]:
    started = one.lesson.started_at
    return {
        "id": str(one.lesson.id),
        "title": one.lesson.title,
        "state": one.lesson.state.value,
        "started_at": None if started is None else to_iso(started),
        "length": one.length,
    }


@routes.get("/api/courses/{course}/attendance.xlsx")
@routes.get("/api/lessons/{lesson}/attendance.xlsx")
async def export_sheet(request: web.Request) -> web.Response:
    """Return the whole sheet as XLSX."""
    language = query_choice(request, "lang", sheets.LANGUAGES)
    zone = ZoneInfo(request.app[SERVICES].settings.pages.time_zone)
    _, sheet = await _sheet(request)
    titles, widths = headings(sheet, language, zone)
    body = await sheets.to_xlsx(titles, [row_of(line) for line in lines_of(sheet)], widths)
    return sheets.file_answer(body, sheets.XLSX, "attendance.xlsx")
