"""Recordings as they are told to a page."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from recordings.catalogue import Catalogue
from recordings.chapters import Chapter, make_chapters
from recordings.cuts import Interval
from recordings.made import awaited_tracks
from server.clock import to_iso
from server.jobs.states import UNFINISHED
from server.jobs.store import of_lessons
from server.recordings import store
from server.recordings.captions import captions_facts
from server.recordings.downloads import downloads_facts
from server.recordings.drafts import draft_facts
from server.recordings.making import H264
from server.recordings.reading import RecordingReading
from server.services import Services

WATCHED_SHARE = 0.9  # of the recording: then it has its tick


async def recording_facts(
    session: AsyncSession, reading: RecordingReading, services: Services
) -> dict[str, Any]:
    """Return a recording as one viewer may know it."""
    shown = reading.shown()
    start = min(reading.cuts.intervals(), default=(0, 0))[0]
    chapters = await chapters_of(session, reading, shown)
    return {
        "lesson": str(reading.lesson.id),
        "title": reading.lesson.title,
        "state": _state(reading, shown),
        "from": min(start, shown.length),
        "length": shown.length,
        "bytes": sum(part.size for run in shown.runs.values() for part in run.parts),
        "published": reading.recording.published,
        "expires_at": _iso(reading.recording.expires_at),
        "tracks": _tracks(shown),
        "preparing": await _preparing(session, reading),
        "gaps": [
            {"track": gap.track, "at": gap.at, "for": gap.length, "why": gap.why}
            for gap in sorted(shown.gaps, key=lambda gap: (gap.at, gap.track))
        ],
        "chapters": [chapter.to_json() for chapter in chapters],
        "captions": await captions_facts(session, reading.lesson.id, teacher=reading.teacher),
        "downloads": await downloads_facts(services, session, reading),
        "progress": await _progress(session, reading, shown.length - start),
        **(await _for_teachers(session, reading, services) if reading.teacher else {}),
    }


def _iso(moment: Any) -> str | None:
    return None if moment is None else to_iso(moment)


def _state(reading: RecordingReading, shown: Catalogue) -> str:
    if reading.live:
        return "recording"
    return "ready" if any(run.parts for run in shown.runs.values()) else "none"


def _tracks(shown: Catalogue) -> list[dict[str, Any]]:
    tracks: dict[str, dict[str, Any]] = {}
    for run in shown.runs.values():
        if not run.parts:
            continue
        known = tracks.setdefault(run.track, {"track": run.track, "bytes": 0})
        known["bytes"] += sum(part.size for part in run.parts)
        known["codec"] = run.codec
        if run.width is not None and run.height is not None:
            known |= {"width": run.width, "height": run.height}
    return list(tracks.values())


async def _preparing(session: AsyncSession, reading: RecordingReading) -> list[str]:
    """Return the tracks whose pictures a job is still encoding; none where it failed."""
    tracks = awaited_tracks(reading.stored)
    if not tracks:
        return []
    jobs = await of_lessons(session, [reading.lesson.id], H264, UNFINISHED)
    return tracks if jobs or reading.live else []


async def chapters_of(
    session: AsyncSession, reading: RecordingReading, shown: Catalogue
) -> list[Chapter]:
    """Return the chapters of what a viewer is shown."""
    lesson = reading.lesson.id
    answers = await store.answers_of(session, lesson)
    slides = await store.slides_of(session, lesson)
    start = min(reading.cuts.intervals(), default=(0, 0))[0]
    return make_chapters(answers, slides, start, shown.length)


async def _progress(
    session: AsyncSession, reading: RecordingReading, length: int
) -> dict[str, Any] | None:
    if reading.viewer.person is None:
        return None
    return progress_facts(
        *await store.watched(session, reading.lesson.id, reading.viewer.person.id), length
    )


def progress_facts(position: int, intervals: list[Interval], length: int) -> dict[str, Any]:
    """Return how far somebody has come in a recording of this length in ms."""
    seen = sum(to - at for at, to in intervals)
    return {
        "position": position,
        "seen": seen,
        "watched": length > 0 and seen >= WATCHED_SHARE * length,
    }


async def _for_teachers(
    session: AsyncSession, reading: RecordingReading, services: Services
) -> dict[str, Any]:
    """Return what is cut for the audience, and what could be."""
    recording = reading.recording
    turns = await store.turns_of(session, reading.lesson.id)
    names = await store.names_of(session, (turn.person_id for turn in turns))
    return {
        "drafts": draft_facts(services),
        "live_from": recording.live_from,
        "trims": recording.trims,
        "turns": [
            {
                "hand": turn.number,
                "person": {"id": str(turn.person_id), "name": names.get(turn.person_id, "")},
                "from": turn.aired_from,
                "to": turn.aired_to,
                "muted": turn.number in recording.muted,
            }
            for turn in turns
        ],
    }
