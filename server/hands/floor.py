"""The live side of hands: the media follow the turns; time and absence end what nobody ends."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from media.types import Turns
from server.access import open_lesson_rights
from server.errors import NotFound, Unavailable
from server.hands import store
from server.hands.events import hand_facts
from server.hands.states import UP, Reason, State
from server.hands.store import Stage
from server.models import Lesson
from server.rights import Right
from server.rounds import Rounds
from server.timeline import ENDED, PERSON, Addressed, Event, position_now

if TYPE_CHECKING:
    from server.services import Services

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 1.0  # a turn may be this much longer than its time
AWAY_MS = 60_000  # a train through a tunnel, a phone that changes networks
INVITED_MS = 60_000  # to answer; as long as an absence, which may be why nobody answers

Found = tuple[int, Reason]


@dataclass(slots=True)
class Shown:
    """What the live side needs to know of a hand that is up."""

    person: uuid.UUID
    state: State
    since: int  # the lesson position of its newest step
    until: int | None

    def is_due(self, position: int) -> Reason | None:
        """Return why the hand's time is over at a lesson position, if it is."""
        if self.state is State.INVITED and position - self.since >= INVITED_MS:
            return Reason.MISSED
        over = self.until is not None and position >= self.until
        return Reason.TIME if self.state is State.ON_AIR and over else None


@dataclass(slots=True)
class Floor:
    """The hands of one open lesson as its events tell them."""

    position: int = 0  # of the newest event, and
    heard_ms: int = 0  # when the steady clock heard of it
    hands: dict[int, Shown] = field(default_factory=dict)
    absent: dict[uuid.UUID, int] = field(default_factory=dict)  # since when, steady clock

    def hear(self, payload: Any, position: int, now_ms: int) -> None:
        """Take in one event about a hand."""
        self.position, self.heard_ms = position, now_ms
        number = int(payload["number"])
        shown = self.hands.get(number)
        if shown is None and "person" in payload:
            person = uuid.UUID(payload["person"]["id"])
            shown = self.hands[number] = Shown(person, State.RAISED, position, None)
        if shown is None:
            return
        shown.until = payload.get("until", shown.until)
        if (state := State(payload.get("state", shown.state))) is not shown.state:
            shown.state, shown.since = state, position
        if state not in UP:
            del self.hands[number]

    def turns(self) -> Turns:
        """Return who may send: on air, and in silence."""
        of = {
            state: [str(n) for n, one in self.hands.items() if one.state is state] for state in UP
        }
        return Turns(next(iter(of[State.ON_AIR]), None), frozenset(of[State.TESTING]))

    def over(self, now_ms: int, is_here: Callable[[uuid.UUID], bool]) -> list[Found]:
        """Return the hands whose time is over or whose people are gone, with the reason."""
        self._note_absences(now_ms, is_here)
        position = self.position + now_ms - self.heard_ms
        gone = {one for one, since in self.absent.items() if now_ms - since >= AWAY_MS}
        found = [
            (number, Reason.AWAY if one.person in gone else one.is_due(position))
            for number, one in self.hands.items()
        ]
        return [(number, reason) for number, reason in found if reason is not None]

    def _note_absences(self, now_ms: int, is_here: Callable[[uuid.UUID], bool]) -> None:
        people = {one.person for one in self.hands.values()}
        self.absent = {one: self.absent.get(one, now_ms) for one in people if not is_here(one)}


