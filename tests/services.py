"""Real services for the tests: a private PostgreSQL on a free port, and databases on demand."""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql

POSTGRES_DIRECTORIES = ("/usr/lib/postgresql/*/bin", "/usr/local/bin", "/usr/bin")
SERVICE_USER = "postgres"  # PostgreSQL refuses to run as root
MISSING = (
    "PostgreSQL is not installed, and half of the server's tests run on it: "
    "install the package `postgresql` (make install does) and run them again."
)
PR_SET_PDEATHSIG = 1
START_SECONDS = 60  # on a machine that is busy with everything else


def find_postgres() -> Path:
    """Return the directory of initdb and postgres; raises RuntimeError with the remedy."""
    for pattern in POSTGRES_DIRECTORIES:
        for directory in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            if (directory / "initdb").is_file() and (directory / "postgres").is_file():
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
    options = ["fsync=off", "full_page_writes=off", "max_connections=60"]
    command = [
        f"{binaries}/postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port),
        "-k", str(directory), *(part for option in options for part in ("-c", option)),
    ]  # fmt: skip
    url = f"postgresql://darsgoh@127.0.0.1:{port}/postgres"
    try:
        _run(
            f"{binaries}/initdb", "-D", data, "-U", "darsgoh", "-A", "trust",
            "-E", "UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip
        with (directory / "log").open("wb") as log, _start(command, log) as server:
            try:
                _wait_until_it_answers(server, url, directory / "log")
                yield url
            finally:
                server.send_signal(signal.SIGQUIT)  # at once: there is nothing to keep
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _start(command: list[str], log: IO[bytes]) -> "subprocess.Popen[bytes]":
    as_root = os.geteuid() == 0
    return subprocess.Popen(
        command,
        stdout=log,
        stderr=log,
        user=SERVICE_USER if as_root else None,
        group=SERVICE_USER if as_root else None,
        extra_groups=[] if as_root else None,
        preexec_fn=_end_with_the_tests,  # noqa: PLW1509 - one system call, no lock
    )


def _end_with_the_tests() -> None:
    # Tests that are killed can not clean up: the kernel ends the server with them (prctl(2)).
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def _wait_until_it_answers(server: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}") from None
            time.sleep(0.1)
        else:
            return


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
