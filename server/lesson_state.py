"""The life of a lesson: scheduled → practice → live → ended.

Practice may also end without going live.
"""

from collections.abc import Mapping
from datetime import datetime

from server.errors import Conflict
from server.models import Lesson, LessonState

_NEXT: Mapping[LessonState, frozenset[LessonState]] = {
    LessonState.SCHEDULED: frozenset({LessonState.PRACTICE}),
    LessonState.PRACTICE: frozenset({LessonState.LIVE, LessonState.ENDED}),
    LessonState.LIVE: frozenset({LessonState.ENDED}),
    LessonState.ENDED: frozenset(),
}
OPEN = frozenset({LessonState.PRACTICE, LessonState.LIVE})


def check_step(now: LessonState, wanted: LessonState) -> bool:
    """Return whether the step changes anything; raises Conflict for one that is not possible."""
    if wanted is now:
        return False
    if wanted not in _NEXT[now]:
        expected = sorted(state.value for state in _NEXT[now])
        raise Conflict(
            "illegal-step",
            f"A lesson that is {now.value} can not become {wanted.value}.",
            expected=expected,
            got=wanted.value,
        )
    return True


def take_step(lesson: Lesson, wanted: LessonState, moment: datetime) -> bool:
    """Change the state of a lesson in hand; return whether anything changed."""
    if not check_step(lesson.state, wanted):
        return False
    lesson.state = wanted
    if wanted is LessonState.LIVE:
        lesson.started_at = moment
    if wanted is LessonState.ENDED:
        lesson.ended_at = moment
    return True
