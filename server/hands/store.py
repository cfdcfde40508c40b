"""The hands of one lesson in the database: every change of them is made here, and told."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import Clock
from server.errors import Conflict, NotAllowed, NotFound, TooMany
from server.hands import events
from server.hands.events import Name, Told
from server.hands.queue import (
    MAX_HANDS,
    MAX_ON_AIR,
    Standing,
    next_to_start,
    on_air,
    order_of,
    place,
)
from server.hands.states import (
    MAY_SEND,
    UP,
    IllegalStep,
    NotYours,
    Reason,
    State,
    Step,
    Verdict,
    Who,
    take,
)
from server.hands.tables import Hand, HandSettings
from server.models import Lesson, Person
from server.timeline import position_now

FIRST_LIMIT = 120  # s; two minutes are enough for a question and one that follows
RETRY_FULL = 30  # s until a full queue is worth another try
SECOND_MS = 1000
SERVER = frozenset({Who.SERVER})


def usual_settings(lesson_id: uuid.UUID) -> HandSettings:
    """Return what holds until the teacher decides otherwise."""
    return HandSettings(
        lesson_id=lesson_id,
        paused=False,
        limit_seconds=FIRST_LIMIT,
        auto=False,
        push_to_talk=False,
    )


@dataclass(slots=True)
class Stage:
    """The hands of a lesson that nobody else changes until the session ends.

    `said` collects what happened, for the timeline of the same transaction.
    """

    session: AsyncSession
    lesson: Lesson
    settings: HandSettings
    now: int
    hands: dict[int, Hand] = field(default_factory=dict)  # those that are up
    names: dict[uuid.UUID, Name] = field(default_factory=dict)
    said: Told = field(default_factory=list)

    def standings(self) -> list[Standing]:
        """Return the hands as their order sees them."""
        return [Standing(one.number, one.rank, one.state, one.test) for one in self.hands.values()]

    def place(self, hand: Hand) -> int | None:
        """Return a hand's place in the queue."""
        return place(self.standings(), hand.number)

    def own(self, person: uuid.UUID) -> Hand | None:
        """Return the hand that somebody has up."""
        return next((one for one in self.hands.values() if one.person_id == person), None)

    async def hand(self, number: int) -> Hand:
        """Return a hand by its number, up or not; raises NotFound."""
        found = self.hands.get(number) or await self.session.get(Hand, (self.lesson.id, number))
        if found is None:
            raise NotFound("hand-unknown", "There is no such hand in this lesson.")
        return found

    async def raise_hand(self, person: Name, *, camera: bool, at: int | None) -> Hand:
        """Put a hand up, or return the one that is up already."""
        if (known := self.own(person.id)) is not None:
            return known
        if self.settings.paused:
            raise Conflict("hands-paused", "The teacher takes no hands just now.")
        if len(self.hands) >= MAX_HANDS:
            detail = f"{MAX_HANDS} hands are up; please wait a little."
            raise TooMany("too-many-hands", detail, retry_after=RETRY_FULL)
        raised_at = self.now if at is None else min(at, self.now)
        first = not await _has_spoken(self.session, self.lesson, person.id)
        hand = Hand(
            lesson_id=self.lesson.id,
            number=await _next_number(self.session, self.lesson.id),
            person_id=person.id,
            at=raised_at,
            rank=order_of(raised_at, self.now, first=first),
            first=first,
            camera=camera,
            state=State.RAISED,
            test=None,
            invited_at=None,
            aired_from=None,
            aired_to=None,
            until=None,
            talking=False,
        )
        self.session.add(hand)
        self.hands[hand.number] = hand
        self.names[person.id] = person
        self.said += events.raised(hand, person)
        return hand

    # --- steps ------------------------------------------------------------------------------

    def lower(
        self, hand: Hand, step: Step, who: frozenset[Who], reason: Reason, by: Name | None = None
    ) -> None:
        """Take a hand down that is not on air."""
        if self._take(hand, step, who):
            self.said += events.lowered(hand, reason, by)

    def invite(self, hand: Hand, who: frozenset[Who], by: Name | None = None) -> None:
        """Ask somebody whether they will speak now."""
        if self._take(hand, Step.INVITE, who):
            hand.invited_at = self.now
            self.said += events.invited(hand, by)

    def accept(self, hand: Hand, who: frozenset[Who]) -> None:
        """Let somebody who will speak test microphone and uplink in silence."""
        if self._take(hand, Step.ACCEPT, who):
            self.said += events.accepted(hand)

    def note_test(self, hand: Hand, test: Verdict) -> None:
        """Note what a silent test found; raises Conflict for a hand that is not tested."""
        self.must_be(hand, State.TESTING)
        if hand.test is not test:
            hand.test = test
            self.said += events.tested(hand)

    def start(self, hand: Hand, who: frozenset[Who], by: Name | None = None) -> None:
        """Put somebody on air, in place of whoever is."""
        if not self._take(hand, Step.START, who):
            return
        others = [one for one in on_air(self.standings()) if one != hand.number]
        for number in others[: len(others) - MAX_ON_AIR + 1]:
            self.end(self.hands[number], SERVER, Reason.NEXT, by)
        limit = self.settings.limit_seconds
        hand.aired_from = self.now
        hand.until = None if limit is None else self.now + limit * SECOND_MS
        hand.talking = not self.settings.push_to_talk
        self.said += events.started(hand, self.names[hand.person_id], by)

    def talk(self, hand: Hand, talking: bool) -> None:
        """Note whether the guest's button is held."""
        self.must_be(hand, State.ON_AIR)
        if hand.talking is not talking:
            hand.talking = talking
            self.said += events.talking(hand)

    def extend(self, hand: Hand, seconds: int, by: Name | None) -> None:
        """Give a turn more time, from now or from when it would have been up."""
        self.must_be(hand, State.ON_AIR)
        hand.until = max(self.now, hand.until or 0) + seconds * SECOND_MS
        self.said += events.extended(hand, by)

    def end(self, hand: Hand, who: frozenset[Who], reason: Reason, by: Name | None = None) -> None:
        """Take somebody off the air."""
        if self._take(hand, Step.END, who):
            hand.aired_to = self.now
            hand.talking = False
            self.said += events.ended(hand, reason, by)

    def remove(self, hand: Hand, reason: Reason) -> None:
        """Take a hand down or off the air on the server's own account."""
        if hand.state is State.ON_AIR:
            self.end(hand, SERVER, reason)
        else:
            self.lower(hand, Step.DROP, SERVER, reason)

    def advance(self) -> None:
        """Put on air whoever is ready, when the teacher leaves that to the server."""
        if not self.settings.auto or len(on_air(self.standings())) >= MAX_ON_AIR:
            return
        if (number := next_to_start(self.standings(), tested=True)) is not None:
            self.start(self.hands[number], SERVER)

    def must_be(self, hand: Hand, state: State) -> None:
        """Raise Conflict for a hand in another state."""
        if hand.state is not state:
            raise _wrong_state(hand.state, f"The hand must be {state}; it is {hand.state}.")

    def _take(self, hand: Hand, step: Step, who: frozenset[Who]) -> bool:
        """Take a step; return whether it changed anything."""
        try:
            state = take(hand.state, step, who)
        except NotYours:
            raise NotAllowed from None
        except IllegalStep as error:
            raise _wrong_state(error.state, f"{error}.") from None
        if state is hand.state:
            return False
        hand.state = state
        if state not in UP:
            self.hands.pop(hand.number, None)
        return True


