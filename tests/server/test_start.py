"""Starting, or saying in one sentence why not; the command line."""

import asyncio
import json
import logging
import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from typer.testing import CliRunner

from server.__main__ import app
from server.database import SQLITE_FILE, Database
from server.directory import prepare_directory
from server.errors import DatabaseUnavailable, StartError
from server.models import Base
from server.serve import run_server
from server.settings import Settings, known_variables
from tests.server.conftest import Place
from tests.services import create_database, drop_database

ROOT = Path(__file__).parent.parent.parent
LIMIT = 60  # seconds; a busy machine takes ten to start Python with everything


@dataclass
class Said:
    """What a command said, and how it ended."""

    returncode: int
    stdout: str
    stderr: str


def variables_for(data: Path, **variables: str) -> dict[str, str]:
    """Return the settings of a server that is in nobody's way."""
    return {
        "DARSGOH_DATA__DIRECTORY": str(data),
        "DARSGOH_MEDIA__PORT": "0",
        "DARSGOH_MEDIA__ADDRESS": "127.0.0.1",
        "DARSGOH_SERVER__PORT": "0",
        **variables,
    }


def darsgoh(*arguments: str, data: Path, **variables: str) -> Said:
    """Run a command that ends by itself in this process, and return what it said."""
    result = CliRunner().invoke(app, arguments, env=variables_for(data, **variables))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(autouse=True)
