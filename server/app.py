"""The application: its parts, its routes, and the order in which it starts and stops."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import structlog
from aiohttp import web
from argon2 import PasswordHasher
from sqlalchemy.exc import SQLAlchemyError

from media.room import Rooms
from server import accounts, auth, commands, courses, grants, join, lessons, people, status
from server.clock import Clock, SystemClock
from server.database import Database
from server.errors import SettingsError, Unavailable
from server.hands.floor import Hands
from server.keys import load_keys
from server.limits import Limits
from server.metrics import Metrics
from server.middleware import MIDDLEWARES
from server.pages import STATIC, Pages
from server.passwords import Passwords
from server.polls.live import Classes
from server.presence import Presence
from server.questions import routes as questions
from server.questions.tally import Tallies
from server.rooms import LiveRooms
from server.services import SERVICES, Services
from server.settings import Settings
from server.sockets import PATH, Sockets
from server.timeline import Timelines
from server.voice_notes import routes as voice_notes
from server.voice_notes.air import VoiceNotes
from server.web import MAX_BODY, client_address, limit_key
from signaling.app import Signaling, SignalingSettings
from signaling.grants import Grant
from signaling.ice_servers import IceServers

log = structlog.get_logger(__name__)

TIDY_SECONDS = 3600  # expired sessions take no space worth asking for more often
KEEP_LINKS = timedelta(days=30)  # a used link is still answered with "used" for so long


def build_services(
    settings: Settings,
    rooms: Rooms,
    clock: Clock | None = None,
    hasher: PasswordHasher | None = None,
) -> Services:
    """Put the parts together; nothing is opened yet except the key file."""
    clock = clock or SystemClock()
    database = Database.open(settings)
    timelines = Timelines(database, clock)
    hands = Hands()
    timelines.on_event(hands.hear)  # before any page hears: the media follow first
    notes = VoiceNotes(settings.data.directory)
    timelines.on_event(notes.hear)
    classes = Classes()
    timelines.on_event(classes.hear)
    return Services(
        settings=settings,
        clock=clock,
        database=database,
        keys=load_keys(settings.data.directory),
        passwords=Passwords(settings.auth.hash_threads, hasher),
        limits=Limits(),
        timelines=timelines,
        presence=Presence(),
        metrics=Metrics(),
        rooms=LiveRooms(rooms),
        hands=hands,
        sockets=Sockets(),
        tallies=Tallies(timelines),
        voice_notes=notes,
        classes=classes,
    )


def create_app(services: Services, static: Path = STATIC) -> web.Application:
    """Return the application of these parts."""
    pages = Pages(static)
    app = web.Application(middlewares=(*MIDDLEWARES, pages.show_missing), client_max_size=MAX_BODY)
    app[SERVICES] = services
    for module in (auth, join, courses, lessons, grants, people, questions, voice_notes, status):
        app.add_routes(module.routes)
    app.add_routes(pages.routes())
    app.add_routes(build_signaling(services).routes())
    app.router.add_route("GET", PATH, services.sockets.handle)
    app.router.add_route("POST", PATH, services.sockets.handle)
    app.cleanup_ctx.extend(PARTS)
    # Before aiohttp waits for requests under way: a long poll is one, and would not end by itself.
    app.on_shutdown.append(close_sockets)
    return app


def build_signaling(services: Services) -> Signaling:
    """Return the WHIP and WHEP doors, which ask our rights again at every entrance."""
    settings = services.settings

    async def ask_again(grant: Grant) -> None:
        await grants.may_join(services, grant)

    def source_of(request: web.Request) -> str:
        return limit_key(client_address(request, settings))

    return Signaling(
        services.rooms.media,
        services.keys.grants,
        SignalingSettings(
            ice_servers=ice_servers(settings), cors_origins=tuple(settings.media.allowed_origins)
        ),
        ask_again,
        clock=services.clock.now,
        source_of=source_of,
    )


def ice_servers(settings: Settings) -> IceServers:
    """Return the relays; raises SettingsError for addresses that are none."""
    turn = settings.turn
    try:
        return IceServers(
            tuple(turn.urls), turn.secret.get_secret_value(), timedelta(minutes=turn.minutes)
        )
    except ValueError as error:
        raise SettingsError(f"The setting turn.urls can not be used: {error}.") from error


async def run_database(app: web.Application) -> AsyncIterator[None]:
    """Bring the tables up to date; close the connections at the end."""
    database = app[SERVICES].database
    try:
        await database.migrate()
        yield
    finally:
        await database.close()


async def run_passwords(app: web.Application) -> AsyncIterator[None]:
    """End the hashing threads."""
    yield
    app[SERVICES].passwords.close()


async def run_sockets(app: web.Application) -> AsyncIterator[None]:
    """Tell events to pages; close the sockets at the end."""
    services = app[SERVICES]
    services.sockets.start(services)
    yield
    await services.sockets.stop()


async def close_sockets(app: web.Application) -> None:
    """Close the sockets, so that nobody waits for them."""
    await app[SERVICES].sockets.stop()


async def run_tallies(app: web.Application) -> AsyncIterator[None]:
    """Tell counts of votes; the last ones at the end."""
    services = app[SERVICES]
    await services.tallies.start(services)
    yield
    await services.tallies.stop()


async def run_rooms(app: web.Application) -> AsyncIterator[None]:
    """Reopen the rooms of open lessons; write their last events at the end."""
    services = app[SERVICES]
    await services.rooms.start(services)
    services.metrics.watch_engine(services.rooms.counters)
    yield
    await services.rooms.stop()


async def run_hands(app: web.Application) -> AsyncIterator[None]:
    """Take up the hands of open lessons; stop watching their time at the end."""
    services = app[SERVICES]
    await services.hands.start(services)
    yield
    await services.hands.stop()


async def run_classes(app: web.Application) -> AsyncIterator[None]:
    """Tell teachers how their classes do."""
    services = app[SERVICES]
    services.classes.start(services)
    yield
    await services.classes.stop()


async def run_voice_notes(app: web.Application) -> AsyncIterator[None]:
    """End what was on air when the process ended; the threads at the end."""
    services = app[SERVICES]
    await services.voice_notes.start(services)
    yield
    await services.voice_notes.stop()


async def run_tidying(app: web.Application) -> AsyncIterator[None]:
    """Forget expired sessions and links now and then."""
    task = asyncio.create_task(_tidy_forever(app[SERVICES]))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _tidy_forever(services: Services) -> None:
    while True:
        try:
            async with services.database.write() as session:
                await accounts.forget_expired(session, services.clock.now(), KEEP_LINKS)
                await commands.forget_old(session, services.clock.now())
            await services.voice_notes.tidy()
        except (SQLAlchemyError, OSError, Unavailable) as error:
            log.warning("expired sessions stay for now", reason=str(error))
        await asyncio.sleep(TIDY_SECONDS)


# Started from the first to the last, stopped from the last to the first.
PARTS: tuple[Callable[[web.Application], AsyncIterator[None]], ...] = (
    run_database,
    run_passwords,
    run_sockets,
    run_tallies,
    run_rooms,
    run_hands,
    run_voice_notes,
    run_classes,
    run_tidying,
)
