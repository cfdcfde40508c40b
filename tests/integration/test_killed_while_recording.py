"""A server killed again and again while it records: what is lost is a moment, and it is marked.

`CHAOS_KILLS` says how many times; `make chaos` is 200. What lies on disk is the same whichever
database says that the lesson is live, so PostgreSQL has fewer.
"""

import asyncio
import os
import random
import statistics
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from recordings.tracks import GAP_MS
from server.database import Database
from server.models import Lesson, LessonState
from tests.integration.forked_server import ForkedServer
from tests.integration.recorded_lesson import (
    TRACKS,
    Taught,
    check_files,
    prepare,
    teaching,
    until_recorded,
)
from tests.server.conftest import Place
from tests.services import create_database, running_postgres

CHAOS = "CHAOS_KILLS"
KILLS = int(os.environ.get(CHAOS, "5"))
POSTGRES_KILLS = int(os.environ.get(CHAOS, "1"))
LIFE = (1.0, 2.5)  # seconds of recording before a kill, by chance
MEDIAN_LOST, MAX_LOST = 1000, 2000  # milliseconds
TEST_SECONDS = 120 + 60 * max(KILLS, POSTGRES_KILLS)

pytestmark = pytest.mark.timeout(TEST_SECONDS)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with running_postgres() as url:
        yield create_database(url, f"chaos_{uuid.uuid4().hex}")


def check_gap(taught: Taught, track: str, end: int) -> None:
    """The time from the last part before the kill to the first one after it is marked."""
    following = min(part["at"] for part in taught.parts(track) if part["at"] >= end)
    if following - end < GAP_MS:  # a server that is back so soon leaves no gap
        return
    gaps = [one for one in taught.entries("gap") if one["track"] == track]
    assert any(
        (one["at"], one["at"] + one["for"], one["why"]) == (end, following, "server")
        for one in gaps
    ), (track, end, following, gaps)


async def kill_once(server: ForkedServer, taught: Taught, number: int) -> float:
    """Teach, kill and start again; `number` kills were before. Return the milliseconds lost."""
    before = {track: taught.end(track) for track in TRACKS} if number else {}
    async with teaching(server, taught):
        await until_recorded(taught, number)
        await asyncio.sleep(random.uniform(*LIFE))
        await server.kill()
    for track, end in before.items():
        check_gap(taught, track, end)
    lost = max(taught.sent[track] - taught.end(track) for track in TRACKS)
    alive = {part["run"] for part in taught.entries("part")}
    check_files(taught.folder, alive)
    await server.start()
    assert not taught.entries("end")
    assert {part["run"] for part in taught.entries("part")} == alive
    return lost


async def end_meanwhile(place: Place, lesson_id: uuid.UUID) -> None:
    """End the lesson while no server is there."""
    database = Database.open(place.settings())
    async with database.write() as session:
        (await session.get_one(Lesson, lesson_id)).state = LessonState.ENDED
    await database.close()


async def run(place: Place, kills: int) -> None:
    taught = await prepare(place)
    server = ForkedServer(place.directory, place.url)
    await server.open()
    try:
        await server.start()
        lost = [await kill_once(server, taught, number) for number in range(kills)]
        await server.kill()
        await end_meanwhile(place, taught.lesson)
        await server.start()
    finally:
        await server.close()
    assert taught.entries("end")
    check_files(taught.folder, set(taught.runs()))
    median = statistics.median(lost)
    print(  # noqa: T201 - what a run by hand is looked at for
        f"{kills} kills, lost {median:.0f} ms in the median, {max(lost):.0f} ms at most"
    )
    assert median <= MEDIAN_LOST
    assert max(lost) <= MAX_LOST


async def test_a_kill_costs_a_moment_which_is_marked(tmp_path: Path) -> None:
    await run(Place(tmp_path), KILLS)


async def test_a_kill_costs_a_moment_on_postgresql(tmp_path: Path, postgres: str) -> None:
    await run(Place(tmp_path, postgres), POSTGRES_KILLS)
