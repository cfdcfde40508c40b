"""The fair order, here and in SQL."""

import uuid

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from server.clock import to_milliseconds
from server.models import Lesson
from server.questions.facts import Sight
from server.questions.lists import Wish, lesson_scope, page
from server.questions.order import MAX_AGE_LIFT, Standing, points, top
from server.questions.tables import Question
from tests.server.questions.classroom import Room

NOW = 1_800_000_000_000
MINUTE = 60_000

standings = st.builds(
    Standing,
    st.integers(1, 10_000),
    st.integers(0, 100),
    st.booleans(),
    st.integers(NOW - 10_000 * MINUTE, NOW + MINUTE),
)


def test_votes_first_with_a_gentle_lift() -> None:
    popular = Standing(1, 9, first=False, asked_ms=NOW)
    shy = Standing(2, 6, first=True, asked_ms=NOW - 15 * MINUTE)
    plain = Standing(3, 8, first=False, asked_ms=NOW)
    same = Standing(4, 8, first=False, asked_ms=NOW)
    assert [one.number for one in top([same, plain, popular, shy], NOW)] == [2, 1, 3, 4]
    assert points(shy, NOW) == 9.5


@given(standings)
def test_the_lift_is_bounded(one: Standing) -> None:
    lift = points(one, NOW) - one.votes - (2.0 if one.first else 0.0)
    assert -1e-9 <= lift <= MAX_AGE_LIFT + 1e-9


@given(st.lists(standings, max_size=20, unique_by=lambda one: one.number))
def test_one_more_vote_never_lowers(given_: list[Standing]) -> None:
    for one in given_:
        more = Standing(one.number, one.votes + 1, one.first, one.asked_ms)
        others = [other for other in given_ if other.number != one.number]
        before = top([*others, one], NOW).index(one)
        assert top([*others, more], NOW).index(more) <= before


async def test_sql_orders_as_the_page_does(room: Room) -> None:
    for number in range(12):
        await room.teacher.ask(f"Question {number}?")
    now_ms = to_milliseconds(room.world.clock.now())
    async with room.world.services.database.write() as session:
        rows = list(await session.scalars(select(Question).order_by(Question.number)))
        for one in rows:
            values = {
                "votes": one.number * 7 % 5,
                "first": one.number % 3 == 0,
                "anonymous": one.number % 2 == 0,
                "asked_ms": now_ms - one.number * 4 * MINUTE + 5 * MINUTE,
            }
            await session.execute(update(Question).where(Question.id == one.id).values(**values))
    for teacher in (False, True):
        async with room.world.services.database.read() as session:
            lesson = await session.get_one(Lesson, uuid.UUID(room.lesson))
            sight = Sight(None, teacher)
            facts, _ = await page(session, lesson_scope(lesson), sight, Wish(), now_ms)
            rows = list(await session.scalars(select(Question)))
        asked = {one.number: one.asked_ms for one in rows}
        told = [
            Standing(one["number"], one["votes"], one["first"], asked[one["number"]])
            for one in facts
        ]
        assert len(told) == 12
        assert told == top(told, now_ms)
