"""Drafts of captions as background jobs, with `pip install darsgoh[captions]`."""

from functools import partial
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aiohttp import web

from recordings.captioning import draft_path, read_draft
from recordings.webvtt import MAX_CUES, Cue
from server.errors import Conflict
from server.jobs.child import run_child
from server.jobs.routes import facts
from server.jobs.runner import JobFailed, Report
from server.jobs.tables import Job
from server.models import Lesson
from server.recordings import captions
from server.recordings.captions import ONE, language_of, recording_of
from server.recordings.tables import Captions, Recording
from server.services import SERVICES, Services
from server.settings import RecordingSettings
from server.viewer import viewer_of
from server.web import json_answer, path_id

routes = web.RouteTableDef()
KIND = "captions"
RANK = 5  # after everything that makes a replay playable
MODULE = "recordings.captioning"
EXTRA = "faster_whisper"
MODELS = "models"  # the folder below the data directory


def models_of(settings: RecordingSettings) -> dict[str, str]:
    """Return which model writes drafts in which language.

    Tajik is in it where the school has a model of its own: the general ones know too little of it.
    """
    models = dict.fromkeys(("ru", "en"), settings.captions_model)
    models |= {"tg": settings.captions_model_tg}
    return {language: model for language, model in models.items() if model}


def draft_facts(services: Services) -> dict[str, Any]:
    """Return whether drafts can be made here, and in which languages."""
    models = models_of(services.settings.recordings)
    return {"installed": find_spec(EXTRA) is not None, "languages": sorted(models)}


@routes.post(ONE + "/draft")
async def make_draft(request: web.Request) -> web.Response:
    """Let a machine write captions; those of a person are never replaced."""
    services, viewer = request.app[SERVICES], await viewer_of(request)
    lesson, language = path_id(request, "lesson"), language_of(request)
    async with services.database.read() as session:
        await recording_of(session, viewer, lesson)
        row = await session.get(Captions, (lesson, language))
        title = (await session.get_one(Lesson, lesson)).title
    known = draft_facts(services)
    if not known["installed"]:
        raise Conflict(
            "captions-not-installed", "Install it first: pip install 'darsgoh[captions]'."
        )
    if language not in known["languages"]:
        raise Conflict("captions-no-model", "No model writes this language well enough.")
    if is_persons(row):
        raise Conflict("captions-there", "There are captions that a person has brought.")
    job = await services.jobs.add(KIND, lesson, {"language": language})
    return json_answer(facts(job, title), HTTPStatus.ACCEPTED)


def is_persons(row: Captions | None) -> bool:
    """Return whether captions are there that a machine must not replace."""
    return row is not None and row.deleted_at is None and not row.automatic


async def run_draft(services: Services, job: Job, report: Report) -> None:
    """Write a draft in a child process, and keep it unless a person was faster."""
    language = str(job.parameters["language"])
    model = models_of(services.settings.recordings).get(language)
    if model is None:
        raise JobFailed("captions-no-model", "No model writes this language well enough.")
    folder = services.recordings.folder(job.lesson_id)
    models = services.settings.data.directory / MODELS
    await run_child(MODULE, [str(folder), language, model, str(models.absolute())], report)
    path = draft_path(folder, language)
    cues = await services.recordings.run(partial(_drafted, path, model))
    if not cues:
        raise JobFailed("no-voice", "Nothing was understood in this lesson.")
    async with services.database.write() as session:
        recording = await session.get(Recording, job.lesson_id, with_for_update=True)
        if recording is None or recording.deleted_at is not None:
            raise JobFailed("no-recording", "The recording is gone.")
        if is_persons(await session.get(Captions, (job.lesson_id, language))):
            raise JobFailed("captions-there", "Meanwhile a person has brought captions.")
        await captions.keep(
            services, session, job.lesson_id, language, cues, person=None, automatic=True
        )
    await services.recordings.run(partial(path.unlink, missing_ok=True))


def _drafted(path: Path, model: str) -> list[Cue]:
    """Return what was drafted, in order."""
    done = read_draft(path, model)
    found = [cue for cues in done.values() for cue in cues]
    return sorted(found, key=lambda cue: (cue.at, cue.to))[:MAX_CUES]
