"""What the timetable does with a lesson at a moment; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.models import LessonState

ABSENT = timedelta(minutes=2)  # without anybody who teaches; a teacher's network is back by then


@dataclass(frozen=True, slots=True)
class Planned:
    """A lesson of a course that goes by the timetable."""

    state: LessonState
    starts: datetime
    ends: datetime
    margin: timedelta


def due_state(lesson: Planned, now: datetime, absent: timedelta | None) -> LessonState | None:
    """Return the next state a lesson is due for, or None.

    `absent` is for how long nobody has been teaching, None while somebody is. A server that was
    away begins a lesson late rather than never; a lesson that is taught on is never cut off.
    """
    if lesson.state is LessonState.SCHEDULED:
        return LessonState.PRACTICE if lesson.starts <= now < lesson.ends else None
    if lesson.state is LessonState.PRACTICE:
        return LessonState.LIVE if lesson.starts <= now < lesson.ends else None
    over = now >= lesson.ends + lesson.margin
    if lesson.state is LessonState.LIVE and over and absent is not None and absent >= ABSENT:
        return LessonState.ENDED
    return None
