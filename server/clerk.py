"""What the command line does with people, beside a server that may be running."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from server import accounts
from server.clock import SystemClock
from server.database import Database, explain
from server.directory import prepare_directory
from server.errors import Problem, StartError
from server.ids import parse_id
from server.models import Person
from server.settings import Settings


async def add_person(
    settings: Settings, name: str, login: str | None, staff: bool, language: str | None
) -> dict[str, str]:
    """Add a person and return their link; raises StartError."""
    async with _changing(settings) as session:
        now = SystemClock().now()
        person = await accounts.add_person(
            session, now, name, login=login, staff=staff, language=language
        )
        return await _linked(settings, session, person)


async def add_link(settings: Settings, who: str) -> dict[str, str]:
    """Return a new link for the person with a login or id; raises StartError."""
    async with _changing(settings) as session:
        person_id = parse_id(who)
        person = await session.get(Person, person_id) if person_id else None
        person = person or await accounts.find_person(session, who.casefold())
        if person is None:
            raise StartError(f"There is nobody with the login or id {who!r}.")
        await accounts.drop_unused_links(session, person.id)
        return await _linked(settings, session, person)


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """Open the database of a server that may be running; raises StartError."""
    prepare_directory(settings)
    database = Database.open(settings)
    try:
        await database.migrate()
        yield database
    except Problem as problem:
        raise StartError(problem.detail) from problem
    except (SQLAlchemyError, OSError) as error:
        raise StartError(explain(error, database.engine.url)) from error
    finally:
        await database.close()


@asynccontextmanager
async def _changing(settings: Settings) -> AsyncIterator[AsyncSession]:
    async with open_database(settings) as database, database.write() as session:
        yield session


async def _linked(settings: Settings, session: AsyncSession, person: Person) -> dict[str, str]:
    life = timedelta(hours=settings.auth.link_hours)
    link = await accounts.add_link(session, person.id, SystemClock().now(), life)
    base = settings.server.base_url or f"http://localhost:{settings.server.port}"
    return {"id": str(person.id), "name": person.name, "link": link.url(base)}
