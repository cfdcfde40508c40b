"""Commands: what pages ask for under an id of their own; sent twice, it happens once."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from server.errors import Conflict
from server.questions.tables import COMMAND_LENGTH, Command
from server.web import Body

KEEP_COMMANDS = timedelta(days=180)  # the longest course: a phone found in a drawer doubles nothing
_VERSION = 7


def made_by_time(value: uuid.UUID) -> uuid.UUID:
    """Return a UUIDv7; raises ValueError for any other."""
    if value.version != _VERSION:
        raise ValueError("is no UUIDv7")
    return value


class NewCommand(Body):
    """What a page asks for; `id` is its own and stays the same when it asks again."""

    id: Annotated[uuid.UUID, AfterValidator(made_by_time)]
    name: Annotated[str, Field(min_length=1, max_length=COMMAND_LENGTH)]
    args: dict[str, Any] = Field(default_factory=dict)


class LessonCommand(NewCommand):
    """A command to a lesson."""

    lesson: uuid.UUID


@dataclass(frozen=True, slots=True)
class Claim:
    """A command's id taken by a person; `answer` is there when it was done before."""

    answer: Mapping[str, Any] | None


def digest(name: str, place: uuid.UUID, args: Mapping[str, Any]) -> bytes:
    """Return what tells one command's content from another's."""
    text = json.dumps([name, str(place), args], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()


async def insert_new(session: AsyncSession, table: type[Any], **values: Any) -> bool:
    """Add a row unless its key is there; waits for whoever is adding the same one."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    query = dialect.insert(table).values(**values).on_conflict_do_nothing()
    done = await session.execute(query.returning(*table.__table__.primary_key))
    return done.first() is not None


async def claim(
    session: AsyncSession,
    command: NewCommand,
    place: uuid.UUID,
    person_id: uuid.UUID,
    now: datetime,
) -> Claim:
    """Take a command's id within a transaction; raises Conflict when it means something else."""
    wanted = digest(command.name, place, command.args)
    new = await insert_new(
        session,
        Command,
        id=command.id,
        person_id=person_id,
        name=command.name,
        digest=wanted,
        answer={},
        created_at=now,
    )
    if new:
        return Claim(None)
    known = await session.get_one(Command, command.id)
    if known.person_id != person_id or known.digest != wanted:
        raise Conflict("command-reused", "This id was used for something else.")
    return Claim(known.answer)


async def keep_answer(
    session: AsyncSession, command_id: uuid.UUID, answer: Mapping[str, Any]
) -> None:
    """Remember what a command was answered."""
    (await session.get_one(Command, command_id)).answer = dict(answer)


async def forget_old(session: AsyncSession, now: datetime) -> None:
    """Forget commands that nobody can send again."""
    await session.execute(delete(Command).where(Command.created_at < now - KEEP_COMMANDS))
