"""What the beginning and the end of a lesson mean for questions."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import Clock
from server.models import Lesson
from server.questions.facts import CLASSMATE, TEACHER, Sight, look_around, private_facts, step_facts
from server.questions.facts import whole as whole_facts
from server.questions.states import UNANSWERED, How, State
from server.questions.store import put_into
from server.questions.tables import Question
from server.timeline import EVERYONE, PERSON, TEACHERS, Addressed, position_now

MAX_CARRIED = 200  # questions; nobody answers more at the beginning of a lesson


async def carry(session: AsyncSession, lesson: Lesson) -> list[Addressed]:
    """Bring the course's unanswered questions into a lesson that opens."""
    if lesson.course_id is None:
        return []
    query = (
        select(Question)
        .where(
            Question.book_id == lesson.course_id,
            Question.state.in_(UNANSWERED),
            Question.published.is_(True),
        )
        .order_by(Question.votes.desc(), Question.number)
        .limit(MAX_CARRIED)
    )
    rows = sorted(await session.scalars(query), key=lambda one: one.number)
    new = [one for one in rows if await put_into(session, lesson.id, one)]
    around = await look_around(session, new)
    said: list[Addressed] = []
    for one in new:
        one.votes_told = one.votes
        whole = whole_facts(one, around, CLASSMATE)
        said.append(Addressed("question.carried", {"question": whole}, EVERYONE))
        named = {"number": one.number, **private_facts(one, around, TEACHER)}
        said.append(Addressed("question.named", {"question": named}, TEACHERS))
        if one.anonymous and one.asker_id is not None:
            own = {"number": one.number, **private_facts(one, around, Sight(one.asker_id))}
            said.append(Addressed("question.named", {"question": own}, PERSON, one.asker_id))
    return said


async def close(session: AsyncSession, lesson: Lesson, clock: Clock) -> list[Addressed]:
    """End the answer that is under way when a lesson ends."""
    query = select(Question).where(
        Question.answer_lesson_id == lesson.id, Question.state == State.ANSWERING
    )
    said = []
    for one in await session.scalars(query.with_for_update()):
        one.state, one.how, one.before = State.ANSWERED, How.LIVE, None
        one.answer_to = position_now(lesson, clock)
        one.version += 1
        said.append(Addressed("question.answered", {"question": step_facts(one)}))
    return said
