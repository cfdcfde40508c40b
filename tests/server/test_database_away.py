"""A database that is locked, or gone, while people are at work: said, waited for, nothing lost."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from tests.server.conftest import Place, World, problem, running_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

BUSY = {"database": {"busy_seconds": 0.2}}  # s; the default of five would only make the test slow


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Hold the file's write lock, as a backup program may."""
    other = sqlite3.connect(place.directory / "darsgoh.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.fixture
async def hasty_world(sqlite_place: Place) -> AsyncIterator[World]:
    async with running_world(sqlite_place, **BUSY) as running:
        yield running


async def titles(visitor: Any) -> list[str]:
    answer = await visitor.get("/api/courses")
    assert answer.status == 200, await answer.text()
    return [course["title"] for course in (await answer.json())["courses"]]


async def test_a_locked_database_is_read_and_not_written(
    hasty_world: World, sqlite_place: Place
) -> None:
    staff = await hasty_world.staff()
    await hasty_world.course(staff, "Before")
    with locked(sqlite_place):
        answer = await staff.post("/api/courses", {"title": "During"})
        assert await problem(answer) == (503, "database-unavailable")
        assert answer.headers["Retry-After"]
        assert await titles(staff) == ["Before"]
        assert (await staff.get("/healthz")).status == 200
    await hasty_world.course(staff, "After")
    assert sorted(await titles(staff)) == ["After", "Before"]


async def test_a_lesson_step_that_finds_the_lock_is_not_half_taken(
    hasty_world: World, sqlite_place: Place
) -> None:
    staff = await hasty_world.staff()
    event = (await hasty_world.event(staff))["id"]
    await hasty_world.set_state(staff, event, "practice")
    with locked(sqlite_place):
        answer = await staff.post(f"/api/lessons/{event}/state", {"state": "live"})
        assert answer.status == 503
        assert (await (await staff.get(f"/api/lessons/{event}")).json())["state"] == "practice"
    assert (await hasty_world.set_state(staff, event, "live"))["state"] == "live"


@contextmanager
def away(server: str, name: str) -> Iterator[None]:
    """Let a PostgreSQL database accept nobody, and end who is connected."""
    statement = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(server, autocommit=True) as boss:

        def allow(allowed: bool) -> None:
            boss.execute(statement.format(sql.Identifier(name), sql.Literal(allowed)))

        allow(False)
        boss.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        try:
            yield
        finally:
            allow(True)


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
async def test_a_postgresql_that_is_gone_is_said_and_comes_back(
    place: Place, postgres: str
) -> None:
    async with running_world(place) as world:
        staff = await world.staff()
        await world.course(staff, "Before")
        with away(postgres, place.url.rpartition("/")[2]):
            for method in (staff.get("/api/courses"), staff.post("/api/courses", {"title": "X"})):
                assert await problem(await method) == (503, "database-unavailable")
            answer = await staff.get("/readyz")
            assert answer.status == 503
            assert (await answer.json())["reasons"][0]["code"] == "database"
            assert (await staff.get("/healthz")).status == 200
        assert await titles(staff) == ["Before"]
        assert (await staff.get("/readyz")).status == 200
