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

from bench.crowd import enrol, sign_in
from bench.darsgoh import listen, say, serving
from server.demo.stage import set_stage
from server.sockets.library import MAX_MESSAGE, PATH, PING_SECONDS

HOST = "0.0.0.0"  # the students come to many addresses of loopback


def allow_many_sockets() -> None:
    """Raise the number of open files to what the kernel lets us have."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def serve_darsgoh(directory: Path, students: int) -> None:
    """Run the whole server until standard input ends."""
    async with serving(directory, HOST) as (services, port):
        stage = await set_stage(services)
        people = await enrol(services, stage.lesson, students)
        cookies = list(await sign_in(services, people))
        await say(port=port, lesson=str(stage.lesson), cookies=cookies)


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
    told = {"port": await listen(runner, HOST), "lesson": "bare", "cookies": [""] * students}
    print(json.dumps(told), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        await sio.emit("event", json.loads(line), room="lesson")
    await runner.cleanup()


if __name__ == "__main__":
    allow_many_sockets()
    kind, place, size = sys.argv[1:]
    work = serve_bare(int(size)) if kind == "bare" else serve_darsgoh(Path(place), int(size))
    uvloop.run(work)  # as `darsgoh serve` does
