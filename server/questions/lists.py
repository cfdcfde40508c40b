"""Questions in lists: what a page gets when it joins, and the whole lists page by page."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.models import Lesson
from server.questions.facts import Facts, Sight, look_around, whole
from server.questions.order import points_column
from server.questions.states import State
from server.questions.store import my_numbers, rules_of, visible
from server.questions.tables import Question, QuestionLesson

SNAPSHOT = 60  # questions: about 25 kB, what a slow phone loads in ten seconds
OWN = 20  # of them the viewer's own
SNAPSHOT_TEXT = 20_000  # characters of questions and answers: what is longer comes when asked for
MAX_PAGE = 100
_WAITING = (State.OPEN, State.ANSWERING, State.LATER, State.IN_REVIEW)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which questions: those that stand in a lesson, or all of a book."""

    book: uuid.UUID
    lesson: uuid.UUID | None

    def condition(self) -> ColumnElement[bool]:
        """Return what a question must be."""
        if self.lesson is None:
            return Question.book_id == self.book
        here = select(QuestionLesson.question_id).where(QuestionLesson.lesson_id == self.lesson)
        return Question.id.in_(here)


class Mine(StrEnum):
    """In what way a question is the viewer's."""

    ASKED = "asked"
    OWNED = "owned"  # a teacher's to answer


@dataclass(frozen=True, slots=True)
class Wish:
    """A page of a list; `mine` is what the viewer asked, or what they are to answer."""

    states: frozenset[State] | None = None
    mine: Mine | None = None
    newest: bool = False
    offset: int = 0
    limit: int = MAX_PAGE


def lesson_scope(lesson: Lesson) -> Scope:
    """Return the questions that stand in a lesson."""
    return Scope(lesson.course_id or lesson.id, lesson.id)


def _points(sight: Sight, now_ms: int) -> ColumnElement[float]:
    lifted: ColumnElement[bool] = Question.first.is_(True)
    if not sight.teacher:  # a lift would tell classmates something of who asked
        lifted = and_(lifted, Question.anonymous.is_(False))
    return points_column(Question.votes, lifted, Question.asked_ms, now_ms)


async def page(
    session: AsyncSession, scope: Scope, sight: Sight, wish: Wish, now_ms: int
) -> tuple[list[Facts], int]:
    """Return a page of a list, and how long the list is."""
    condition = and_(scope.condition(), visible(sight))
    if wish.states is not None:
        condition = and_(condition, Question.state.in_(wish.states))
    if wish.mine is not None:
        person = Question.asker_id if wish.mine is Mine.ASKED else Question.owner_id
        condition = and_(condition, person == sight.person)
    order: list[Any] = [Question.number.desc()]
    if not wish.newest:
        order = [_points(sight, now_ms).desc(), Question.number]
    query = select(Question).where(condition).order_by(*order)
    rows = list(await session.scalars(query.offset(wish.offset).limit(wish.limit)))
    total = await session.scalar(select(func.count()).where(condition)) or 0
    return await told(session, rows, sight, titles=True), total


async def told(
    session: AsyncSession, rows: list[Question], sight: Sight, *, titles: bool = False
) -> list[Facts]:
    """Return questions as somebody may know them."""
    around = await look_around(session, rows, titles=titles)
    return [whole(one, around, sight) for one in rows]


async def mine(session: AsyncSession, lesson: Lesson, sight: Sight) -> dict[str, list[int]]:
    """Return what is the viewer's own, in the book to which a lesson belongs."""
    return await mine_in(session, lesson.course_id or lesson.id, sight)


async def mine_in(session: AsyncSession, book: uuid.UUID, sight: Sight) -> dict[str, list[int]]:
    """Return what is the viewer's own in a book."""
    if sight.person is None:
        return {"asked": [], "voted": []}
    asked, voted = await my_numbers(session, book, sight.person)
    return {"asked": asked, "voted": voted}


async def snapshot(
    session: AsyncSession, lesson: Lesson, sight: Sight, now_ms: int
) -> dict[str, Any]:
    """Return what a page needs at first of a lesson's questions."""
    rules = await rules_of(session, lesson.id)
    condition = and_(lesson_scope(lesson).condition(), visible(sight))
    counted = select(Question.state, func.count()).where(condition).group_by(Question.state)
    counts = {row[0].value: row[1] for row in await session.execute(counted)}
    rows = await _first_rows(session, condition, sight, rules.on_screen, now_ms)
    listed = list(_short_enough(await told(session, rows, sight)))
    return {
        "settings": rules.to_json(),
        "on_screen": rules.on_screen,
        "counts": counts,
        "list": listed,
        "more": len(listed) < sum(counts.values()),
    }


def _short_enough(questions: list[Facts]) -> Iterator[Facts]:
    """Yield questions from the first on while there is room for their texts; always the first."""
    room = SNAPSHOT_TEXT
    for question in questions:
        room -= len(question["text"]) + sum(len(one["text"]) for one in question["answers"])
        if room < 0 and question is not questions[0]:
            return
        yield question


async def _first_rows(
    session: AsyncSession,
    condition: ColumnElement[bool],
    sight: Sight,
    on_screen: int | None,
    now_ms: int,
) -> list[Question]:
    """Return what is on, the viewer's own, and the top of the rest; few at any size of the list."""
    base = select(Question).where(condition)
    on = or_(Question.state == State.ANSWERING, Question.number == (on_screen or 0))
    found = {one.number: one for one in await session.scalars(base.where(on).limit(OWN))}
    if sight.person is not None:
        own = base.where(Question.asker_id == sight.person)
        own = own.order_by(Question.number.desc()).limit(OWN)
        found |= {one.number: one for one in await session.scalars(own)}
    waiting = Question.state.in_(_WAITING)
    top = base.where(waiting).order_by(_points(sight, now_ms).desc(), Question.number)
    done = base.where(not_(waiting)).order_by(Question.number.desc())
    for query in (top, done):
        if (room := SNAPSHOT - len(found)) > 0:
            more = query.where(Question.number.not_in(list(found))).limit(room)
            found |= {one.number: one for one in await session.scalars(more)}
    return list(found.values())
