"""The application: its parts, its routes, and the order in which it starts and stops."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog
from aiohttp import web
from argon2 import PasswordHasher
from sqlalchemy.exc import SQLAlchemyError

from media.rooms import Rooms
from server import (
    accounts,
    auth,
    budgets,
    commands,
    courses,
    grants,
    join,
    lessons,
    modes,
    people,
    status,
)
from server.attendance import routes as attendance
from server.attendance.looks import Looks
from server.clock import Clock, SystemClock
from server.database import Database
from server.errors import SettingsError, Unavailable
from server.hands.floor import Hands
from server.jobs import routes as jobs
from server.jobs import store as jobs_store
from server.jobs.runner import Jobs
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
from server.recordings import captions, downloads, drafts, library, listen, packs, thumbs
from server.recordings import routes as recordings
from server.recordings import serve as recordings_serve
from server.recordings.depot import Depot, open_objects
from server.recordings.live import LiveRecordings
from server.recordings.making import Making
from server.recordings.pictures import Pictures
from server.recordings.shelf import RecordingShelf
from server.rooms import LiveRooms
from server.rounds import Rounds
from server.services import SERVICES, Services
from server.settings import Settings
from server.slides import routes as slides
from server.slides.decks import Slides
from server.sockets.library import PATH
from server.sockets.sockets import Sockets
from server.timeline import Timelines
from server.timetable import calendars, places
from server.timetable import routes as timetable
from server.timetable.timekeeper import Timekeeper
from server.voice_notes import routes as voice_notes
from server.voice_notes.air import VoiceNotes
from server.web import MAX_BODY, client_address, limit_key
from signaling.app import Signaling, SignalingSettings
from signaling.grants import Grant
from signaling.ice_servers import IceServers

log = structlog.get_logger(__name__)

TIDY_SECONDS = 3600  # expired sessions take no space worth asking for more often
KEEP_LINKS = timedelta(days=30)  # a used link is still answered with "used" for so long


ROUTES = (
    auth,
    join,
    courses,
    lessons,
    grants,
    people,
    questions,
    voice_notes,
    recordings,
    recordings_serve,
    listen,
    downloads,
    captions,
    drafts,
    thumbs,
    modes,
    slides,
    library,
    timetable,
    places,
    calendars,
    attendance,
    packs,
    jobs,
    status,
)


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
    pictures = Pictures()
    timelines.on_event(pictures.hear)
    shelf = RecordingShelf(settings.data.directory, open_objects(settings.recordings))
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
        recordings=shelf,
        depot=Depot(shelf, settings.recordings),
        slides=Slides(settings.data.directory),
        recorders=LiveRecordings(settings),
        jobs=Jobs(settings.recordings.jobs),
        pictures=pictures,
        making=Making(settings.recordings.reserve_mb),
        attendance=Looks(),
        timekeeper=Timekeeper(),
    )


def create_app(services: Services, static: Path = STATIC) -> web.Application:
    """Return the application of these parts."""
    pages = Pages(static)
    app = web.Application(middlewares=(*MIDDLEWARES, pages.show_missing), client_max_size=MAX_BODY)
    app[SERVICES] = services
    for module in ROUTES:
        app.add_routes(module.routes)
    app.add_routes(pages.routes())
    app.add_routes(build_signaling(services).routes())
    app.router.add_route("GET", PATH, services.sockets.handle)
    app.router.add_route("POST", PATH, services.sockets.handle)
    app.cleanup_ctx.extend(PARTS)
    # Before aiohttp waits for requests under way: a long poll is one, and would not end by itself.
    app.on_shutdown.append(close_sockets)
    app.on_shutdown.append(end_listening)
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


async def end_listening(app: web.Application) -> None:
    """End the streams, so that nobody waits for them."""
    app[SERVICES].recorders.hush()


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


async def run_recorders(app: web.Application) -> AsyncIterator[None]:
    """Record lessons that are live; write what has come at the end."""
    services = app[SERVICES]
    await services.recorders.start(services)
    services.metrics.watch_recordings(services.recorders.written, lambda: len(services.recorders))
    yield
    await services.recorders.stop()
    services.pictures.close()


async def run_attendance(app: web.Application) -> AsyncIterator[None]:
    """Call the roll of live lessons; once more at the end."""
    services = app[SERVICES]
    services.attendance.start(services)
    yield
    await services.attendance.stop()


async def run_budgets(app: web.Application) -> AsyncIterator[None]:
    """Count what students with a budget are sent."""
    look = partial(budgets.look, app[SERVICES].rooms.media)
    rounds = Rounds("budgets", budgets.LOOK_SECONDS, look)
    rounds.start()
    yield
    await rounds.stop()


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


async def run_recordings(app: web.Application) -> AsyncIterator[None]:
    """Send recordings to the store; end the threads that read them."""
    services = app[SERVICES]
    services.depot.start()
    yield
    await services.depot.stop()
    services.recordings.close()


async def run_jobs(app: web.Application) -> AsyncIterator[None]:
    """Go on with background jobs; interrupt them at the end."""
    services = app[SERVICES]
    services.jobs.register(drafts.KIND, partial(drafts.run_draft, services), drafts.RANK)
    services.jobs.register(packs.KIND, partial(packs.make, services))
    services.making.start(services)
    await services.jobs.start(services)
    yield
    await services.making.stop()
    await services.jobs.stop()


async def run_slides(app: web.Application) -> AsyncIterator[None]:
    """Delete the slides that were being read when the process ended."""
    slides = app[SERVICES].slides
    await slides.run(slides.shelf.tidy)
    yield


async def run_timetable(app: web.Application) -> AsyncIterator[None]:
    """Let lessons begin and end by the timetable."""
    services = app[SERVICES]
    services.timekeeper.start(services)
    yield
    await services.timekeeper.stop()


async def run_tidying(app: web.Application) -> AsyncIterator[None]:
    """Forget expired sessions and links now and then."""
    rounds = Rounds("tidying", TIDY_SECONDS, partial(_tidy, app[SERVICES]))
    rounds.start(at_once=True)
    yield
    await rounds.stop()


async def _tidy(services: Services) -> None:
    try:
        async with services.database.write() as session:
            await accounts.forget_expired(session, services.clock.now(), KEEP_LINKS)
            await commands.forget_old(session, services.clock.now())
            await jobs_store.forget_old(session, services.clock.now())
        await services.voice_notes.tidy()
        await library.tidy(services)
    except (SQLAlchemyError, OSError, Unavailable) as error:
        log.warning("expired sessions stay for now", reason=str(error))


# Started from the first to the last, stopped from the last to the first.
PARTS: tuple[Callable[[web.Application], AsyncIterator[None]], ...] = (
    run_database,
    run_passwords,
    run_sockets,
    run_tallies,
    run_rooms,
    run_recorders,
    run_attendance,
    run_budgets,
    run_hands,
    run_voice_notes,
    run_classes,
    run_recordings,
    run_jobs,
    run_slides,
    run_timetable,
    run_tidying,
)
