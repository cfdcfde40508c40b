"""Fetching and keeping questions: books, numbers, votes, settings, places."""

import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.commands import insert_new
from server.errors import NotFound
from server.questions.act import Act
from server.questions.facts import Sight
from server.questions.states import SHOWN, State, is_shown
from server.questions.tables import (
    Answer,
    Book,
    Question,
    QuestionLesson,
    QuestionSettings,
    Vote,
)

UNKNOWN = "question-unknown"


@dataclass(frozen=True, slots=True)
class Rules:
    """What the teacher decided about questions in a lesson."""

    anonymous: bool = True
    review: bool = False
    paused: bool = False
    on_screen: int | None = None

    def to_json(self) -> dict[str, bool]:
        """Return the settings as they travel."""
        return {"anonymous": self.anonymous, "review": self.review, "paused": self.paused}


async def rules_of(session: AsyncSession, lesson_id: uuid.UUID | None) -> Rules:
    """Return the settings of a lesson, or those that hold where nobody has decided."""
    kept = None if lesson_id is None else await session.get(QuestionSettings, lesson_id)
    if kept is None:
        return Rules()
    return Rules(kept.anonymous, kept.review, kept.paused, kept.on_screen)


async def keep_rules(session: AsyncSession, lesson_id: uuid.UUID, rules: Rules) -> None:
    """Remember the settings of a locked lesson."""
    kept = await session.get(QuestionSettings, lesson_id)
    if kept is None:
        kept = QuestionSettings(lesson_id=lesson_id)
        session.add(kept)
    kept.anonymous, kept.review, kept.paused = rules.anonymous, rules.review, rules.paused
    kept.on_screen = rules.on_screen
    await session.flush()


async def next_number(act: Act) -> int:
    """Return the next number of the book, which nobody else gets."""
    course, event = act.course, None if act.course is not None else act.book
    await insert_new(
        act.session, Book, id=act.book, course_id=course, lesson_id=event, last_number=0
    )
    query = select(Book).where(Book.id == act.book).with_for_update()
    book = (await act.session.scalars(query, execution_options={"populate_existing": True})).one()
    book.last_number += 1
    return book.last_number


def visible(sight: Sight) -> ColumnElement[bool]:
    """Return the condition for the questions somebody sees."""
    if sight.teacher:
        return Question.id.is_not(None)
    shown = and_(Question.published.is_(True), Question.state.in_(SHOWN))
    return shown if sight.person is None else or_(shown, Question.asker_id == sight.person)


def sees(act: Act, question: Question) -> bool:
    """Return whether the person sees a question."""
    shown = is_shown(question.state, published=question.published)
    return shown or act.teacher or act.is_asker(question)


async def find(act: Act, *numbers: int) -> list[Question]:
    """Return questions that nobody else changes until the end; raises NotFound for one unseen."""
    query = (
        select(Question)
        .where(Question.book_id == act.book, Question.number.in_(numbers))
        .order_by(Question.number)
        .with_for_update()
    )
    rows = await act.session.scalars(query, execution_options={"populate_existing": True})
    found = {one.number: one for one in rows if sees(act, one)}
    if missing := [number for number in numbers if number not in found]:
        raise NotFound(UNKNOWN, f"There is no question {missing[0]} here.")
    return [found[number] for number in numbers]


async def find_one(act: Act, number: int) -> Question:
    """Return one question that nobody else changes until the end; raises NotFound."""
    (question,) = await find(act, number)
    return question


async def find_root(act: Act, number: int) -> Question:
    """Return the question itself, or the one that it was merged into in the end."""
    question = await find_one(act, number)
    while question.state is State.MERGED and question.merged_into is not None:
        question = await find_one(act, question.merged_into)
    return question


async def find_answering(act: Act, lesson_id: uuid.UUID) -> list[Question]:
    """Return what is being answered in a lesson: one question, or none."""
    query = (
        select(Question)
        .where(
            Question.book_id == act.book,
            Question.state == State.ANSWERING,
            Question.answer_lesson_id == lesson_id,
        )
        .order_by(Question.number)
        .with_for_update()
    )
    return list(await act.session.scalars(query))


async def find_answer(act: Act, question: Question, number: int) -> Answer:
    """Return a written answer; raises NotFound."""
    answer = await act.session.get(Answer, (question.id, number))
    if answer is None:
        raise NotFound("answer-unknown", f"There is no answer {number} to this question.")
    return answer


