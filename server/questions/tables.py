"""The tables of questions; their migration is server/migrations/versions/0002_questions.py."""

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Enum, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from server.folding import MAX_WORD
from server.models import HASH_BYTES, Base
from server.questions.states import How, State

LABEL_LENGTH = 40  # characters; one short line beside a question
COMMAND_LENGTH = 40  # characters of a command's name


def _text_of(values: type[StrEnum]) -> Enum:
    return Enum(
        values,
        native_enum=False,
        length=16,
        values_callable=lambda known: [one.value for one in known],
    )


def _gone_with(target: str, **options: Any) -> Any:
    return mapped_column(ForeignKey(target, ondelete="CASCADE"), **options)


def _outlives(target: str) -> Any:
    return mapped_column(ForeignKey(target, ondelete="SET NULL"))


class Command(Base):
    """A command that was done, and what it was answered: sent again, it is answered again."""

    __tablename__ = "commands"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = _gone_with("people.id", index=True)
    name: Mapped[str] = mapped_column(String(COMMAND_LENGTH))
    digest: Mapped[bytes] = mapped_column(LargeBinary(HASH_BYTES))
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)


class Book(Base):
    """The question book of a course, or of a public event; its id is theirs."""

    __tablename__ = "question_books"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    course_id: Mapped[uuid.UUID | None] = _gone_with("courses.id", unique=True)
    lesson_id: Mapped[uuid.UUID | None] = _gone_with("lessons.id", unique=True)
    last_number: Mapped[int]


class QuestionSettings(Base):
    """What the teacher decided about questions in one lesson."""

    __tablename__ = "question_settings"

    lesson_id: Mapped[uuid.UUID] = _gone_with("lessons.id", primary_key=True)
    anonymous: Mapped[bool]
    review: Mapped[bool]
    paused: Mapped[bool]
    on_screen: Mapped[int | None]


class Question(Base):
    """One question of a book."""

    __tablename__ = "questions"
    __table_args__ = (
        Unique("book_id", "number", name="uq_questions_book_id_number"),
        Index("ix_questions_asker_id", "asker_id", "asked_ms"),
        Index("ix_questions_book_id_state", "book_id", "state"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    book_id: Mapped[uuid.UUID] = _gone_with("question_books.id")
    number: Mapped[int]
    asker_id: Mapped[uuid.UUID | None] = _outlives("people.id")
    lesson_id: Mapped[uuid.UUID | None] = _outlives("lessons.id")
    text: Mapped[str] = mapped_column(Text)
    anonymous: Mapped[bool]
    first: Mapped[bool]
    at: Mapped[int | None] = mapped_column(BigInteger)
    asked_ms: Mapped[int] = mapped_column(BigInteger)
    edited: Mapped[bool]
    seen: Mapped[bool]
    # its life: changed by server.questions.steps alone
    state: Mapped[State] = mapped_column(_text_of(State))
    published: Mapped[bool]
    version: Mapped[int]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    merged_into: Mapped[int | None]
    how: Mapped[How | None] = mapped_column(_text_of(How))
    answer_lesson_id: Mapped[uuid.UUID | None] = _outlives("lessons.id")
    answer_from: Mapped[int | None] = mapped_column(BigInteger)
    answer_to: Mapped[int | None] = mapped_column(BigInteger)
    # what people count and teachers note
    votes: Mapped[int]
    votes_told: Mapped[int]
    starred: Mapped[bool]
    label: Mapped[str | None] = mapped_column(String(LABEL_LENGTH))
    owner_id: Mapped[uuid.UUID | None] = _outlives("people.id")
    due: Mapped[date | None]


class QuestionLesson(Base):
    """A lesson in which a question stands: where it was asked, and where it was carried."""

    __tablename__ = "question_lessons"

    lesson_id: Mapped[uuid.UUID] = _gone_with("lessons.id", primary_key=True)
    question_id: Mapped[uuid.UUID] = _gone_with("questions.id", primary_key=True, index=True)


class Vote(Base):
    """A person's vote for a question."""

    __tablename__ = "question_votes"

    question_id: Mapped[uuid.UUID] = _gone_with("questions.id", primary_key=True)
    person_id: Mapped[uuid.UUID] = _gone_with("people.id", primary_key=True, index=True)


class Answer(Base):
    """A written answer, by a teacher or by a student."""

    __tablename__ = "question_answers"

    question_id: Mapped[uuid.UUID] = _gone_with("questions.id", primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    author_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    teacher: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)
    good: Mapped[bool]
    edited: Mapped[bool]
    removed: Mapped[bool]
    removed_by_teacher: Mapped[bool]  # then its author does not bring it back
    given_ms: Mapped[int] = mapped_column(BigInteger)


class Word(Base):
    """A folded word of a question: the index that both databases search in the same way."""

    __tablename__ = "question_words"
    __table_args__ = (Index("ix_question_words_book_id", "book_id", "word"),)

    question_id: Mapped[uuid.UUID] = _gone_with("questions.id", primary_key=True)
    # Compared by code points everywhere, so that beginnings of words are ranges of an index.
    word: Mapped[str] = mapped_column(
        String(MAX_WORD).with_variant(String(MAX_WORD, collation="C"), "postgresql"),
        primary_key=True,
    )
    book_id: Mapped[uuid.UUID] = _gone_with("question_books.id")
