"""SQLite's thread is asked once for each statement: its rows come back with it.

aiosqlite hands every call of a cursor to the connection's thread, so that one question wakes it
four times: open, execute, fetch, close. Waking a thread costs more than most questions do.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

import aiosqlite

CHUNK_ROWS = 64  # of an iteration, which nobody uses; aiosqlite wants to know


class OneTripCursor:
    """What SQLAlchemy asks of aiosqlite's cursor; only executing goes to the thread."""

    def __init__(self, connection: "OneTripConnection") -> None:
        self.arraysize = 1
        self.description: Sequence[Any] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._connection = connection
        self._rows: Sequence[Any] = ()

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, statement: str, parameters: Iterable[Any] = ()) -> Self:
        """Run a statement and take all of its rows."""
        return await self._run(lambda cursor: cursor.execute(statement, tuple(parameters)))

    async def executemany(self, statement: str, parameters: Iterable[Iterable[Any]]) -> Self:
        """Run a statement once for each of the parameters."""
        rows = [tuple(each) for each in parameters]
        return await self._run(lambda cursor: cursor.executemany(statement, rows))

    async def fetchall(self) -> Sequence[Any]:
        """Return the rows of the last statement, once."""
        rows, self._rows = self._rows, ()
        return rows

    async def close(self) -> None:
        """Forget the rows; the thread has closed its cursor already."""
        self._rows = ()

    async def _run(self, ask: Callable[[sqlite3.Cursor], object]) -> Self:
        def in_thread(connection: sqlite3.Connection) -> None:
            cursor = connection.cursor()
            try:
                ask(cursor)
                self.description = cursor.description
                self._rows = cursor.fetchall() if cursor.description else ()
                self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
            finally:
                cursor.close()

        await self._connection.in_thread(in_thread)
        return self


class OneTripConnection(aiosqlite.Connection):
    """A connection of aiosqlite whose cursors are those above."""

    def cursor(self) -> OneTripCursor:  # type: ignore[override] # what SQLAlchemy uses of it
        """Return a cursor; nothing is asked of the thread yet."""
        return OneTripCursor(self)

    async def in_thread(self, call: Callable[[sqlite3.Connection], None]) -> None:
        """Let the connection's thread do something with SQLite's own connection."""
        await self._execute(call, self._conn)  # type: ignore[no-untyped-call] # aiosqlite's

    async def rollback(self) -> None:
        """Roll back a transaction if there is one: a lone question leaves none."""
        if self.in_transaction:
            await super().rollback()


def connect(database: str, **options: Any) -> OneTripConnection:
    """Return a connection that opens when it is awaited; `options` are those of sqlite3."""
    connection = OneTripConnection(lambda: sqlite3.connect(database, **options), CHUNK_ROWS)
    connection._thread.daemon = True  # noqa: SLF001 # as SQLAlchemy does, for processes that are ended
    return connection
