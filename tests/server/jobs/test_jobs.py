"""Jobs: taken in turn, tried again, cancelled, gone on with after a restart."""

import uuid
from datetime import timedelta

import pytest

from server.errors import NotFound
from server.jobs import store
from server.jobs.runner import JobFailed
from server.jobs.states import WAITS
from tests.media.waiting import until
from tests.server.conftest import FakeClock, Place, problem, running_world
from tests.server.jobs.conftest import Office, Workshop, open_office


async def test_a_job_is_done_and_says_how(office: Office) -> None:
    jobs, lesson = office.world.services.jobs, uuid.UUID(office.lesson)
    first = await jobs.add("test", lesson, {"name": "one"})
    again = await jobs.add("test", lesson, {"name": "one"})
    assert again.id == first.id
    (told,) = await office.until("running")
    await until(lambda: office.workshop.begun)
    office.workshop.open.set()
    (told,) = await office.until("done")
    assert told["progress"] == 1
    assert [line["text"] for line in told["log"]] == ["began test"]
    assert told["parameters"] == {"name": "one"}
    assert told["ended_at"] >= told["started_at"] >= told["created_at"]
    assert (await jobs.add("test", lesson, {"name": "one"})).id != first.id


async def test_one_at_a_time_the_urgent_first(small_office: Office) -> None:
    office, lesson = small_office, uuid.UUID(small_office.lesson)
    jobs = office.world.services.jobs
    await jobs.add("test", lesson, {"name": "first"})
    await until(lambda: office.workshop.begun == ["first"])
    office.world.clock.pass_time(seconds=1)
    await jobs.add("test", lesson, {"name": "third"})
    office.world.clock.pass_time(seconds=1)
    await jobs.add("urgent", lesson, {"name": "second"})
    await office.until("queued", "queued", "running")
    office.workshop.open.set()
    await office.until("done", "done", "done")
    assert office.workshop.begun == ["first", "second", "third"]
    assert office.workshop.most == 1


async def test_a_failure_is_tried_again_a_few_times_and_later_by_hand(office: Office) -> None:
    clock, jobs = office.world.clock, office.world.services.jobs
    office.workshop.fault = OSError(28, "No space left on device")
    await jobs.add("test", uuid.UUID(office.lesson))
    for number, wait in enumerate(WAITS, 1):
        await until(lambda number=number: len(office.workshop.begun) == number)
        (job,) = await office.until("queued")
        assert (job["reason"], job["failures"]) == ("disk-full", number)
        clock.pass_time(seconds=wait.total_seconds() - 1)
        jobs.wake()
        await jobs.idle()
        assert len(office.workshop.begun) == number  # not yet
        clock.pass_time(seconds=2)
        jobs.wake()
    (job,) = await office.until("failed")
    assert "No space left" in job["log"][-1]["text"]
    office.workshop.fault = None
    office.workshop.open.set()
    assert await office.wish(job["id"], "queued") == 200
    (job,) = await office.until("done")
    assert (job["failures"], job["reason"]) == (0, None)


async def test_what_can_not_be_done_is_not_tried_again(small_office: Office) -> None:
    small_office.workshop.fault = JobFailed("nothing-there", "There is nothing to encode.")
    await small_office.world.services.jobs.add("test", uuid.UUID(small_office.lesson))
    (job,) = await small_office.until("failed")
    assert job["reason"] == "nothing-there"
    assert len(small_office.workshop.begun) == 1


async def test_a_failing_job_does_not_stop_the_next(small_office: Office) -> None:
    jobs, lesson = small_office.world.services.jobs, uuid.UUID(small_office.lesson)
    small_office.workshop.fault = RuntimeError("a mistake")
    await jobs.add("test", lesson, {"name": "broken"})
    await until(lambda: small_office.workshop.begun)
    await jobs.idle()
    small_office.workshop.fault = None
    small_office.workshop.open.set()
    small_office.world.clock.pass_time(seconds=1)
    await jobs.add("test", lesson, {"name": "sound"})
    await small_office.until("done", "queued")