def _wrong_state(state: State, detail: str) -> Conflict:
    return Conflict("hand-state", detail[:1].upper() + detail[1:], state=state.value)


async def open_stage(session: AsyncSession, lesson: Lesson, clock: Clock) -> Stage:
    """Return the hands of a locked lesson."""
    settings = await read_settings(session, lesson.id)
    stage = Stage(session, lesson, settings, position_now(lesson, clock))
    for hand, owner in await read_hands(session, lesson.id):
        stage.hands[hand.number] = hand
        stage.names[owner.id] = owner
    return stage


async def read_settings(session: AsyncSession, lesson_id: uuid.UUID) -> HandSettings:
    """Return the settings of a lesson; those nobody has changed are in no table yet."""
    return await session.get(HandSettings, lesson_id) or usual_settings(lesson_id)


async def change_settings(stage: Stage, changes: Mapping[str, Any], by: Name) -> None:
    """Change settings by their columns' names, and tell if that made a difference."""
    settings = stage.settings
    if all(getattr(settings, name) == value for name, value in changes.items()):
        return
    for name, value in changes.items():
        setattr(settings, name, value)
    stage.session.add(settings)
    stage.said += events.settings_changed(settings, by)


async def read_hands(session: AsyncSession, lesson_id: uuid.UUID) -> list[tuple[Hand, Name]]:
    """Return the hands that are up, with their people."""
    query = (
        select(Hand, Person.name)
        .join(Person, Person.id == Hand.person_id)
        .where(Hand.lesson_id == lesson_id, Hand.state.in_(UP))
        .order_by(Hand.rank, Hand.number)
    )
    return [(row[0], Name(row[0].person_id, row[1])) for row in await session.execute(query)]


async def read_snapshot(
    session: AsyncSession, lesson: Lesson, viewer: uuid.UUID | None, *, teacher: bool
) -> dict[str, Any]:
    """Return what a page that joins is told of a lesson's hands."""
    settings = await read_settings(session, lesson.id)
    hands = await read_hands(session, lesson.id)
    return events.snapshot(settings, hands, viewer, teacher=teacher)


async def lessons_with_hands(session: AsyncSession) -> Iterable[uuid.UUID]:
    """Return the lessons in which a hand is up."""
    return (
        await session.scalars(select(Hand.lesson_id).where(Hand.state.in_(UP)).distinct())
    ).all()


async def turn_of(session: AsyncSession, lesson_id: uuid.UUID, person_id: uuid.UUID) -> str | None:
    """Return the turn for which somebody may send now, in silence or on air."""
    query = select(Hand.number).where(
        Hand.lesson_id == lesson_id, Hand.person_id == person_id, Hand.state.in_(MAY_SEND)
    )
    number = await session.scalar(query)
    return None if number is None else str(number)


async def lower_everything(
    session: AsyncSession, lesson: Lesson, clock: Clock, reason: Reason
) -> Told:
    """Take every hand of a locked lesson down; return what is to be told."""
    stage = await open_stage(session, lesson, clock)
    for hand in list(stage.hands.values()):
        stage.remove(hand, reason)
    return stage.said


async def _next_number(session: AsyncSession, lesson_id: uuid.UUID) -> int:
    query = select(func.max(Hand.number)).where(Hand.lesson_id == lesson_id)
    return (await session.scalar(query) or 0) + 1


async def _has_spoken(session: AsyncSession, lesson: Lesson, person_id: uuid.UUID) -> bool:
    """Return whether somebody has been on air in the course, or in the public event."""
    here = [Lesson.id == lesson.id]
    if lesson.course_id is not None:
        here.append(Lesson.course_id == lesson.course_id)
    query = exists().where(
        Hand.person_id == person_id,
        Hand.aired_from.is_not(None),
        Hand.lesson_id == Lesson.id,
        or_(*here),
    )
    return bool(await session.scalar(select(query)))
