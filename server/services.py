"""What every route finds in the application."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from server.clock import Clock
from server.database import Database
from server.keys import Keys
from server.limits import Limits
from server.metrics import Metrics
from server.passwords import Passwords
from server.presence import Presence
from server.settings import Settings
from server.timeline import Timelines
from signaling.grants import Grant

if TYPE_CHECKING:  # these use the services themselves
    from server.attendance.looks import Looks
    from server.hands.floor import Hands
    from server.jobs.runner import Jobs
    from server.polls.live import Classes
    from server.questions.tally import Tallies
    from server.recordings.depot import Depot
    from server.recordings.live import LiveRecordings
    from server.recordings.making import Making
    from server.recordings.pictures import Pictures
    from server.recordings.shelf import RecordingShelf
    from server.rooms import LiveRooms
    from server.slides.decks import Slides
    from server.sockets.sockets import Sockets
    from server.timetable.timekeeper import Timekeeper
    from server.voice_notes.air import VoiceNotes


@dataclass(frozen=True, slots=True)
class DemoLink:
    """A sign-in link shown on the start page of a demo."""

    role: str
    url: str


@dataclass(slots=True)
class Demo:
    """The demo's lesson and links; absent outside a demo."""

    lesson_id: str
    lesson_title: str
    links: list[DemoLink]
    people: Mapping[bytes, uuid.UUID]  # whom a link signs in again and again, by its token's hash
    admit: Callable[[Grant], None]  # the synthetic teacher leaves the floor to a person


@dataclass(slots=True)
class Services:
    """The parts of a running server."""

    settings: Settings
    clock: Clock
    database: Database
    keys: Keys
    passwords: Passwords
    limits: Limits
    timelines: Timelines
    presence: Presence
    metrics: Metrics
    rooms: "LiveRooms"
    hands: "Hands"
    sockets: "Sockets"
    tallies: "Tallies"
    voice_notes: "VoiceNotes"
    classes: "Classes"
    recordings: "RecordingShelf"
    depot: "Depot"
    slides: "Slides"
    recorders: "LiveRecordings"
    jobs: "Jobs"
    pictures: "Pictures"
    making: "Making"
    attendance: "Looks"
    timekeeper: "Timekeeper"
    demo: Demo | None = None


SERVICES = web.AppKey("services", Services)
