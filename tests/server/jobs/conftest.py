"""A lesson with jobs, and those who look after it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from server.jobs.runner import Report
from server.jobs.tables import Job
from tests.media.waiting import PATIENCE
from tests.server.conftest import Visitor, World


@dataclass
class Workshop:
    """Does jobs of the kind `test` as it is told."""

    begun: list[Any] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    most: int = 0
    now: int = 0
    fault: Exception | None = None

    async def work(self, job: Job, report: Report) -> None:
        self.begun.append(job.parameters.get("name", job.kind))
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await report(0.25, f"began {job.kind}")
            if self.fault is not None:
                raise self.fault
            await self.open.wait()
            await report(0.75)
        finally:
            self.now -= 1


@dataclass
class Office:
    """A course with a lesson, its people, and the workshop."""

    world: World
    lesson: str
    staff: Visitor
    teacher: Visitor
    student: Visitor
    stranger: Visitor  # teaches another course
    workshop: Workshop

    async def jobs(self) -> list[dict[str, Any]]:
        answer = await self.teacher.get(f"/api/jobs?lesson={self.lesson}")
        assert answer.status == 200, await answer.text()
        return list((await answer.json())["jobs"])

    async def until(self, *states: str) -> list[dict[str, Any]]:
        """Wait until the jobs, the newest first, are in these states."""
        jobs: list[dict[str, Any]] = []
        async with asyncio.timeout(PATIENCE):
            while [job["state"] for job in jobs] != [*states]:
                await asyncio.sleep(0.02)
                jobs = await self.jobs()
        return jobs

    async def wish(self, job: str, state: str, who: Visitor | None = None) -> int:
        answer = await (who or self.teacher).post(f"/api/jobs/{job}", {"state": state})
        return answer.status


async def open_office(world: World) -> Office:
    staff = await world.staff()
    course = (await world.course(staff))["id"]
    other = (await world.course(staff, "Elsewhere"))["id"]
    workshop = Workshop()
    world.services.jobs.register("test", workshop.work)
    world.services.jobs.register("urgent", workshop.work, rank=-1)
    return Office(
        world,
        (await world.lesson(staff, course))["id"],
        staff,
        await world.member(staff, course, "teacher"),
        await world.member(staff, course, "student"),
        await world.member(staff, other, "teacher"),
        workshop,
    )


@pytest.fixture
async def office(world: World) -> Office:
    return await open_office(world)


@pytest.fixture
async def small_office(small_world: World) -> Office:
    return await open_office(small_world)
