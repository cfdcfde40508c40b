"""Asks and counts: `python -m tests.server.synced_questions DIRECTORY full|off`.

Prints how often the database's log was given to the disk before each acknowledgement, as JSON.
Needs counted_syncs.c in LD_PRELOAD.
"""

import asyncio
import ctypes
import json
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event

from server.questions.events import MAX_RECENT
from tests.server.conftest import Place, running_world
from tests.server.questions.classroom import Room


async def ask(directory: Path, synchronous: str) -> list[int]:
    count = ctypes.CDLL(None).log_syncs
    found = []
    async with running_world(Place(directory)) as world:
        room = Room(world)
        await room.build(students=1)
        await trust(world.services.database.engine, synchronous)
        for _ in range(MAX_RECENT):
            before = count()
            await room.students[0].ask()
            found.append(count() - before)
    return found


async def trust(engine: Any, synchronous: str) -> None:
    """Open all connections anew, and not wait for the disk if it is `off`."""

    def connected(connection: Any, _entry: Any) -> None:
        connection.execute(f"PRAGMA synchronous = {synchronous}")

    if synchronous == "off":
        event.listen(engine.sync_engine, "connect", connected)
    await engine.dispose()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(ask(Path(sys.argv[1]), sys.argv[2]))))  # noqa: T201
