"""One request for a recording: who asks, what there is, and what of it they may have."""

import uuid
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from recordings.catalogue import Catalogue
from recordings.cuts import Cuts, apply
from recordings.made import served
from server.access import LessonAccess, follower_access, lesson_access
from server.errors import Gone, NotAllowed, NotFound
from server.models import Lesson, LessonState
from server.recordings import store
from server.recordings.tables import Recording
from server.rights import Right
from server.services import SERVICES
from server.viewer import Viewer, viewer_of
from server.web import path_id


@dataclass(frozen=True, slots=True)
class RecordingReading:
    """A recording as one viewer meets it; `shown` is what they may have of `whole`.

    `stored` is what lies on the disk, `whole` what of it, and of what was made of it, is served.
    """

    viewer: Viewer
    access: LessonAccess
    recording: Recording
    stored: Catalogue
    whole: Catalogue
    cuts: Cuts

    @property
    def lesson(self) -> Lesson:
        """Return the lesson."""
        return self.access.lesson

    @property
    def teacher(self) -> bool:
        """Return whether nothing is kept from the viewer."""
        return Right.MODERATE in self.access.rights

    @property
    def live(self) -> bool:
        """Return whether the recording still grows."""
        return self.lesson.state in (LessonState.PRACTICE, LessonState.LIVE)

    def shown(self) -> Catalogue:
        """Return what the viewer may have."""
        return apply(self.whole, self.cuts)

    def in_aac(self) -> Catalogue:
        """Return what is served to players that have no Opus."""
        return served(self.stored, aac=True)


async def read_recording(request: web.Request) -> RecordingReading:
    """Return the recording a path names; raises a Problem for whoever may not have it."""
    services, viewer = request.app[SERVICES], await viewer_of(request)
    lesson_id = path_id(request, "lesson")
    async with services.database.read() as session:
        access = await _access(session, viewer, lesson_id)
        recording = access.recording
        if Right.REPLAY not in access.rights:
            refuse(viewer, access, recording)
        if recording is None or recording.deleted_at is not None:
            raise NotFound("no-recording", "This lesson has no recording.")
        teacher = Right.MODERATE in access.rights
        cuts = await store.cuts_of(session, recording, teacher=teacher)
    catalogue = await services.recordings.catalogue(lesson_id)
    return RecordingReading(viewer, access, recording, catalogue, served(catalogue), cuts)


async def _access(session: AsyncSession, viewer: Viewer, lesson_id: uuid.UUID) -> LessonAccess:
    """Return a lesson that the viewer may see; by one query, since a player asks all the time."""
    if viewer.session is None or viewer.at is None:
        return await lesson_access(session, viewer, lesson_id, Right.SEE)
    return await follower_access(session, viewer.session, lesson_id, viewer.at)


def refuse(viewer: Viewer, access: LessonAccess, recording: Recording | None) -> None:
    """Raise what somebody is told who may see a lesson and not its recording now."""
    viewer.must_be_somebody()
    if recording is None or recording.deleted_at is not None:
        raise NotFound("no-recording", "This lesson has no recording.")
    if access.lesson.state is not LessonState.ENDED:
        raise NotAllowed
    if not recording.published:
        raise NotAllowed("not-published", "The recording of this lesson is not published.")
    raise Gone("recording-expired", "The recording of this lesson is no longer shown.")