async def test_a_cancelled_job_stops_at_once(office: Office) -> None:
    jobs, lesson = office.world.services.jobs, uuid.UUID(office.lesson)
    await jobs.add("test", lesson)
    await until(lambda: office.workshop.now == 1)
    (job,) = await office.until("running")
    assert await office.wish(job["id"], "cancelled") == 200
    await until(lambda: office.workshop.now == 0)
    (job,) = await office.until("cancelled")
    assert await office.wish(job["id"], "cancelled") == 200  # as it is: nothing changes
    assert await office.wish(job["id"], "queued") == 200
    office.workshop.open.set()
    (job,) = await office.until("done")
    answer = await office.teacher.post(f"/api/jobs/{job['id']}", {"state": "queued"})
    assert await problem(answer) == (409, "illegal-step")


async def test_jobs_go_on_after_a_restart(place: Place) -> None:
    async with running_world(place) as world:
        office = await open_office(world)
        await world.services.jobs.add("test", uuid.UUID(office.lesson), {"name": "long"})
        world.clock.pass_time(seconds=1)
        await world.services.jobs.add("test", uuid.UUID(office.lesson), {"name": "next"})
        await until(lambda: office.workshop.now == 1)
        lesson = office.lesson
    assert office.workshop.now == 0
    clock = FakeClock(FakeClock().wall + timedelta(minutes=1))
    async with running_world(place, clock) as world:
        workshop = Workshop()
        workshop.open.set()
        assert await world.services.jobs.idle() is None
        world.services.jobs.register("test", workshop.work)
        world.services.jobs.wake()
        await until(lambda: len(workshop.begun) == 2)
        assert workshop.begun == ["long", "next"]
        await world.services.jobs.idle()
        staff = await world.staff()
        jobs = (await (await staff.get(f"/api/jobs?lesson={lesson}")).json())["jobs"]
        assert [job["state"] for job in jobs] == ["done", "done"]


async def test_a_lesson_deleted_in_the_job_ends_it_quietly(office: Office) -> None:
    jobs, lesson = office.world.services.jobs, uuid.UUID(office.lesson)
    await jobs.add("test", lesson)
    await until(lambda: office.workshop.now == 1)
    assert (await office.teacher.delete(f"/api/lessons/{office.lesson}")).status == 204
    office.workshop.open.set()
    await jobs.idle()
    assert (await (await office.staff.get("/api/jobs")).json())["jobs"] == []
    with pytest.raises(NotFound):
        await jobs.add("test", lesson)


async def test_jobs_of_another_course_are_nobodys_business(office: Office) -> None:
    await office.world.services.jobs.add("test", uuid.UUID(office.lesson))
    (job,) = await office.until("running")
    nobody = await office.world.visitor()
    for who, status in (
        (nobody, 401),
        (office.student, 403),
        (office.stranger, 404),
        (office.staff, 200),
    ):
        assert (await who.get(f"/api/jobs?lesson={office.lesson}")).status == status
        assert await office.wish(job["id"], "cancelled", who) == status
    mine = await (await office.teacher.get("/api/jobs")).json()
    theirs = await (await office.stranger.get("/api/jobs")).json()
    assert ([one["id"] for one in mine["jobs"]], theirs["jobs"]) == ([job["id"]], [])
    for wrong in ("1", office.lesson, job["id"].upper()):
        assert await office.wish(wrong, "queued", office.staff) == 404
    answer = await office.teacher.post(f"/api/jobs/{job['id']}", {"state": "done"})
    assert await problem(answer) == (422, "invalid-field")
    assert (await office.teacher.get("/api/jobs?lesson=..%2f")).status == 404


async def test_old_jobs_are_forgotten(small_office: Office) -> None:
    services = small_office.world.services
    small_office.workshop.open.set()
    await services.jobs.add("test", uuid.UUID(small_office.lesson))
    await small_office.until("done")
    small_office.world.clock.pass_time(days=31)
    async with services.database.write() as session:
        await store.forget_old(session, services.clock.now())
    staff = await small_office.world.staff()
    assert (await (await staff.get("/api/jobs")).json())["jobs"] == []
