"""The replays that a list of lessons offers: how long each is, how far somebody has come."""

import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from recordings.cuts import Cuts, Interval, merged
from server.access import LessonAccess
from server.models import LessonState
from server.recordings.facts import progress_facts
from server.recordings.tables import Recording, Watched
from server.rights import Right
from server.viewer import Viewer


async def offered_replays(
    session: AsyncSession, viewer: Viewer, accesses: Iterable[LessonAccess]
) -> dict[str, dict[str, Any]]:
    """Return what a viewer is told of each replay open to them, by its lesson; one query."""
    found = {
        access.lesson.id: (access.recording, Right.MODERATE in access.rights)
        for access in accesses
        if access.lesson.state is LessonState.ENDED and Right.REPLAY in access.rights
    }
    watched = await _watched(session, viewer, found)
    return {
        str(lesson): _facts(recording, watched.get(lesson), viewer, teacher=teacher)
        for lesson, (recording, teacher) in found.items()
        if recording is not None and recording.length > 0
    }


async def _watched(
    session: AsyncSession, viewer: Viewer, lessons: Iterable[uuid.UUID]
) -> dict[uuid.UUID, Watched]:
    if viewer.person is None:
        return {}
    query = select(Watched).where(
        Watched.person_id == viewer.person.id, Watched.lesson_id.in_(list(lessons))
    )
    return {row.lesson_id: row for row in await session.scalars(query)}


def _facts(
    recording: Recording, watched: Watched | None, viewer: Viewer, *, teacher: bool
) -> dict[str, Any]:
    start, end = shown_span(recording, teacher=teacher)
    come = (0, []) if watched is None else (watched.position, merged(watched.intervals))
    progress = None if viewer.person is None else progress_facts(*come, end - start)
    return {"from": start, "length": end, "progress": progress}


def shown_span(recording: Recording, *, teacher: bool) -> Interval:
    """Return from where to where a recording goes for its audience, or for its teachers."""
    cuts = Cuts() if teacher else Cuts(recording.live_from or 0, tuple(merged(recording.trims)))
    kept = cuts.intervals()
    end = min(recording.length, max((to for _, to in kept), default=0))
    return min((at for at, _ in kept), default=0), end
