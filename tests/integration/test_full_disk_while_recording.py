"""A disk that fills up under a recording: the lesson goes on and teachers are told."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from server.database import Database
from server.models import LessonEvent
from server.recordings.shelf import FOLDER
from server.timeline import TEACHERS
from signaling.client import play
from tests.integration.forked_server import ForkedServer
from tests.integration.recorded_lesson import (
    PATIENCE,
    TRACKS,
    Taught,
    check_files,
    prepare,
    teaching,
    until_recorded,
)
from tests.integration.tracks import RED, soon, wait_for_colour, wait_for_sound
from tests.server.conftest import Place

DISK = 80 * 1024 * 1024  # bytes; recording resumes when 65 MiB are free
RESERVE = "1"  # MiB
TOLD_SECONDS = 10

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Recordings on a small disk of their own."""
    path = tmp_path / FOLDER
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", str(path)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    assert mounted.returncode == 0, f"This test mounts a disk: run it as root. {mounted.stderr}"
    yield path
    subprocess.run(["umount", "--lazy", str(path)], check=True)


def fill(path: Path) -> None:
    """Write until not one byte more fits."""
    block = bytes(1 << 16)
    try:
        with path.open("wb", buffering=0) as file:
            while file.write(block):
                pass
    except OSError:
        return


async def events(place: Place, kind: str) -> list[LessonEvent]:
    database = Database.open(place.settings())
    async with database.read() as session:
        query = select(LessonEvent).where(LessonEvent.kind == kind).order_by(LessonEvent.seq)
        found = list(await session.scalars(query))
    await database.close()
    return found


async def until_told(place: Place, kind: str, since: float) -> LessonEvent:
    """Return the first event of a kind after a position."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for event in await events(place, kind):
                if event.position >= since:
                    return event
            await asyncio.sleep(0.2)


async def fill_up(place: Place, taught: Taught, ballast: Path) -> None:
    began = taught.position()
    await asyncio.to_thread(fill, ballast)
    told = await until_told(place, "recording.low-disk", began)
    assert told.audience == TEACHERS
    assert told.position - began <= TOLD_SECONDS * 1000
    await until_told(place, "recording.stopped", began)


async def test_a_full_disk_stops_the_recording_and_nothing_else(
    tmp_path: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARSGOH_RECORDINGS__RESERVE_MB", RESERVE)
    place = Place(tmp_path)
    taught = await prepare(place)
    server = ForkedServer(place.directory)
    await server.open()
    try:
        await server.start()
        async with teaching(server, taught):
            await until_recorded(taught, 0)
            await fill_up(place, taught, disk / "ballast")
            check_files(taught.folder, {part["run"] for part in taught.entries("part")})
            async with play(f"{server.url}/whep/{taught.lesson}", taught.watch) as student:
                await soon(wait_for_colour(student.video[0], RED), wait_for_sound(student.audio[0]))
            emptied = taught.position()
            (disk / "ballast").unlink()
            await until_told(place, "recording.started", emptied)
            await until_recorded(taught, 1)
    finally:
        await server.close()
    check_files(taught.folder, set(taught.runs()))
    full = {gap["track"] for gap in taught.entries("gap") if gap["why"] == "disk"}
    assert full == set(TRACKS)
    assert not [line for line in server.log().splitlines() if "Traceback" in line]
