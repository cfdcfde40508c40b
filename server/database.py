"""The database: SQLite in a file by default, PostgreSQL by URL, the same code on both."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    SQLAlchemyError,
)
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import await_only

from server.errors import DatabaseUnavailable, Unavailable
from server.settings import Settings
from server.sqlite import connect

SQLITE_FILE = "darsgoh.sqlite3"
MIGRATION_LOCK = 0x6461727367  # any fixed number; names the advisory lock of PostgreSQL
TIMETABLE_LOCK = MIGRATION_LOCK + 1  # whoever plans lessons
CONNECT_SECONDS = 5  # a database on the same network answers in milliseconds
WAL_PAUSE = 0.02  # seconds between two tries of a first start to change to WAL
ASKING = 4  # questions that SQLite answers at once; one takes a fraction of a millisecond
_WRITES = "darsgoh_writes"

T = TypeVar("T")

log = structlog.get_logger(__name__)


def database_url(settings: Settings) -> URL:
    """Return the URL with the driver we use; raises DatabaseUnavailable for another database."""
    given = settings.database.url.get_secret_value()
    if not given:
        path = settings.data.directory / SQLITE_FILE
        return URL.create("sqlite+aiosqlite", database=str(path))
    try:
        url = make_url(given)
    except ArgumentError as error:
        raise DatabaseUnavailable(
            "database.url can not be read; it looks like postgresql://user:password@host/name."
        ) from error
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
    driver = drivers.get(url.get_backend_name())
    if driver is None:
        raise DatabaseUnavailable(
            f"database.url names {url.get_backend_name()}; Darsgoh knows postgresql and sqlite."
        )
    return url.set(drivername=driver)


class Asking:
    """Threads in which SQLite answers whole questions.

    A session goes to its thread and back for every statement, through a coroutine and a greenlet,
    which costs more than the query itself. Here a question goes there and back once, as a whole.
    """

    def __init__(self, url: URL, busy_seconds: float) -> None:
        self._engine = create_engine(
            url.set(drivername="sqlite+pysqlite"),
            pool_size=ASKING,
            # Nothing begins a transaction: a statement outside of one is one.
            connect_args={"timeout": busy_seconds, "isolation_level": None},
        )
        _let_only_read(self._engine)
        self._busy_seconds = busy_seconds
        self._threads = ThreadPoolExecutor(ASKING, thread_name_prefix="asking")

    async def ask(self, question: Callable[[Connection], T]) -> T:
        """Run a question in a thread; raises what it raises, or Unavailable when it takes long."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._busy_seconds):
                return await loop.run_in_executor(self._threads, self._answer, question)
        except TimeoutError as error:
            raise _busy() from error

    def _answer(self, question: Callable[[Connection], T]) -> T:
        with self._engine.connect() as connection:
            return question(connection)

    async def close(self) -> None:
        """Wait for the questions under way and close the connections."""
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()


