"""A whole Darsgoh in a process of its own: `python -m bench.join_host DIRECTORY STUDENTS`.

Makes a live lesson with this many students, prints one JSON line with the address, the lesson and a
token for each, and ends when its standard input does.
"""

import sys
from datetime import timedelta
from pathlib import Path

import uvloop

from bench.crowd import enrol
from bench.darsgoh import say, serving
from server.demo.stage import Part, Stage, set_stage
from server.services import Services
from signaling.grants import Grant, Right, issue

TOKEN_LIFE = timedelta(hours=1)


async def main() -> None:
    """Serve until standard input ends."""
    directory, students = Path(sys.argv[1]), int(sys.argv[2])
    async with serving(directory) as (services, port):
        stage = await set_stage(services)
        people = await enrol(services, stage.lesson, students)
        await say(
            base=f"http://127.0.0.1:{port}",
            lesson=str(stage.lesson),
            publish=_token(services, stage, Right.PUBLISH, str(stage.people[Part.TEACHER])),
            watch=[_token(services, stage, Right.WATCH, str(one.id)) for one in people],
        )


def _token(services: Services, stage: Stage, right: Right, participant: str) -> str:
    now = services.clock.now()
    grant = Grant(
        lesson=str(stage.lesson),
        right=right,
        participant=participant,
        name="bench",
        rehearsal=False,
        expires_at=now + TOKEN_LIFE,
    )
    return issue(services.keys.grants, grant, now)


if __name__ == "__main__":
    uvloop.run(main())  # as `darsgoh serve` does
