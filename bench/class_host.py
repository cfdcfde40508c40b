"""A server in a process of its own: `python -m bench.class_host KIND DIRECTORY STUDENTS`.

KIND is `darsgoh`, the whole server with a live lesson; or `bare`, python-socketio on aiohttp and
uvloop with the same settings and nothing else. Prints one JSON line with its address, the lesson
and a Cookie header for each student, and ends when its standard input does. At the bare one, a
line of standard input is an event that it sends to everybody.
"""

import asyncio
import json
import resource
import sys
from pathlib import Path
from typing import Any

import socketio
import uvloop
from aiohttp import web

from bench.crowd import enrol
from server.app import build_services, create_app
from server.demo.stage import set_stage
from server.logs import configure_logs
from server.rooms import open_media
from server.settings import Settings
from server.sockets import MAX_MESSAGE, PATH, PING_SECONDS

HOST = "0.0.0.0"  # the students come to many addresses of loopback
BACKLOG = 1024


def allow_many_sockets() -> None:
    """Raise the number of open files to what the kernel lets us have."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def serve_darsgoh(directory: Path, students: int) -> None:
    """Run the whole server until standard input ends."""
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
        port = await _listen(runner)
        stage = await set_stage(services)
        cookies = await enrol(services, stage.lesson, students)
        _say(port, str(stage.lesson), cookies)
        await asyncio.to_thread(sys.stdin.read)
        await runner.cleanup()


async def serve_bare(students: int) -> None:
    """Run a broadcaster until standard input ends."""
    sio = socketio.AsyncServer(
        async_mode="aiohttp",
        cors_allowed_origins="*",
        ping_interval=PING_SECONDS,
        ping_timeout=PING_SECONDS,
        max_http_buffer_size=MAX_MESSAGE,
    )

    async def join(sid: str, _wish: Any) -> dict[str, Any]:
        await sio.enter_room(sid, "lesson")
        return {"ok": True}

    sio.on("join", join)
    app = web.Application()
    sio.attach(app, PATH.strip("/"))
    runner = web.AppRunner(app, access_log=None)
    _say(await _listen(runner), "bare", [""] * students)
    while line := await asyncio.to_thread(sys.stdin.readline):
        await sio.emit("event", json.loads(line), room="lesson")
    await runner.cleanup()


async def _listen(runner: web.AppRunner) -> int:
    await runner.setup()
    await web.TCPSite(runner, HOST, 0, backlog=BACKLOG).start()
    return int(runner.addresses[0][1])


def _say(port: int, lesson: str, cookies: Any) -> None:
    print(json.dumps({"port": port, "lesson": lesson, "cookies": list(cookies)}), flush=True)


if __name__ == "__main__":
    allow_many_sockets()
    kind, place, size = sys.argv[1:]
    work = serve_bare(int(size)) if kind == "bare" else serve_darsgoh(Path(place), int(size))
    uvloop.run(work)  # as `darsgoh serve` does