class Database:
    """Sessions for reading and for changing; a change sees no other change under way (SQLite)."""

    def __init__(
        self, engine: AsyncEngine, busy_seconds: float, asking: Asking | None = None
    ) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._asking = asking
        self._busy_seconds = busy_seconds
        # SQLite has one writer: waiting here is fair and costs no polling of its lock.
        self._writer = asyncio.Lock()

    @classmethod
    def open(cls, settings: Settings) -> "Database":
        """Return a database that has not connected yet."""
        url = database_url(settings)
        busy = settings.database.busy_seconds
        if url.get_backend_name() == "sqlite":
            engine = create_async_engine(
                url,
                pool_size=4,
                max_overflow=4,
                pool_timeout=busy,
                connect_args={"async_creator_fn": connect},
            )
            _prepare_sqlite(engine, busy)
            return cls(engine, busy, Asking(url, busy))
        engine = create_async_engine(
            url,
            pool_size=settings.database.pool_size,
            pool_pre_ping=True,
            pool_timeout=busy,
            connect_args={"connect_timeout": CONNECT_SECONDS},
        )
        _prepare_postgres(engine)
        return cls(engine, busy)

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Open a session for reading one consistent state; nothing is committed."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            yield session

    async def ask(self, question: Callable[[Connection], T]) -> T:
        """Put a question of a single query, which is one consistent state by itself.

        It costs less than `read` and gives rows, no objects: for what a class asks at once. The
        function must not use the loop: with SQLite it runs in a thread. Raises what it raises.
        """
        if self._asking is not None:
            return await self._asking.ask(question)
        async with self.engine.connect() as connection:
            return await connection.run_sync(question)

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Open a session that commits when the block ends well and rolls back otherwise."""
        async with self._turn():
            engine = self.engine.execution_options(**{_WRITES: True})
            async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
                yield session

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if not self.is_sqlite:
            yield
            return
        try:
            async with asyncio.timeout(self._busy_seconds):
                await self._writer.acquire()
        except TimeoutError as error:
            raise _busy() from error
        try:
            yield
        finally:
            self._writer.release()

    async def migrate(self) -> None:
        """Bring the tables up to date; only one process does so at a time."""
        try:
            engine = self.engine.execution_options(**{_WRITES: True})
            async with engine.begin() as connection:
                if not self.is_sqlite:
                    await connection.execute(
                        text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK}
                    )
                await connection.run_sync(_upgrade)
        except (SQLAlchemyError, OSError) as error:
            raise DatabaseUnavailable(explain(error, self.engine.url)) from error

    async def check(self) -> None:
        """Ask the database for one answer; raises what it raises."""
        async with asyncio.timeout(CONNECT_SECONDS), self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def waits_for_disk(self) -> bool:
        """Return whether what is committed has reached the disk."""
        if self.is_sqlite:
            return True
        async with self.engine.connect() as connection:
            return str(await connection.scalar(text("SHOW fsync"))) == "on"

    async def pending_migrations(self) -> bool:
        """Return whether the tables are older or newer than this program."""
        async with self.engine.connect() as connection:
            current = await connection.run_sync(
                lambda sync: MigrationContext.configure(sync).get_current_revision()
            )
        return current != newest_migration()

    async def close(self) -> None:
        """Close every connection."""
        if self._asking is not None:
            await self._asking.close()
        await self.engine.dispose()


def _busy() -> Unavailable:
    return Unavailable("database-busy", "The database is busy; please try again.")


async def add_once(session: AsyncSession, row: DeclarativeBase) -> None:
    """Add a row unless somebody else has added the same at this very moment."""
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        log.debug("added by somebody else just now", table=row.__tablename__)


def _prepare_sqlite(engine: AsyncEngine, busy_seconds: float) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")
        _write_ahead(cursor, busy_seconds)
        # An acknowledged change survives a power cut.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        # IMMEDIATE takes the write lock at once: no upgrade in the middle can find it taken.
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _let_only_read(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA query_only = ON")
        cursor.close()


def _write_ahead(cursor: DBAPICursor, busy_seconds: float) -> None:
    """Change to WAL; of several first starts only one can at a time, and SQLite waits for none."""
    until = time.monotonic() + busy_seconds
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
        else:
            return
        await_only(asyncio.sleep(WAL_PAUSE))


def _prepare_postgres(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # An acknowledged change survives a power cut, whatever the server is set to for others.
        # Every other value waits for this machine's disk, or for more.
        cursor = connection.cursor()
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') = 'off'"
        )
        cursor.close()
        connection.commit()


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(connection: Connection) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(_alembic_config())
    if current is not None and current not in {step.revision for step in script.walk_revisions()}:
        raise DatabaseUnavailable(
            f"The database was made by a newer Darsgoh (step {current}); "
            "install that version or restore an older copy."
        )
    config = _alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if current != newest_migration():
        log.info("database brought up to date", before=current, after=newest_migration())


def newest_migration() -> str | None:
    """Return the name of the last step this program knows."""
    return ScriptDirectory.from_config(_alembic_config()).get_current_head()


def explain(error: Exception, url: URL) -> str:
    """Return one sentence with a remedy for a database that does not answer."""
    where = url.database if url.get_backend_name() == "sqlite" else url.render_as_string()
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    reason = " ".join(str(cause).split()).rstrip(".?!")
    if isinstance(error, NoSuchModuleError):
        return f"The driver for {where} is not installed."
    for fragment, sentence in _SQLITE_SENTENCES.items():
        if isinstance(cause, sqlite3.Error) and fragment in reason:
            return sentence.format(where=where)
    return f"The database {where} does not answer: {reason}."


_SQLITE_SENTENCES = {
    "database is locked": (
        "The database {where} is locked by another program; close it and start again."
    ),
    "unable to open database file": (
        "The database {where} can not be opened; "
        "check that its directory exists and may be written."
    ),
    "attempt to write a readonly database": (
        "The database {where} may not be written; check the owner of the file."
    ),
    "disk is full": "The disk that holds {where} is full; free some space and start again.",
    "disk I/O error": (
        "The disk that holds {where} does not take what is written to it; "
        "check that it has room and is sound."
    ),
    "file is not a database": "The file {where} is not a Darsgoh database; move it away.",
    "malformed": "The database {where} is damaged; restore it from a backup.",
}
