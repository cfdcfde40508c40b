"""Classrooms and holidays, as staff keep them."""

from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.access import require_site
from server.clock import to_milliseconds
from server.errors import Conflict, NotFound
from server.ids import uuid7
from server.rights import Right
from server.services import SERVICES
from server.texts import Name, Title
from server.timetable.tables import Classroom, Holiday
from server.web import Body, json_answer, path_id, read_body

routes = web.RouteTableDef()
MAX_CLASSROOMS = 200  # of one school; one list shows them all


class NewClassroom(Body):
    """A classroom to add: what people call it, and where it is."""

    name: Name
    place: Title | Annotated[str, Field(max_length=0)] = ""


class HolidayName(Body):
    """What a holiday is called."""

    name: Title


async def classrooms_of(session: AsyncSession) -> list[Classroom]:
    """Return all classrooms, by name."""
    query = select(Classroom).order_by(Classroom.name, Classroom.id).limit(MAX_CLASSROOMS)
    return list(await session.scalars(query))


def classroom_facts(classroom: Classroom) -> dict[str, Any]:
    """Return a classroom as everybody may know it."""
    return {"id": str(classroom.id), "name": classroom.name, "place": classroom.place}


@routes.post("/api/classrooms")
async def add_classroom(request: web.Request) -> web.Response:
    """Add a classroom."""
    await require_site(request, Right.MANAGE)
    services = request.app[SERVICES]
    new = await read_body(request, NewClassroom)
    classroom = Classroom(
        id=uuid7(to_milliseconds(services.clock.now())), name=new.name, place=new.place
    )
    async with services.database.write() as session:
        known = await session.scalar(select(Classroom.id).where(Classroom.name == new.name))
        if known is not None:
            raise Conflict("classroom-taken", "There is a classroom with this name.")
        if (
            await session.scalar(select(func.count()).select_from(Classroom)) or 0
        ) >= MAX_CLASSROOMS:
            raise Conflict("too-many-classrooms", f"There are {MAX_CLASSROOMS} classrooms already.")
        session.add(classroom)
    return json_answer(classroom_facts(classroom), status=201)


@routes.delete("/api/classrooms/{classroom}")
async def delete_classroom(request: web.Request) -> web.Response:
    """Delete a classroom; lessons planned there stay, without a classroom."""
    await require_site(request, Right.MANAGE)
    classroom_id = path_id(request, "classroom")
    await _delete(
        request, delete(Classroom).where(Classroom.id == classroom_id).returning(Classroom.id)
    )
    return web.Response(status=HTTPStatus.NO_CONTENT)


@routes.put("/api/holidays/{day}")
async def add_holiday(request: web.Request) -> web.Response:
    """Name a holiday; lessons that are planned on it already stay."""
    await require_site(request, Right.MANAGE)
    day = _day(request)
    named = await read_body(request, HolidayName)
    async with request.app[SERVICES].database.write() as session:
        await session.merge(Holiday(day=day, name=named.name))
    return json_answer({"day": day.isoformat(), "name": named.name})


@routes.delete("/api/holidays/{day}")
async def delete_holiday(request: web.Request) -> web.Response:
    """Let a day be like any other."""
    await require_site(request, Right.MANAGE)
    day = _day(request)
    await _delete(request, delete(Holiday).where(Holiday.day == day).returning(Holiday.day))
    return web.Response(status=HTTPStatus.NO_CONTENT)


def _day(request: web.Request) -> date:
    try:
        return date.fromisoformat(request.match_info["day"])
    except ValueError as error:
        raise NotFound from error


async def _delete(request: web.Request, query: Any) -> None:
    async with request.app[SERVICES].database.write() as session:
        if await session.scalar(query) is None:
            raise NotFound
