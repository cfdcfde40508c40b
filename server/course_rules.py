"""What is decided for a whole course, by those who teach it: how it is read and changed."""

import uuid
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from server.access import course_access
from server.models import Base
from server.rights import Right
from server.services import SERVICES
from server.viewer import viewer_of
from server.web import Body, path_id, read_body

R = TypeVar("R", bound=Base)


async def read_rules(
    request: web.Request, find: Callable[[AsyncSession, uuid.UUID], Awaitable[R]]
) -> R:
    """Return what the path's course decided; raises a Problem for who does not teach it."""
    viewer, course_id = await viewer_of(request), path_id(request, "course")
    async with request.app[SERVICES].database.read() as session:
        await course_access(session, viewer, course_id, Right.TEACH)
        return await find(session, course_id)


async def write_rules(request: web.Request, model: type[Body], table: type[R]) -> R:
    """Keep what the body decides for the path's course; raises a Problem when it may not."""
    services, viewer = request.app[SERVICES], await viewer_of(request)
    course_id = path_id(request, "course")
    async with services.database.read() as session:
        await course_access(session, viewer, course_id, Right.TEACH)
    wish = await read_body(request, model)
    async with services.database.write() as session:
        await course_access(session, viewer, course_id, Right.TEACH)
        return await session.merge(table(course_id=course_id, **wish.model_dump()))