async def next_answer(session: AsyncSession, question: Question) -> int:
    """Return the next number under a locked question."""
    last = select(func.max(Answer.number)).where(Answer.question_id == question.id)
    return (await session.scalar(last) or 0) + 1


async def put_into(session: AsyncSession, lesson_id: uuid.UUID, question: Question) -> bool:
    """Let a question stand in a lesson; return whether it is new there."""
    return await insert_new(session, QuestionLesson, lesson_id=lesson_id, question_id=question.id)


# --- votes ----------------------------------------------------------------------------------


async def merged_map(session: AsyncSession, book_id: uuid.UUID) -> dict[int, int]:
    """Return which merged question points where."""
    query = select(Question.number, Question.merged_into).where(
        Question.book_id == book_id, Question.state == State.MERGED
    )
    return {row[0]: row[1] for row in await session.execute(query) if row[1] is not None}


def family_of(root: int, merged: dict[int, int]) -> set[int]:
    """Return a question and all that were merged into it, over any number of steps."""
    family = {root}
    while new := {one for one, into in merged.items() if into in family} - family:
        family |= new
    return family


def root_of(number: int, merged: dict[int, int]) -> int:
    """Return the question that another was merged into in the end."""
    while number in merged:
        number = merged[number]
    return number


async def _family_rows(
    session: AsyncSession, question: Question
) -> list[tuple[uuid.UUID, int, uuid.UUID | None]]:
    family = family_of(question.number, await merged_map(session, question.book_id))
    query = select(Question.id, Question.number, Question.asker_id).where(
        Question.book_id == question.book_id, Question.number.in_(family)
    )
    return [(row[0], row[1], row[2]) for row in await session.execute(query)]


async def count_votes(session: AsyncSession, question: Question) -> int:
    """Count the people who want a question answered, its asker aside."""
    rows = await _family_rows(session, question)
    voters = await session.scalars(
        select(Vote.person_id).where(Vote.question_id.in_([row[0] for row in rows])).distinct()
    )
    askers = {row[2] for row in rows if row[1] != question.number}
    return len((set(voters) | askers) - {question.asker_id, None})


async def recount(session: AsyncSession, question: Question) -> None:
    """Count the votes of a locked question anew."""
    await session.flush()
    question.votes = await count_votes(session, question)


async def add_vote(session: AsyncSession, question: Question, person: uuid.UUID) -> None:
    """Count a person for a locked question, once."""
    if await insert_new(session, Vote, question_id=question.id, person_id=person):
        await recount_if_merged(session, question, change=1)


async def take_vote(session: AsyncSession, question: Question, person: uuid.UUID) -> None:
    """Count a person for a locked question no more."""
    rows = await _family_rows(session, question)
    gone = await session.scalars(
        delete(Vote)
        .where(Vote.question_id.in_([row[0] for row in rows]), Vote.person_id == person)
        .returning(Vote.question_id)
    )
    if gone.all():
        await recount_if_merged(session, question, change=-1)


async def recount_if_merged(session: AsyncSession, question: Question, change: int) -> None:
    """Change the count; count anew only where votes may be for several questions at once."""
    merged = select(Question.id).where(
        Question.book_id == question.book_id,
        Question.state == State.MERGED,
        Question.merged_into == question.number,
    )
    if await session.scalar(merged.limit(1)) is None:
        question.votes += change
        return
    await recount(session, question)


async def counts_vote(session: AsyncSession, question: Question, person: uuid.UUID) -> bool:
    """Return whether a person counts as somebody who wants a question answered."""
    rows = await _family_rows(session, question)
    if any(row[2] == person and row[1] != question.number for row in rows):
        return True
    mine = select(Vote.person_id).where(
        Vote.question_id.in_([row[0] for row in rows]), Vote.person_id == person
    )
    return await session.scalar(mine.limit(1)) is not None


async def my_numbers(
    session: AsyncSession, book_id: uuid.UUID, person: uuid.UUID
) -> tuple[list[int], list[int]]:
    """Return what a person has asked, and what they count as wanting, each in order."""
    merged = await merged_map(session, book_id)
    own = select(Question.number).where(Question.book_id == book_id, Question.asker_id == person)
    voted = (
        select(Question.number)
        .join(Vote, Vote.question_id == Question.id)
        .where(Question.book_id == book_id, Vote.person_id == person)
    )
    asked = sorted(await session.scalars(own))
    wanted = {root_of(one, merged) for one in await session.scalars(voted)}
    wanted |= {root_of(one, merged) for one in asked if one in merged}
    return asked, sorted(wanted - set(asked))
