"""What a page is told when it joins a lesson: how everything stands, or what it has missed."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from server.access import LessonAccess
from server.clock import to_milliseconds
from server.hands.store import read_snapshot as read_hands
from server.lesson_facts import lesson_facts
from server.models import Lesson
from server.polls.store import read_polls
from server.questions.facts import Sight
from server.questions.lists import mine as own_numbers
from server.questions.lists import snapshot as read_questions
from server.rights import Right, in_order
from server.services import Services
from server.slides.decks import current as read_slide
from server.slides.decks import current_still as read_still
from server.sockets.own import NOTHING, Own, read_own
from server.timeline import MAX_EVENTS, Reader, position_now, read_events, read_view
from server.voice_notes.events import snapshot as read_notes
from server.web import Body

MAX_SEQ = 2**31 - 1  # what a column of both databases holds
KEPT_MS = 2_000  # what no page is told of (a new title) is no older
MAX_KEPT = 100  # lessons

Facts = dict[str, Any]


class JoinLesson(Body):
    """The lesson to follow, and the number of the last event seen."""

    lesson: uuid.UUID
    since: int | None = Field(default=None, ge=0, le=MAX_SEQ)


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a lesson stands for somebody; with the number of the last event that is in it."""

    lesson: Lesson
    seq: int
    facts: Facts


@dataclass(frozen=True, slots=True)
class _Kept:
    """What classmates see, when it was read, and how much had been told by then."""

    told: int
    read_ms: int
    standing: _Standing


class Snapshots:
    """Reads what joining pages are told: once for all students who join while nothing is told.

    `told` counts what has been told of a lesson. Who asks here follows the lesson already, so what
    is told from now on reaches them by itself.
    """

    def __init__(self, told: Callable[[uuid.UUID], int]) -> None:
        self._told = told
        self._kept: dict[uuid.UUID, _Kept] = {}
        self._turns: defaultdict[uuid.UUID, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def read(
        self,
        services: Services,
        access: LessonAccess,
        person: uuid.UUID,
        own: Own | None,
        since: int | None,
    ) -> Facts:
        """Return how a lesson stands, or all that happened `since`; None of `own` is not known."""
        reader = Reader(person, Right.MODERATE in access.rights)
        if reader.teacher:
            standing = await _stand(services, access, reader)
            own = NOTHING  # that is not in there already
        else:
            standing = await self._classmates(services, access)
        answer, missed = dict(standing.facts), []
        if own is None or any(own) or (since is not None and since < standing.seq):
            async with services.database.read() as session:
                answer |= await _own_facts(services, session, access.lesson.id, reader, own)
                if since is not None:
                    missed = await read_events(session, access.lesson.id, since, MAX_EVENTS, reader)
        if since is not None and since <= standing.seq and len(missed) < MAX_EVENTS:
            answer["questions"] = None  # `missed` says it all
        if reader.teacher:
            answer["recording"] = services.recorders.standing(access.lesson.id)
        polls = answer.pop("polls")
        return answer | {
            "seq": standing.seq,
            "position": position_now(standing.lesson, services.clock),
            "lesson": {**answer["lesson"], "rights": in_order(access.rights)},
            "events": [event.to_json() for event in missed if event.seq <= standing.seq],
            "class": {"polls": polls, **_class(services, access.lesson.id, reader)},
        }

    async def _classmates(self, services: Services, access: LessonAccess) -> _Standing:
        """Return how a lesson stands for a student who has nothing of their own there."""
        lesson_id = access.lesson.id
        async with self._turns[lesson_id]:
            kept, now_ms = self._kept.get(lesson_id), services.clock.steady_ms()
            told = self._told(lesson_id)
            if kept is not None and kept.told == told and now_ms - kept.read_ms < KEPT_MS:
                return kept.standing
            standing = await _stand(services, access, Reader(None, False))
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
                self._turns.clear()
            self._kept[lesson_id] = _Kept(told, now_ms, standing)
        return standing


async def _stand(services: Services, access: LessonAccess, reader: Reader) -> _Standing:
    """Return how a lesson stands for a reader who may know what `access` says."""
    sight, now_ms = Sight(reader.person, reader.teacher), to_milliseconds(services.clock.now())
    async with services.database.read() as session:
        lesson = await session.get_one(Lesson, access.lesson.id)
        known = services.timelines.view(lesson.id) or await read_view(session, lesson.id)
        view = known.copy()
        facts = {
            "lesson": await lesson_facts(session, replace(access, lesson=lesson)),
            "sources": view.sources,
            "slots": view.slots,
            "questions": await read_questions(session, lesson, sight, now_ms),
            "my": await own_numbers(session, lesson, sight),
            "hands": await read_hands(session, lesson, reader.person, teacher=reader.teacher),
            "notes": await read_notes(session, lesson.id, reader.person, teacher=reader.teacher),
            "slide": await read_slide(session, lesson.id),
            "still": await read_still(session, lesson.id),
            "polls": await read_polls(session, lesson, reader.person, teacher=reader.teacher),
        }
    # All that was read is at least as new as both; events told again do no harm.
    return _Standing(lesson, min(view.seq, lesson.last_seq), facts)


async def _own_facts(
    services: Services,
    session: AsyncSession,
    lesson_id: uuid.UUID,
    reader: Reader,
    own: Own | None,
) -> Facts:
    """Return what differs for a student who has something of their own in a lesson."""
    lesson = await session.get_one(Lesson, lesson_id)
    if own is None and reader.person is not None:
        own = await read_own(session, lesson, reader.person)
    facts: Facts = {}
    if own is None:
        return facts
    sight, now_ms = Sight(reader.person), to_milliseconds(services.clock.now())
    if own.asked:
        facts["questions"] = await read_questions(session, lesson, sight, now_ms)
    if own.asked or own.voted:
        facts["my"] = await own_numbers(session, lesson, sight)
    if own.hand:
        facts["hands"] = await read_hands(session, lesson, reader.person, teacher=False)
    if own.note:
        facts["notes"] = await read_notes(session, lesson_id, reader.person, teacher=False)
    if own.choice:
        facts["polls"] = await read_polls(session, lesson, reader.person, teacher=False)
    return facts


def _class(services: Services, lesson_id: uuid.UUID, reader: Reader) -> Facts:
    classes = services.classes
    if reader.teacher:
        return {"pulse": classes.pulse(lesson_id), "health": classes.health(lesson_id)}
    return {"own": None if reader.person is None else classes.own(lesson_id, reader.person)}