class Hands:
    """The floors of the open lessons."""

    def __init__(self) -> None:
        self._floors: dict[uuid.UUID, Floor] = {}
        self._services: Services | None = None
        self._rounds = Rounds("hands", SWEEP_SECONDS, self.sweep)

    @property
    def services(self) -> "Services":
        """Return the parts of the running server."""
        if self._services is None:
            raise RuntimeError("the hands are used before the server has started")
        return self._services

    async def start(self, services: "Services") -> None:
        """Take up the hands that were up when the process ended."""
        self._services = services
        async with services.database.read() as session:
            for lesson_id in await store.lessons_with_hands(session):
                self._floors[lesson_id] = await self._read(session, lesson_id)
        for lesson_id in self._floors:
            self._follow(lesson_id)
        self._rounds.start()

    async def stop(self) -> None:
        """Stop watching the time; the hands stay up."""
        await self._rounds.stop()

    async def _read(self, session: AsyncSession, lesson_id: uuid.UUID) -> Floor:
        clock = self.services.clock
        lesson = await session.get_one(Lesson, lesson_id)
        floor = Floor(position_now(lesson, clock), clock.steady_ms())
        for hand, owner in await store.read_hands(session, lesson_id):
            facts = hand_facts(hand, owner, discreet=False)
            floor.hear(facts, floor.position, floor.heard_ms)
            floor.hands[hand.number].since = hand.invited_at or hand.at
        return floor

    async def hear(self, event: Event) -> None:
        """Let the media follow an event as soon as it is committed."""
        if event.kind == ENDED:
            self._floors.pop(event.lesson, None)
        hand = event.payload.get("hand")
        if event.audience == PERSON or not isinstance(hand, dict) or self._services is None:
            return
        floor = self._floors.setdefault(event.lesson, Floor())
        floor.hear(hand, event.position, self.services.clock.steady_ms())
        self._follow(event.lesson)

    def _follow(self, lesson_id: uuid.UUID) -> None:
        room = self.services.rooms.room(lesson_id)
        if room is not None:
            room.set_turns(self._floors[lesson_id].turns())

    # --- what ends by itself ----------------------------------------------------------------

    async def sweep(self) -> None:
        """End what has lasted too long, and take down the hands of people who are gone."""
        now_ms = self.services.clock.steady_ms()
        for lesson_id, floor in list(self._floors.items()):
            found = floor.over(now_ms, partial(self._is_here, lesson_id))
            if found:
                await self._safely(self._end(lesson_id, found), lesson_id)
            elif not floor.hands:
                self._floors.pop(lesson_id, None)

    def _is_here(self, lesson_id: uuid.UUID, person: uuid.UUID) -> bool:
        """Return whether somebody has a page open, or is heard all the same."""
        if self.services.presence.is_here(lesson_id, person):
            return True
        room = self.services.rooms.room(lesson_id)
        publications = [] if room is None else room.publications()
        return any(one.connected and one.participant == str(person) for one in publications)

    async def _safely(self, work: Awaitable[None], lesson_id: uuid.UUID) -> None:
        try:
            await work
        except NotFound:
            self._floors.pop(lesson_id, None)
        except (SQLAlchemyError, OSError, Unavailable) as error:
            log.warning("hands stay up for now", lesson=str(lesson_id), reason=str(error))
        except Exception:  # one lesson's trouble must not stop the clock of the others
            log.exception("hands could not be taken down", lesson=str(lesson_id))

    async def _end(self, lesson_id: uuid.UUID, found: Sequence[Found]) -> None:
        services, up = self.services, set[int]()

        async def decide(session: AsyncSession, lesson: Lesson) -> Sequence[Addressed]:
            stage = await store.open_stage(session, lesson, services.clock)
            up.update(stage.hands)
            _take_down(stage, found)
            stage.advance()
            return stage.said

        await services.timelines.record(lesson_id, decide)
        if (floor := self._floors.get(lesson_id)) is not None:
            for number in {number for number, _ in found} - up:  # the database knows better
                floor.hands.pop(number, None)

    async def recheck(self, person_id: uuid.UUID) -> None:
        """Take down the hands of somebody who may not watch any more."""
        for lesson_id, floor in list(self._floors.items()):
            if person_id not in {one.person for one in floor.hands.values()}:
                continue
            rights = await self.services.database.ask(
                partial(open_lesson_rights, person_id=person_id, lesson_id=lesson_id)
            )
            if Right.WATCH not in rights:
                numbers = [n for n, one in floor.hands.items() if one.person == person_id]
                await self._end(lesson_id, [(number, Reason.REMOVED) for number in numbers])


def _take_down(stage: Stage, found: Sequence[Found]) -> None:
    """Take hands down unless somebody has done something with them meanwhile."""
    for number, reason in found:
        hand = stage.hands.get(number)
        if hand is not None and _still(stage, number, reason):
            stage.remove(hand, reason)


def _still(stage: Stage, number: int, reason: Reason) -> bool:
    hand = stage.hands[number]
    since = stage.now if hand.invited_at is None else hand.invited_at
    known = Shown(hand.person_id, hand.state, since, hand.until)
    return reason not in (Reason.MISSED, Reason.TIME) or known.is_due(stage.now) is reason
