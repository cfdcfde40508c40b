"""The table of voice notes; its migration is server/migrations/versions/0005_voice_notes.py."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, Enum, ForeignKey, Index, String
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from server.models import Base
from server.voice_notes.states import State

CODE_LENGTH = 32  # characters of a stable code


class VoiceNote(Base):
    """A voice note; its sound is a file beside the database. Positions are milliseconds."""

    __tablename__ = "voice_notes"
    __table_args__ = (
        Unique("lesson_id", "number", name="uq_voice_notes_lesson_id_number"),
        Index("ix_voice_notes_lesson_id_state", "lesson_id", "state"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    lesson_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"))
    person_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    number: Mapped[int | None]  # once it is ready
    state: Mapped[State] = mapped_column(
        Enum(
            State,
            native_enum=False,
            length=16,
            values_callable=lambda known: [one.value for one in known],
        )
    )
    size: Mapped[int]  # bytes of what the browser recorded
    at: Mapped[int] = mapped_column(BigInteger)
    length: Mapped[int | None]  # ms of sound
    refusal: Mapped[str | None] = mapped_column(String(CODE_LENGTH))
    aired_from: Mapped[int | None] = mapped_column(BigInteger)
    aired_to: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(index=True)
