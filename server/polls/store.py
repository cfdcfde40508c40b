"""Polls in the database: every change of them is made here, in a locked lesson."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.errors import Conflict, Invalid, NotFound, TooMany
from server.models import Lesson
from server.polls.states import State, Step, may
from server.polls.tables import Poll, PollChoice

MAX_POLLS = 50  # of one lesson: one every two minutes; all of them fit into one snapshot
RETRY_FULL = 3600  # s; a draft can be removed, but nobody needs to try again soon


@dataclass(frozen=True, slots=True)
class Counts:
    """Votes by option, and the people who voted."""

    votes: Sequence[int]
    voters: int

    def to_json(self) -> dict[str, Any]:
        """Return the counts as they travel."""
        return {"counts": list(self.votes), "voters": self.voters}


def facts(poll: Poll, counts: Counts | None) -> dict[str, Any]:
    """Return a whole poll; without counts for who may not see them."""
    numbers = {"counts": None, "voters": None} if counts is None else counts.to_json()
    return {
        "number": poll.number,
        "text": poll.text,
        "options": poll.options,
        "multiple": poll.multiple,
        "state": poll.state.value,
        "shown": poll.shown,
        "from": poll.opened_at,
        "to": poll.closed_at,
        **numbers,
    }


def must(poll: Poll, step: Step) -> None:
    """Raise Conflict when a step is not possible now."""
    if not may(step, poll.state):
        detail = f"This is not possible with a poll that is {poll.state.value}."
        raise Conflict("poll-state", detail, state=poll.state.value)


async def find(session: AsyncSession, lesson_id: uuid.UUID, number: int, *, teacher: bool) -> Poll:
    """Return a poll; raises NotFound, also for drafts of which students do not know."""
    poll = await session.get(Poll, (lesson_id, number))
    if poll is None or (poll.state is State.DRAFT and not teacher):
        raise NotFound("poll-unknown", "There is no such poll in this lesson.")
    return poll


async def add(
    session: AsyncSession, lesson_id: uuid.UUID, text: str, options: list[str], *, multiple: bool
) -> Poll:
    """Add a draft; raises TooMany."""
    here = select(func.count(), func.max(Poll.number)).where(Poll.lesson_id == lesson_id)
    many, last = (await session.execute(here)).one()
    if many >= MAX_POLLS:
        detail = f"A lesson may have {MAX_POLLS} polls."
        raise TooMany("too-many-polls", detail, retry_after=RETRY_FULL)
    poll = Poll(
        lesson_id=lesson_id,
        number=(last or 0) + 1,
        text=text,
        options=options,
        multiple=multiple,
        shown=False,
        state=State.DRAFT,
        opened_at=None,
        closed_at=None,
    )
    session.add(poll)
    return poll


async def must_be_alone(session: AsyncSession, lesson_id: uuid.UUID) -> None:
    """Raise Conflict when another poll is open: a class answers one at a time."""
    query = select(Poll.number).where(Poll.lesson_id == lesson_id, Poll.state == State.OPEN)
    if (other := await session.scalar(query.limit(1))) is not None:
        raise Conflict("poll-open", "Another poll is open; close it first.", poll=other)


async def vote(
    session: AsyncSession, poll: Poll, person_id: uuid.UUID, choices: Iterable[int]
) -> list[int]:
    """Put a person's choices in the place of those before; none takes the vote back."""
    wanted = sorted(set(choices))
    if wanted and wanted[-1] >= len(poll.options):
        raise Invalid("choice-unknown", "This poll has no such option.", field="choices")
    if len(wanted) > 1 and not poll.multiple:
        raise Invalid("choice-single", "This poll takes one option.", field="choices")
    mine = (PollChoice.lesson_id == poll.lesson_id) & (PollChoice.number == poll.number)
    await session.execute(delete(PollChoice).where(mine, PollChoice.person_id == person_id))
    key = {"lesson_id": poll.lesson_id, "number": poll.number, "person_id": person_id}
    session.add_all(PollChoice(**key, choice=choice) for choice in wanted)
    return wanted


async def count(session: AsyncSession, poll: Poll) -> Counts:
    """Return how a poll stands."""
    here = (PollChoice.lesson_id == poll.lesson_id) & (PollChoice.number == poll.number)
    by_choice = select(PollChoice.choice, func.count()).where(here).group_by(PollChoice.choice)
    found = {row[0]: row[1] for row in await session.execute(by_choice)}
    people = select(func.count(PollChoice.person_id.distinct())).where(here)
    voters = await session.scalar(people) or 0
    return Counts([found.get(choice, 0) for choice in range(len(poll.options))], voters)


async def read_polls(
    session: AsyncSession, lesson: Lesson, person_id: uuid.UUID | None, *, teacher: bool
) -> dict[str, Any]:
    """Return what a page that joins is told: the polls it may know, and its own votes."""
    query = select(Poll).where(Poll.lesson_id == lesson.id).order_by(Poll.number)
    if not teacher:
        query = query.where(Poll.state != State.DRAFT)
    polls = list(await session.scalars(query))
    seen = [await count(session, one) if teacher or one.shown else None for one in polls]
    voted: dict[str, list[int]] = {}
    if polls:
        mine = select(PollChoice.number, PollChoice.choice).where(
            PollChoice.lesson_id == lesson.id, PollChoice.person_id == person_id
        )
        for number, choice in await session.execute(mine.order_by(PollChoice.choice)):
            voted.setdefault(str(number), []).append(choice)
    return {"list": [facts(*one) for one in zip(polls, seen, strict=True)], "voted": voted}


async def read_open(session: AsyncSession, lesson_id: uuid.UUID) -> list[tuple[Poll, Counts]]:
    """Return the poll that is open with its counts, or nothing."""
    query = select(Poll).where(Poll.lesson_id == lesson_id, Poll.state == State.OPEN)
    return [(one, await count(session, one)) for one in await session.scalars(query)]
