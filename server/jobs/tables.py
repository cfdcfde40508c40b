"""The table of background jobs; its migration is server/migrations/versions/0008_jobs.py."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Enum, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.jobs.states import WHOLE, JobState
from server.models import Base

KIND_LENGTH = 32  # characters of a kind, and of a stable code


class Job(Base):
    """Something that is made of a lesson's recording in the background."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state_due_at", "state", "due_at"),
        Index("ix_jobs_lesson_id_kind", "lesson_id", "kind"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    lesson_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lessons.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(KIND_LENGTH))
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[JobState] = mapped_column(
        Enum(
            JobState,
            native_enum=False,
            length=16,
            values_callable=lambda known: [one.value for one in known],
        )
    )
    progress: Mapped[int]  # thousandths of the work
    ends_at: Mapped[datetime | None]  # a guess, while it runs
    lines: Mapped[list[Any]] = mapped_column(JSON)  # its log: {at, text}, oldest first
    reason: Mapped[str | None] = mapped_column(String(KIND_LENGTH))  # a code: why it failed last
    failures: Mapped[int]
    due_at: Mapped[datetime]  # not before
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    @property
    def share(self) -> float:
        """Return the progress, from 0 to 1."""
        return self.progress / WHOLE
