"""The library: what is listed for whom, deleting and bringing back, what a course decides."""

from typing import Any

from server.recordings import library
from tests.server.conftest import Visitor, problem
from tests.server.recordings.conftest import Replay


async def listed(who: Visitor, query: str = "") -> list[dict[str, Any]]:
    answer = await who.get(f"/api/recordings{query}")
    assert answer.status == 200, await answer.text()
    found: list[dict[str, Any]] = (await answer.json())["recordings"]
    return found


async def test_teachers_see_theirs_and_students_none(replay: Replay) -> None:
    (mine,) = await listed(replay.teacher)
    assert (mine["lesson"], mine["state"], mine["length"]) == (replay.lesson, "ready", 6000)
    assert mine["bytes"] > 1000
    assert await listed(replay.staff) == [mine]
    assert await listed(replay.student) == []
    assert await listed(replay.teacher, "?state=hidden") == []
    assert await listed(replay.teacher, f"?course={mine['course']['id']}&sort=longest") == [mine]
    for query in ("?state=x", "?sort=x", "?page=-1", "?page=99999"):
        assert (await replay.teacher.get(f"/api/recordings{query}")).status == 422


async def test_a_deleted_recording_comes_back_or_goes_for_good(replay: Replay) -> None:
    assert (await replay.teacher.delete(replay.api())).status == 204
    assert await problem(await replay.student.get(replay.api())) == (404, "no-recording")
    assert [one["lesson"] for one in await listed(replay.teacher, "?state=deleted")]
    assert (await replay.teacher.post(replay.api("/restore"))).status == 204
    assert (await replay.student.get(replay.api())).status == 200
    await replay.teacher.delete(replay.api())
    await library.tidy(replay.world.services)
    assert replay.made.folder.is_dir()
    replay.world.clock.pass_time(days=8)
    await library.tidy(replay.world.services)
    assert not replay.made.folder.exists()


async def test_what_a_course_keeps_for_days_is_deleted_after_them(replay: Replay) -> None:
    course = (await listed(replay.teacher))[0]["course"]["id"]
    rules = {"publish": False, "pack": True, "keep_days": 5}
    answer = await replay.teacher.send("PUT", f"/api/courses/{course}/recordings", json=rules)
    assert await answer.json() == rules
    await library.tidy(replay.world.services)
    assert len(await listed(replay.teacher)) == 1
    replay.world.clock.pass_time(days=6)
    await library.tidy(replay.world.services)
    assert await listed(replay.teacher) == []
    assert replay.made.folder.is_dir()


async def test_the_files_of_a_deleted_lesson_are_deleted(replay: Replay) -> None:
    assert (await replay.staff.delete(f"/api/lessons/{replay.lesson}")).status == 204
    assert not replay.made.folder.exists()


async def test_a_folder_that_the_database_does_not_know_is_kept(replay: Replay) -> None:
    unknown = replay.made.folder.with_name("01990000-0000-7000-8000-000000000000")
    unknown.mkdir()
    await library.tidy(replay.world.services)
    assert unknown.is_dir()


async def test_a_lesson_that_is_on_keeps_its_recording(on_air: Replay) -> None:
    assert await problem(await on_air.teacher.delete(on_air.api())) == (409, "lesson-open")


async def test_the_largest_and_the_longest_come_first(replay: Replay) -> None:
    world, staff = replay.world, replay.staff
    course = (await listed(replay.teacher))[0]["course"]["id"]
    small = (await world.lesson(staff, course))["id"]
    await world.set_state(staff, small, "practice", "live")
    world.clock.pass_time(seconds=60)
    await world.set_state(staff, small, "ended")
    await library.tidy(world.services)
    for sort, first in (("largest", replay.lesson), ("longest", small), ("newest", small)):
        shown = await listed(staff, f"?sort={sort}")
        assert shown[0]["lesson"] == first, sort


async def test_a_course_says_how_long_replays_are_and_how_far_one_has_come(replay: Replay) -> None:
    course = (await listed(replay.teacher))[0]["course"]["id"]

    async def told(who: Visitor) -> Any:
        (lesson,) = (await (await who.get(f"/api/courses/{course}")).json())["lessons"]
        return lesson.get("replay")

    nothing = {"position": 0, "seen": 0, "watched": False}
    assert await told(replay.student) == {"from": 0, "length": 6000, "progress": nothing}
    await replay.change(trims=[[1000, 5000]])
    come = {"position": 4800, "seen": [[1000, 4800]]}
    answer = await replay.student.send("PUT", replay.api("/progress"), json=come)
    assert answer.status == 200
    told_student = await told(replay.student)
    assert (told_student["from"], told_student["length"]) == (1000, 5000)
    assert told_student["progress"] == {"position": 4800, "seen": 3800, "watched": True}
    assert (await told(replay.teacher))["progress"] == nothing
    assert (await told(replay.teacher))["length"] == 6000
    await replay.change(published=False)
    assert await told(replay.student) is None
    (row,) = await listed(replay.teacher)
    assert (row["trimmed"], row["muted"]) == (True, 0)
