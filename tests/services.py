"""Real services for the tests: a private PostgreSQL on a free port, and databases on demand."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

POSTGRES_DIRECTORIES = ("/usr/lib/postgresql/*/bin", "/usr/local/bin", "/usr/bin")
SERVICE_USER = "postgres"  # PostgreSQL refuses to run as root
MISSING = (
    "PostgreSQL is not installed, and half of the server's tests run on it: "
    "install the package `postgresql` (make install does) and run them again."
)
START_SECONDS = 60  # on a machine that is busy with everything else


def find_postgres() -> Path:
    """Return the directory of initdb and pg_ctl; raises RuntimeError with the remedy."""
    for pattern in POSTGRES_DIRECTORIES:
        for directory in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            if (directory / "initdb").is_file() and (directory / "pg_ctl").is_file():
                return directory
    if (found := shutil.which("initdb")) is not None:
        return Path(found).resolve().parent
    raise RuntimeError(MISSING)


def free_port() -> int:
    """Return a TCP port nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _as_service(command: list[str]) -> list[str]:
    if os.geteuid() != 0:
        return command
    return ["runuser", "-u", SERVICE_USER, "--", *command]


def _run(*command: str) -> None:
    done = subprocess.run(_as_service(list(command)), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")


def _owned_directory() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="darsgoh-postgres-"))
    if os.geteuid() == 0:
        try:
            user = pwd.getpwnam(SERVICE_USER)
        except KeyError as error:
            raise RuntimeError(MISSING) from error
        os.chown(directory, user.pw_uid, user.pw_gid)
    return directory


@contextlib.contextmanager
def running_postgres() -> Iterator[str]:
    """Run a private cluster and yield the URL of its maintenance database."""
    binaries = find_postgres()
    directory = _owned_directory()
    data, port = str(directory / "data"), free_port()
    # Nothing here outlives the tests, so nothing needs to reach the disk.
    options = (
        f"-h 127.0.0.1 -p {port} -k {directory} -c fsync=off -c full_page_writes=off "
        "-c max_connections=60"
    )
    try:
        _run(
            f"{binaries}/initdb", "-D", data, "-U", "darsgoh", "-A", "trust",
            "-E", "UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip
        _run(
            f"{binaries}/pg_ctl", "-D", data, "-o", options, "-w", "-t", str(START_SECONDS),
            "-l", str(directory / "log"), "start",
        )  # fmt: skip
        try:
            yield f"postgresql://darsgoh@127.0.0.1:{port}/postgres"
        finally:
            _run(f"{binaries}/pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def database_url(server: str, name: str) -> str:
    """Return the URL of a database of a running cluster."""
    return server.rpartition("/")[0] + f"/{name}"


def create_database(server: str, name: str, template: str = "template1") -> str:
    """Create a database as a copy of another and return its URL."""
    _execute(
        server,
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        ),
    )
    return database_url(server, name)


def drop_database(server: str, name: str) -> None:
    """Drop a database, whoever still holds a connection to it."""
    _execute(
        server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    )


def _execute(server: str, statement: sql.Composed) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)
