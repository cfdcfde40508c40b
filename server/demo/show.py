"""The demo as part of a running server: its stage, its teacher, and what the terminal says."""

import asyncio
import contextlib
import ipaddress
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import structlog
from rich.console import Console
from rich.panel import Panel
from sqlalchemy.exc import SQLAlchemyError

from media.errors import MediaError
from media.synthetic import file_tracks
from media.types import CloseReason
from server.demo.robot import Robot
from server.demo.stage import (
    LESSON_TITLE,
    SHOWN,
    Part,
    Stage,
    has_ended,
    link_people,
    link_token,
    set_stage,
)
from server.demo.teacher import Order
from server.errors import Problem, StartError
from server.serve import Running, run_server, wait_for_stop
from server.services import Demo, DemoLink, Services
from server.settings import Settings
from signaling.errors import Refused
from signaling.grants import Grant, Right

log = structlog.get_logger(__name__)

LOOK_SECONDS = 3.0  # between looks whether somebody has ended the lesson
FRAME_COLUMNS = 6  # taken by the frame and its padding
DIRECTORY = "demo"  # beside the real data, never among it


def demo_settings(settings: Settings) -> Settings:
    """Return the settings with data of the demo's own: it never touches a real database."""
    directory = settings.data.directory / DIRECTORY
    return settings.with_values(data={"directory": directory}, database={"url": ""})


def check_video(path: Path) -> None:
    """Raise StartError for a recording that can not be shown."""
    try:
        file_tracks(path)
    except MediaError as error:
        raise StartError(f"{error}.") from error


async def run(settings: Settings, video: Path | None = None) -> None:
    """Serve the demo until SIGINT or SIGTERM; raises StartError."""
    if video is not None:
        await asyncio.to_thread(check_video, video)
    async with run_server(demo_settings(settings)) as running, on_stage(running, video):
        show_panel(Console(), running)
        await wait_for_stop()
        log.info("stopping")


@contextlib.asynccontextmanager
async def on_stage(running: Running, video: Path | None = None) -> AsyncIterator[Demo]:
    """Have a lesson taught for the length of the block."""
    services = running.services
    show = Show(services, await set_stage(services))
    robot = Robot(show.order(running.port, video))
    tasks = [asyncio.create_task(robot.run()), asyncio.create_task(show.keep_live(robot))]
    try:
        yield show.describe()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Show:
    """The demo while the server runs."""

    def __init__(self, services: Services, stage: Stage) -> None:
        self._services = services
        self._stage = stage
        services.demo = self.describe()

    def order(self, port: int, video: Path | None) -> Order:
        """Return what the teacher is to do."""
        base = local_base(self._services.settings, port)
        return Order(
            base=base,
            origin=self._services.settings.server.base_url or base,
            link=link_token(self._services.keys.cookies, Part.ROBOT),
            lesson=str(self._stage.lesson),
            video=None if video is None else str(video),
        )

    def describe(self) -> Demo:
        """Return what the rest of the server knows of the demo."""
        key = self._services.keys.cookies
        links = [
            # without an origin, so that they work at whatever address the page was opened
            DemoLink(role, f"/sign-in#{link_token(key, part)}")
            for role, part in SHOWN.items()
        ]
        return Demo(
            lesson_id=str(self._stage.lesson),
            lesson_title=LESSON_TITLE,
            links=links,
            people=link_people(key, self._stage.people),
            admit=lambda grant: admit(self._services, self._stage, grant),
        )

    async def keep_live(self, robot: Robot) -> None:
        """Begin another lesson when somebody has ended this one."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            with contextlib.suppress(SQLAlchemyError, OSError, Problem):
                if await has_ended(self._services, self._stage.lesson):
                    await self._begin_again(robot)

    async def _begin_again(self, robot: Robot) -> None:
        self._stage = await set_stage(self._services)
        self._services.demo = self.describe()
        log.info("the demo's lesson was ended; another one is live")
        await robot.move_to(str(self._stage.lesson))


def admit(services: Services, stage: Stage, grant: Grant) -> None:
    """Give the floor to a person who wants to publish, and keep it for them.

    Raises Refused toward the synthetic teacher while a person publishes.
    """
    room = services.rooms.room(uuid.UUID(grant.lesson))
    if room is None or grant.right is not Right.PUBLISH or room.lesson != str(stage.lesson):
        return
    robot = str(stage.people[Part.ROBOT])
    others = [one for one in room.publications() if one.participant != robot]
    if grant.participant == robot:
        if others:
            raise Refused("source-taken", "A person teaches now.")
        return
    for publication in room.publications():
        if publication.participant == robot:
            publication.close(CloseReason.LEFT)


def local_base(settings: Settings, port: int) -> str:
    """Return the server's address as this machine reaches it."""
    host = settings.server.host
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        if address.is_unspecified:
            host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def lines(running: Running) -> list[str]:
    """Return what the terminal says: where to go, and as whom."""
    demo = running.services.demo
    links = [] if demo is None else demo.links
    return [
        f"[bold]Open {running.origin}[/bold]",
        "",
        "or sign in at once; these links can be used again:",
        *(f"  {link.role:<8} {running.origin}{link.url}" for link in links),
        "",
        "A synthetic teacher is on the air and makes way when you teach.",
        "Ctrl+C ends the demo.",
    ]


def show_panel(console: Console, running: Running) -> None:
    """Print the lines in a frame, or without one where it would break a link in two."""
    said = lines(running)
    text = "\n".join(said)
    if max(map(len, said)) > console.width - FRAME_COLUMNS:
        console.print(text, soft_wrap=True)
        return
    console.print(Panel.fit(text, title="Darsgoh · demo", padding=(1, 2)))
