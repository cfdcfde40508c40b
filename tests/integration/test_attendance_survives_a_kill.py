"""A server killed while somebody hears a lesson: what they had heard stays, and goes on."""

import asyncio
import uuid
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from server.attendance.looks import LOOK_SECONDS
from server.attendance.tables import Attendance
from server.clock import SystemClock
from server.database import Database
from server.demo.stage import Part, set_stage
from signaling.client import play
from signaling.grants import Grant, Right, issue
from tests.integration.forked_server import ForkedServer
from tests.server.conftest import Place, running_world

PATIENCE = 120  # seconds for what takes ten
ENOUGH_MS = 1_500 * LOOK_SECONDS  # heard by one connection: more than one look


async def kept(database: Database) -> list[tuple[int, int]]:
    """Return the stretches that are in the database, oldest first."""
    query = select(Attendance.began, Attendance.ended).order_by(Attendance.began)
    async with database.read() as session:
        return [(row.began, row.ended) for row in await session.execute(query)]


async def until_heard(database: Database, stretches: int) -> list[tuple[int, int]]:
    """Wait until the newest of so many stretches is long enough."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await kept(database)
            if len(found) == stretches and found[-1][1] - found[-1][0] >= ENOUGH_MS:
                return found
            await asyncio.sleep(0.2)


async def prepare(place: Place) -> tuple[uuid.UUID, str]:
    """Make a live lesson and a student's token to watch it."""
    clock = SystemClock()
    async with running_world(place, clock) as world:  # type: ignore[arg-type]  # a clock
        stage = await set_stage(world.services)
        who, until = str(stage.people[Part.STUDENT]), clock.now() + timedelta(days=1)
        grant = Grant(str(stage.lesson), Right.WATCH, who, "Student", False, until)
        return stage.lesson, issue(world.services.keys.grants, grant, clock.now())


async def test_what_was_heard_before_a_kill_stays_and_goes_on_after_it(tmp_path: Path) -> None:
    place = Place(tmp_path)
    lesson, token = await prepare(place)
    server, database = ForkedServer(tmp_path), Database.open(place.settings())
    await server.open()
    try:
        await server.start()
        url = f"{server.url}/whep/{lesson}"
        async with play(url, token, videos=1, audios=1), play(url, token):
            before = await until_heard(database, 1)
            await server.kill()
        (began, ended) = before[0]
        await server.start()
        survived = await kept(database)
        async with play(url, token):
            after = await until_heard(database, 2)
    finally:
        await server.close()
        await database.close()
    # Two devices were one stretch; it ends at its last sign of life, and nothing overlaps it.
    assert [one[0] for one in survived] == [began]
    assert survived[0][1] >= ended
    assert after[0] == survived[0]
    assert after[1][0] >= after[0][1]
