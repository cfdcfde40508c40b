"""SQLite's thread is woken once for a question, and what it says is what sqlite3 says."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, OperationalError

from server.database import Database
from server.settings import DataSettings, Settings
from server.sqlite import OneTripConnection, connect


def count_pens(connection: Connection) -> int:
    return int(connection.scalar(text("SELECT count(*) FROM pens")) or 0)


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database.open(Settings(data=DataSettings(directory=tmp_path)))
    async with opened.write() as session:
        await session.execute(text("CREATE TABLE pens (id INTEGER PRIMARY KEY, colour TEXT)"))
    yield opened
    await opened.close()


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows with each call that goes to a connection's thread."""
    seen: list[str] = []
    ask = OneTripConnection._execute

    async def counted(self: OneTripConnection, call: object, *arguments: object) -> object:
        seen.append(getattr(call, "__name__", ""))
        return await ask(self, call, *arguments)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(OneTripConnection, "_execute", counted)
    return seen


async def test_a_session_is_a_trip_for_each_statement(database: Database, trips: list[str]) -> None:
    async with database.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM pens")) == 0
    assert trips == ["in_thread", "in_thread", "rollback"]  # BEGIN, SELECT, ROLLBACK


async def test_one_question_is_no_trip_to_a_session_s_thread(
    database: Database, trips: list[str]
) -> None:
    assert await database.ask(count_pens) == 0
    assert trips == []


async def test_a_change_is_a_trip_for_each_statement(database: Database, trips: list[str]) -> None:
    async with database.write() as session:
        await session.execute(text("INSERT INTO pens (colour) VALUES (:one)"), {"one": "red"})
    assert trips == ["in_thread", "in_thread", "commit"]  # BEGIN, INSERT, COMMIT


async def test_rows_counts_and_ids_come_back(database: Database) -> None:
    async with database.write() as session:
        colours = [{"colour": "red"}, {"colour": "blue"}]
        await session.execute(text("INSERT INTO pens (colour) VALUES (:colour)"), colours)
        changed = await session.execute(text("UPDATE pens SET colour = upper(colour)"))
        assert changed.rowcount == 2
    async with database.read() as session:
        found = await session.execute(text("SELECT id, colour FROM pens ORDER BY id"))
        assert [tuple(row) for row in found] == [(1, "RED"), (2, "BLUE")]


async def test_what_fails_raises_and_leaves_nothing_behind(database: Database) -> None:
    async def insert_twice() -> None:
        async with database.write() as session:
            await session.execute(text("INSERT INTO pens (id) VALUES (1)"))
            await session.execute(text("INSERT INTO pens (id) VALUES (1)"))

    with pytest.raises(IntegrityError):
        await insert_twice()
    with pytest.raises(OperationalError, match="no such table"):
        async with database.read() as session:
            await session.execute(text("SELECT * FROM pencils"))
    assert await database.ask(count_pens) == 0


async def test_a_transaction_that_is_given_up_is_rolled_back(tmp_path: Path) -> None:
    connection = await connect(str(tmp_path / "pens.sqlite3"), isolation_level=None)
    cursor = connection.cursor()
    await cursor.execute("CREATE TABLE pens (id INTEGER)")
    await connection.rollback()
    await cursor.execute("BEGIN")
    await cursor.executemany("INSERT INTO pens VALUES (?)", [(1,), (2,)])
    assert (cursor.rowcount, cursor.lastrowid) == (2, None)
    await connection.rollback()
    await cursor.execute("SELECT * FROM pens")
    assert await cursor.fetchall() == []
    await connection.close()
    with pytest.raises((ValueError, sqlite3.Error)):
        await cursor.execute("SELECT 1")
