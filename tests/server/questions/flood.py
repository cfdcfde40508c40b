"""Very many questions at once, which nobody could ask one by one in the time of a test."""

import uuid
from collections.abc import Callable

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.folding import distinct, words
from server.questions.tables import Book, Question, QuestionLesson, Word


async def flood(
    session: AsyncSession, first: Question, count: int, text: Callable[[int], str]
) -> None:
    """Make `count` questions of a book's only one, each with its own text."""
    kept = {column.key: getattr(first, column.key) for column in Question.__table__.columns}
    rows = [
        {**kept, "id": uuid.uuid4(), "number": number, "text": text(number)}
        for number in range(first.number + 1, first.number + count)
    ]
    await session.execute(insert(Question), rows)
    links = [{"lesson_id": first.lesson_id, "question_id": row["id"]} for row in rows]
    await session.execute(insert(QuestionLesson), links)
    found = [
        {"book_id": first.book_id, "question_id": row["id"], "word": word}
        for row in rows
        for word in distinct(words(row["text"]))
    ]
    await session.execute(insert(Word), found)
    last = update(Book).where(Book.id == first.book_id).values(last_number=first.number + count - 1)
    await session.execute(last)
