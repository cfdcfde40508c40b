"""Jobs over HTTP, for those who look after the lesson."""

from typing import Any, Literal

from aiohttp import web
from sqlalchemy import select

from server.access import lesson_access, taught_by
from server.clock import to_iso
from server.errors import NotFound
from server.ids import parse_id
from server.jobs import store
from server.jobs.states import JobState
from server.jobs.tables import Job
from server.models import Lesson
from server.rights import Right
from server.services import SERVICES
from server.viewer import viewer_of
from server.web import Body, json_answer, path_id, read_body

routes = web.RouteTableDef()
MAX_SHOWN = 200  # jobs, the newest; older ones are over


class Wish(Body):
    """What is to become of a job."""

    state: Literal["queued", "cancelled"]


def facts(job: Job, title: str) -> dict[str, Any]:
    """Return a job as it is told."""
    moments = ("ends_at", "created_at", "started_at", "ended_at")
    found = {name: getattr(job, name) for name in moments}
    return {
        "id": str(job.id),
        "lesson": str(job.lesson_id),
        "title": title,
        "kind": job.kind,
        "parameters": job.parameters,
        "state": job.state.value,
        "progress": job.share,
        "reason": job.reason,
        "failures": job.failures,
        "log": job.lines,
        **{name: None if at is None else to_iso(at) for name, at in found.items()},
    }


@routes.get("/api/jobs")
async def list_jobs(request: web.Request) -> web.Response:
    """List the jobs of one lesson, or of all that the viewer looks after; the newest first."""
    services, viewer = request.app[SERVICES], await viewer_of(request)
    text = request.query.get("lesson")
    query = select(Job, Lesson.title).join(Lesson, Lesson.id == Job.lesson_id)
    query = query.order_by(Job.id.desc()).limit(MAX_SHOWN)
    async with services.database.read() as session:
        if text is None:
            query = query.where(taught_by(viewer))
        else:
            lesson = parse_id(text)
            if lesson is None:
                raise NotFound
            await lesson_access(session, viewer, lesson, Right.MODERATE)
            query = query.where(Job.lesson_id == lesson)
        rows = (await session.execute(query)).all()
    return json_answer({"jobs": [facts(job, title) for job, title in rows]})


@routes.post("/api/jobs/{job}")
async def decide(request: web.Request) -> web.Response:
    """Cancel a job, or try it again."""
    services, viewer = request.app[SERVICES], await viewer_of(request)
    job_id = path_id(request, "job")
    viewer.must_be_somebody()
    async with services.database.read() as session:
        job = await session.get(Job, job_id)
        if job is None:
            raise NotFound
        await lesson_access(session, viewer, job.lesson_id, Right.MODERATE)
    wish = await read_body(request, Wish)
    async with services.database.write() as session:
        job = await session.get(Job, job_id, with_for_update=True)
        if job is None:
            raise NotFound
        access = await lesson_access(session, viewer, job.lesson_id, Right.MODERATE)
        changed = store.decide(job, JobState(wish.state), services.clock.now())
    if changed and job.state is JobState.CANCELLED:
        services.jobs.interrupt(job.id)
    services.jobs.wake()
    return json_answer(facts(job, access.lesson.title))