def _own_logs_and_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Leave the logs as they were, and let no setting in from outside."""
    for name in known_variables():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)  # where no config.toml lies
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def assert_one_sentence(done: Said, part: str) -> None:
    assert done.returncode == 1, done.stderr
    assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" not in done.stdout
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = darsgoh("serve", data=tmp_path, DARSGOH_SERVER__PORT=str(port))
    assert_one_sentence_after_logs(done, f"127.0.0.1:{port} (TCP) can not be opened")


def assert_one_sentence_after_logs(done: Said, part: str) -> None:
    done.stderr = "\n".join(
        line for line in done.stderr.splitlines() if not line.startswith(("{", "20"))
    )
    assert_one_sentence(done, part)


def test_a_taken_media_port_is_named(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        done = darsgoh("serve", data=tmp_path, DARSGOH_MEDIA__PORT=str(port))
    assert_one_sentence(
        done, f"The media port 127.0.0.1:{port} (UDP, and TCP {port}) can not be opened"
    )


def test_a_foreign_address_is_named(tmp_path: Path) -> None:
    done = darsgoh("serve", data=tmp_path, DARSGOH_SERVER__HOST="192.0.2.1")
    assert_one_sentence_after_logs(done, "192.0.2.1:0 (TCP) can not be opened")


def test_a_data_directory_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = darsgoh("serve", data=tmp_path / "file" / "data")
    assert_one_sentence(done, "can not be made")


def test_a_wrong_setting_is_named_by_every_command(tmp_path: Path) -> None:
    for command in (["serve"], ["config", "check"], ["user", "add", "A"], ["doctor"]):
        done = darsgoh(*command, data=tmp_path, DARSGOH_SERVER__PROT="1")
        assert_one_sentence(done, "DARSGOH_SERVER__PROT is not a setting")


def test_a_database_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "darsgoh.sqlite3").write_bytes(b"This is no database at all." * 100)
    assert_one_sentence(darsgoh("serve", data=tmp_path), "is not a Darsgoh database")


def test_a_locked_database_is_named(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "darsgoh.sqlite3") as holder:
        holder.execute("PRAGMA journal_mode = WAL")
        holder.execute("BEGIN EXCLUSIVE")
        done = darsgoh("serve", data=tmp_path, DARSGOH_DATABASE__BUSY_SECONDS="0.2")
        holder.rollback()
    assert_one_sentence(done, "is locked by another program")


def test_a_postgresql_that_is_not_there_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://me:hush@127.0.0.1:1/darsgoh"
    done = darsgoh("serve", data=tmp_path, DARSGOH_DATABASE__URL=url)
    assert_one_sentence(done, "does not answer")
    assert "hush" not in done.stderr


def test_a_database_of_another_kind_is_named(tmp_path: Path) -> None:
    for url, part in (("mysql://x/y", "names mysql"), ("nonsense", "can not be read")):
        done = darsgoh("serve", data=tmp_path, DARSGOH_DATABASE__URL=url)
        assert_one_sentence(done, part)


def test_a_missing_postgresql_database_is_named(postgres: str, tmp_path: Path) -> None:
    url = postgres.replace("/postgres", "/absent")
    done = darsgoh("serve", data=tmp_path, DARSGOH_DATABASE__URL=url)
    assert_one_sentence(done, 'database "absent" does not exist')


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = type("Usage", (), {"free": 1024 * 1024})
    monkeypatch.setattr("shutil.disk_usage", lambda _path: full)
    settings = Settings(data={"directory": tmp_path})  # type: ignore[arg-type]
    with pytest.raises(StartError, match="Only 1 MiB are free on the disk"):
        prepare_directory(settings)


def test_a_damaged_key_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_bytes(b"short")
    assert_one_sentence(darsgoh("serve", data=tmp_path), "is damaged")


def test_the_first_start_prints_a_link_and_a_second_server_is_refused(tmp_path: Path) -> None:
    environment = os.environ | variables_for(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-m", "server", "serve"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None
        lines = [server.stdout.readline() for _ in range(4)]
        second = darsgoh("serve", data=tmp_path)
        server.terminate()
        assert server.wait(LIMIT) == 0
    said = "".join(lines)
    assert re.search(r"http://localhost:\d+/sign-in#[\w-]{40,}", said), said
    assert_one_sentence(second, "Another Darsgoh is already running")
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600


def test_people_are_added_and_linked_from_the_command_line(tmp_path: Path) -> None:
    added = darsgoh("user", "add", "Анна", "--login", "Anna", "--staff", "--json", data=tmp_path)
    assert added.returncode == 0, added.stderr
    person = json.loads(added.stdout)
    assert person["name"] == "Анна"
    for who in ("anna", "ANNA", person["id"]):
        linked = darsgoh("user", "link", who, data=tmp_path)
        assert "/sign-in#" in linked.stdout, linked.stderr
    assert_one_sentence_after_logs(
        darsgoh("user", "add", "B", "--login", "anna", data=tmp_path), "already has this login"
    )
    assert_one_sentence(darsgoh("user", "link", "nobody", data=tmp_path), "There is nobody")
    assert_one_sentence(darsgoh("user", "add", "\u202e", data=tmp_path), "The name can not be used")


def test_the_doctor_looks_at_everything_and_names_remedies(tmp_path: Path) -> None:
    done = darsgoh("doctor", "--json", data=tmp_path)
    findings = {one["what"]: one for one in json.loads(done.stdout)}
    assert {"Python", "engine", "pages", "database", "media port", "UDP buffers"} <= set(findings)
    for finding in findings.values():
        assert finding["state"] == "good" or finding["remedy"], finding
    assert "✔" in darsgoh("doctor", data=tmp_path).stdout


def test_config_check_answers_people_and_machines(tmp_path: Path) -> None:
    assert "The settings are good" in darsgoh("config", "check", data=tmp_path).stdout
    good = json.loads(darsgoh("config", "check", "--json", data=tmp_path).stdout)
    assert good["ok"]
    bad = darsgoh("config", "check", "--json", data=tmp_path, DARSGOH_SERVER__PORT="x")
    assert bad.returncode == 1
    assert "server.port" in json.loads(bad.stdout)["error"]


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Half: "])
async def test_who_dawdles_with_the_headers_is_closed(
    sqlite_place: Place, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr("server.serve.KEEP_ALIVE", 0.2)
    settings = sqlite_place.settings(server={"port": 0}, media={"address": "127.0.0.1", "port": 0})
    async with run_server(settings) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(sent)
        assert await asyncio.wait_for(reader.read(), 20) == b""
        writer.close()


async def test_the_migrations_make_what_the_models_say(place: Place) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))

    database = Database.open(place.settings())
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


async def test_several_starts_at_once_migrate_once(postgres: str, tmp_path: Path) -> None:
    url = create_database(postgres, "race")
    for place in (Place(tmp_path), Place(tmp_path, url)):
        databases = [Database.open(place.settings()) for _ in range(3)]
        await asyncio.gather(*(database.migrate() for database in databases))
        assert not await databases[0].pending_migrations()
        for database in databases:
            await database.close()
    drop_database(postgres, "race")


async def test_a_first_start_waits_for_another_that_is_writing(tmp_path: Path) -> None:
    settings = Place(tmp_path).settings(database={"busy_seconds": 30})
    other = sqlite3.connect(tmp_path / SQLITE_FILE, isolation_level=None)
    other.execute("CREATE TABLE somebody (id)")
    other.execute("BEGIN IMMEDIATE")  # for this lock a change to WAL does not wait by itself
    database = Database.open(settings)
    start = asyncio.create_task(database.migrate())
    done, _ = await asyncio.wait([start], timeout=0.5)
    assert not done
    other.execute("COMMIT")
    other.close()
    await start
    assert not await database.pending_migrations()
    await database.close()


async def test_tables_of_a_newer_version_are_left_alone(place: Place) -> None:
    database = Database.open(place.settings())
    async with database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseUnavailable, match="newer Darsgoh"):
        await database.migrate()
    await database.close()


async def test_sqlite_keeps_what_it_acknowledged(sqlite_place: Place) -> None:
    database = Database.open(sqlite_place.settings(database={"busy_seconds": 5}))
    async with database.read() as session:
        found = {
            name: await session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }
    await database.close()
