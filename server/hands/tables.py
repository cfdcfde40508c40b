"""The tables of hands; their migration is server/migrations/versions/0003_hands.py."""

import uuid
from enum import StrEnum

from sqlalchemy import BigInteger, Enum, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from server.hands.states import State, Verdict
from server.models import Base


def _text_of(values: type[StrEnum]) -> Enum:
    return Enum(
        values,
        native_enum=False,
        length=16,
        values_callable=lambda known: [one.value for one in known],
    )


class Hand(Base):
    """A wish to speak and, when it came to that, the turn; positions are milliseconds."""

    __tablename__ = "hands"
    __table_args__ = (Index("ix_hands_lesson_id_state", "lesson_id", "state"),)

    lesson_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("lessons.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[int] = mapped_column(BigInteger)
    rank: Mapped[int] = mapped_column(BigInteger)
    first: Mapped[bool]
    camera: Mapped[bool]
    # its life: changed by server.hands.store alone
    state: Mapped[State] = mapped_column(_text_of(State))
    test: Mapped[Verdict | None] = mapped_column(_text_of(Verdict))
    invited_at: Mapped[int | None] = mapped_column(BigInteger)
    aired_from: Mapped[int | None] = mapped_column(BigInteger)
    aired_to: Mapped[int | None] = mapped_column(BigInteger)
    until: Mapped[int | None] = mapped_column(BigInteger)
    talking: Mapped[bool]


class HandSettings(Base):
    """What the teacher decided about hands in one lesson."""

    __tablename__ = "hand_settings"

    lesson_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("lessons.id", ondelete="CASCADE"), primary_key=True
    )
    paused: Mapped[bool]
    limit_seconds: Mapped[int | None]
    auto: Mapped[bool]
    push_to_talk: Mapped[bool]
