"""The tables of polls."""

import uuid
from typing import Any

from sqlalchemy import JSON, BigInteger, Enum, ForeignKey, ForeignKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from server.models import Base
from server.polls.states import State

TEXT_LENGTH = 300  # characters: read aloud in half a minute, on a phone without scrolling
OPTION_LENGTH = 120  # characters: two lines on a phone
MIN_OPTIONS, MAX_OPTIONS = 2, 8  # more do not fit on a phone beside the lesson


class Poll(Base):
    """A question to the whole class; positions are milliseconds on the lesson's clock."""

    __tablename__ = "polls"

    lesson_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("lessons.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(String(TEXT_LENGTH))
    options: Mapped[list[Any]] = mapped_column(JSON)
    multiple: Mapped[bool]
    shown: Mapped[bool]
    state: Mapped[State] = mapped_column(
        Enum(
            State,
            native_enum=False,
            length=16,
            values_callable=lambda known: [one.value for one in known],
        )
    )
    opened_at: Mapped[int | None] = mapped_column(BigInteger)
    closed_at: Mapped[int | None] = mapped_column(BigInteger)


class PollChoice(Base):
    """One option that one person has chosen."""

    __tablename__ = "poll_choices"
    __table_args__ = (
        ForeignKeyConstraint(
            ["lesson_id", "number"],
            ["polls.lesson_id", "polls.number"],
            ondelete="CASCADE",
            name="fk_poll_choices_lesson_id_number",
        ),
    )

    lesson_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    choice: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
