"""A whole Darsgoh in a process of its own: `python -m bench.join_host DIRECTORY STUDENTS`.

Makes a live lesson with this many students, prints one JSON line with the address, the lesson and a
token for each, and ends when its standard input does.
"""

import asyncio
import json
import sys
from datetime import timedelta
from pathlib import Path

import uvloop
from aiohttp import web

from server.accounts import add_person
from server.app import build_services, create_app
from server.demo.stage import Part, Stage, set_stage
from server.logs import configure_logs
from server.models import CourseRole, Lesson, Member
from server.rooms import open_media
from server.services import Services
from server.settings import Settings
from signaling.grants import Grant, Right, issue

TOKEN_LIFE = timedelta(hours=1)


async def main() -> None:
    """Serve until standard input ends."""
    directory, students = Path(sys.argv[1]), int(sys.argv[2])
    settings = Settings().with_values(
        data={"directory": directory},
        database={"url": ""},
        media={"address": "127.0.0.1", "port": 0, "announced": ["127.0.0.1"]},
        log={"level": "warning"},
    )
    configure_logs(settings.log)
    async with open_media(settings.media) as rooms:
        services = build_services(settings, rooms)
        runner = web.AppRunner(create_app(services), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        stage = await set_stage(services)
        people = await _enrol(services, stage, students)
        said = {
            "base": f"http://{host}:{port}",
            "lesson": str(stage.lesson),
            "publish": _token(services, stage, Right.PUBLISH, str(stage.people[Part.TEACHER])),
            "watch": [_token(services, stage, Right.WATCH, person) for person in people],
        }
        print(json.dumps(said), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        await runner.cleanup()


async def _enrol(services: Services, stage: Stage, students: int) -> list[str]:
    now = services.clock.now()
    people = []
    async with services.database.write() as session:
        lesson = await session.get_one(Lesson, stage.lesson)
        for number in range(students):
            person = await add_person(session, now, f"Student {number}")
            session.add(
                Member(
                    course_id=lesson.course_id,
                    person_id=person.id,
                    role=CourseRole.STUDENT,
                    joined_at=now,
                )
            )
            people.append(str(person.id))
    return people


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
