"""Six-digit join codes, unique over courses and public events."""

import secrets
import uuid

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from server.errors import Unavailable
from server.models import CODE_LENGTH, JoinCode

_TRIES = 20  # with a tenth of all codes in use, twenty drawn in a row being taken is 10⁻²⁰


async def new_code(
    session: AsyncSession, *, course: uuid.UUID | None = None, lesson: uuid.UUID | None = None
) -> str:
    """Give a course or an event a new code; the old one leads nowhere from now on."""
    owner = JoinCode.course_id == course if course else JoinCode.lesson_id == lesson
    await session.execute(delete(JoinCode).where(owner))
    for _ in range(_TRIES):
        code = str(secrets.randbelow(10**CODE_LENGTH)).zfill(CODE_LENGTH)
        try:
            async with session.begin_nested():
                session.add(JoinCode(code=code, course_id=course, lesson_id=lesson))
        except IntegrityError:
            continue
        return code
    raise Unavailable("codes-used-up", "No free join code was found; please try again.")


async def find_code(session: AsyncSession, code: str) -> JoinCode | None:
    """Return where a code leads."""
    return await session.scalar(select(JoinCode).where(JoinCode.code == code))
