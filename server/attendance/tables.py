"""The table of attendance; its migration is server/migrations/versions/0009."""

import uuid

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from server.models import Base


class Attendance(Base):
    """A stretch of a live lesson that a person heard, in milliseconds on the lesson's clock."""

    __tablename__ = "attendance"

    lesson_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("lessons.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    began: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    # grows from look to look: what is left of a stretch after a crash ends at its last sign of life
    ended: Mapped[int] = mapped_column(BigInteger)
