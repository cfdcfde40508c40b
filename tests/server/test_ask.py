"""Questions of a single query: put alike to both databases, and to SQLite in one go."""

from __future__ import annotations

import asyncio
import threading
import uuid
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from server.access import open_lesson_rights
from server.database import ASKING, Database
from server.errors import Unavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from server.rights import Right
    from tests.server.conftest import Place, World


def people(connection: Connection) -> int:
    return int(connection.scalar(text("SELECT count(*) FROM people")) or 0)


async def test_a_question_sees_what_has_been_committed(world: World) -> None:
    before = await world.services.database.ask(people)
    await world.person("Ада")
    assert await world.services.database.ask(people) == before + 1


async def test_many_may_ask_at_once(world: World) -> None:
    answers = await asyncio.gather(*(world.services.database.ask(people) for _ in range(50)))
    assert len(set(answers)) == 1


async def test_what_a_question_raises_reaches_who_asked(world: World) -> None:
    def wrong(_connection: Connection) -> None:
        raise LookupError("no such thing")

    with pytest.raises(LookupError):
        await world.services.database.ask(wrong)
    assert await world.services.database.ask(people) >= 0  # the connection has come back


async def test_nobody_unknown_has_a_right_in_an_unknown_lesson(world: World) -> None:
    def rights(connection: Connection) -> frozenset[Right]:
        return open_lesson_rights(connection, uuid.uuid4(), uuid.uuid4())

    assert await world.services.database.ask(rights) == frozenset()


async def test_a_question_to_sqlite_can_not_write(small_world: World) -> None:
    def write(connection: Connection) -> None:
        connection.execute(text("DELETE FROM people"))

    with pytest.raises(OperationalError, match="readonly"):
        await small_world.services.database.ask(write)


async def test_a_question_to_sqlite_is_answered_within_one_thread(small_world: World) -> None:
    seen: list[int] = []

    def look(connection: Connection) -> None:
        seen.append(threading.get_ident())
        people(connection)
        seen.append(threading.get_ident())

    await small_world.services.database.ask(look)
    first, last = seen
    assert first == last != threading.get_ident()


async def test_no_thread_is_left_when_the_database_is_closed(sqlite_place: Place) -> None:
    database = Database.open(sqlite_place.settings())
    assert await database.ask(people) == 0
    await database.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("asking")]


async def test_who_asks_while_the_disk_hangs_is_told_to_try_again(sqlite_place: Place) -> None:
    settings = sqlite_place.settings(database={"busy_seconds": 0.2})
    database = Database.open(settings)
    disk = threading.Event()

    def hang(_connection: Connection) -> None:
        disk.wait()

    hanging = [asyncio.create_task(database.ask(hang)) for _ in range(ASKING)]
    await asyncio.sleep(0)  # lets them take the threads
    with pytest.raises(Unavailable):
        await database.ask(people)
    disk.set()
    await asyncio.gather(*hanging, return_exceptions=True)
    assert await database.ask(people) == 0
    await database.close()
