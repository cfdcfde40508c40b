"""Questions as they are told to a page: to classmates, to teachers, to the asker."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import to_iso
from server.models import Lesson, Person
from server.questions.tables import Answer, Question

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sight:
    """Whose eyes: a person's, or with `person` None a classmate's who is nobody in particular."""

    person: uuid.UUID | None = None
    teacher: bool = False


CLASSMATE = Sight()
TEACHER = Sight(teacher=True)


@dataclass(slots=True)
class Around:
    """What stands around questions in other tables."""

    names: Mapping[uuid.UUID, str] = field(default_factory=dict)
    answers: Mapping[uuid.UUID, list[Answer]] = field(default_factory=dict)
    titles: Mapping[uuid.UUID, str] = field(default_factory=dict)

    def person(self, person_id: uuid.UUID | None) -> dict[str, str] | None:
        """Return somebody, or None when they are gone."""
        name = None if person_id is None else self.names.get(person_id)
        return None if name is None else {"id": str(person_id), "name": name}


def iso_of(milliseconds: int) -> str:
    """Return Unix milliseconds as ISO 8601."""
    return to_iso(datetime.fromtimestamp(milliseconds / 1000, UTC))


async def look_around(
    session: AsyncSession, questions: Iterable[Question], *, titles: bool = False
) -> Around:
    """Fetch what stands around questions, by a fixed number of queries."""
    questions = list(questions)
    answers = await _answers(session, questions)
    people = {one.asker_id for one in questions} | {one.owner_id for one in questions}
    people |= {one.author_id for found in answers.values() for one in found}
    names = select(Person.id, Person.name).where(Person.id.in_(people - {None}))
    lessons = {one.answer_lesson_id for one in questions} - {None} if titles else set()
    named = select(Lesson.id, Lesson.title).where(Lesson.id.in_(lessons))
    return Around(
        {row[0]: row[1] for row in await session.execute(names)},
        answers,
        {row[0]: row[1] for row in await session.execute(named)} if lessons else {},
    )


async def _answers(
    session: AsyncSession, questions: list[Question]
) -> Mapping[uuid.UUID, list[Answer]]:
    query = (
        select(Answer)
        .where(Answer.question_id.in_([one.id for one in questions]), Answer.removed.is_(False))
        .order_by(Answer.question_id, Answer.number)
    )
    found: dict[uuid.UUID, list[Answer]] = defaultdict(list)
    for answer in await session.scalars(query):
        found[answer.question_id].append(answer)
    return found


def answer_facts(answer: Answer, around: Around) -> Facts:
    """Return a written answer."""
    return {
        "answer": answer.number,
        "author": around.person(answer.author_id),
        "teacher": answer.teacher,
        "text": answer.text,
        "good": answer.good,
        "edited": answer.edited,
        "given_at": iso_of(answer.given_ms),
    }


def interval(question: Question, around: Around | None = None) -> Facts | None:
    """Return how and when a question was or is being answered."""
    if question.how is None and question.answer_from is None:
        return None
    lesson = question.answer_lesson_id
    facts = {
        "how": None if question.how is None else question.how.value,
        "lesson": None if lesson is None else str(lesson),
        "from": question.answer_from,
        "to": question.answer_to,
    }
    if around is not None and lesson is not None and lesson in around.titles:
        facts["title"] = around.titles[lesson]
    return facts


def step_facts(question: Question) -> Facts:
    """Return what a step may have changed."""
    return {
        "number": question.number,
        "version": question.version,
        "state": question.state.value,
        "answer": interval(question),
        "merged_into": question.merged_into,
    }


def private_facts(question: Question, around: Around, sight: Sight) -> Facts:
    """Return what classmates are not told."""
    facts: Facts = {
        "asker": around.person(question.asker_id),
        "first": question.first,
        "seen": question.seen,
    }
    if sight.teacher:
        facts["starred"] = question.starred
        facts["owner"] = around.person(question.owner_id)
        facts["due"] = None if question.due is None else question.due.isoformat()
    return facts


def whole(question: Question, around: Around, sight: Sight) -> Facts:
    """Return everything that somebody may know of a question."""
    mine = sight.person is not None and sight.person == question.asker_id
    facts: Facts = {
        **step_facts(question),
        "text": question.text,
        "anonymous": question.anonymous,
        "asker": None if question.anonymous else around.person(question.asker_id),
        "at": question.at,
        "asked_at": iso_of(question.asked_ms),
        "edited": question.edited,
        "lesson": None if question.lesson_id is None else str(question.lesson_id),
        "votes": question.votes,
        "first": question.first and not question.anonymous,
        "label": question.label,
        "answer": interval(question, around),
        "answers": [answer_facts(one, around) for one in around.answers.get(question.id, [])],
    }
    if sight.teacher or mine:
        facts |= private_facts(question, around, sight)
    return facts
