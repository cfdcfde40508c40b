"""A student is heard: the whole server, its real engine, and peers that are not ours."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from media.rooms import Rooms
from media.types import Source
from media.worker import Worker
from server.app import build_services, create_app
from signaling.client import Declined, play, publish
from tests.integration.test_guest_turns import loudest
from tests.integration.tracks import LOUDNESS, Drain, Tone, soon, wait_for_sound
from tests.media.waiting import until
from tests.server.conftest import FAST_HASHER, Place, World
from tests.server.hands.stage import Stage
from tests.server.questions.classroom import Someone


@pytest.fixture
async def on_air(sqlite_place: Place) -> AsyncIterator[Stage]:
    """A live lesson whose media are real and whose clock runs."""
    async with Worker.open("127.0.0.1", threads=1) as worker:
        services = build_services(sqlite_place.settings(), Rooms(worker), hasher=FAST_HASHER)
        app = create_app(services, static=sqlite_place.directory / "static")
        server = TestServer(app, shutdown_timeout=1)
        try:
            await server.start_server()
            clock: Any = services.clock  # a real one, and no engine to tell things
            world = World(server, services, clock, engine=None)  # type: ignore[arg-type]  # as said
            stage = Stage(world)
            await stage.build()
            stage.arrive(*stage.students)
            yield stage
            await world.close()
        finally:
            await server.close()


async def grant(someone: Someone, right: str) -> dict[str, Any]:
    path = f"/api/lessons/{someone.room.lesson}/grant"
    answer = await someone.visitor.post(path, {"right": right})
    body: dict[str, Any] = await answer.json()
    return body


async def test_a_student_is_tested_heard_and_closed(on_air: Stage) -> None:
    stage, teacher = on_air, on_air.teacher
    speaker, listener, bystander = stage.students
    number = await stage.up(speaker, "testing")
    mine, watching = await grant(speaker, "speak"), await grant(listener, "watch")
    assert (await grant(bystander, "speak"))["code"] == "not-allowed"
    async with (
        play(watching["whep"], watching["token"], videos=3, audios=2) as student,
        Drain(student.audio[0]),
        publish(mine["whip_guest"], mine["token"], audio=Tone()) as guest,
    ):
        await soon(student.connected(), guest.connected())
        (publication,) = stage.media.publications()
        await until(lambda: publication.has_started(Source.GUEST_VOICE))
        assert await loudest(student.audio[1]) < LOUDNESS / 100

        await teacher.do("turn_start", hand=number)
        await soon(wait_for_sound(student.audio[1]))
        kinds = [one.kind for one in await stage.events()]
        assert kinds.index("turn.started") < kinds.index("source.added")

        await teacher.do("turn_end", hand=number)
        assert stage.media.publications() == []
        await soon(guest.ended())
        await loudest(student.audio[1])  # what was on its way
        assert await loudest(student.audio[1]) < LOUDNESS / 100
    with pytest.raises(Declined) as caught:
        async with publish(mine["whip_guest"], mine["token"], audio=Tone()):
            pytest.fail("the block must not run")
    assert (caught.value.status, caught.value.code) == (403, "turn-over")
    with pytest.raises(Declined) as caught:
        async with publish(mine["whip_guest"], watching["token"], audio=Tone()):
            pytest.fail("the block must not run")
    assert (caught.value.status, caught.value.code) == (403, "right-missing")


async def test_next_hands_the_air_over_within_one_transaction(on_air: Stage) -> None:
    stage = on_air
    first, second, listener = stage.students
    one = await stage.up(first, "on-air")
    two = await stage.up(second, "testing")
    grants = [await grant(someone, "speak") for someone in (first, second)]
    watching = await grant(listener, "watch")
    async with (
        play(watching["whep"], watching["token"], videos=3, audios=2) as student,
        Drain(student.audio[0]),
        publish(grants[0]["whip_guest"], grants[0]["token"], audio=Tone()) as before,
        publish(grants[1]["whip_guest"], grants[1]["token"], audio=Tone(880)) as after,
    ):
        await soon(student.connected(), before.connected(), after.connected())
        await soon(wait_for_sound(student.audio[1]))
        result = await stage.teacher.do("turn_next")
        assert result == {"ended": one, "started": two, "invited": None}
        await soon(before.ended(), until(lambda: Source.GUEST_VOICE in stage.media.sources()))
        assert stage.media.sources()[Source.GUEST_VOICE].participant == second.id
        await soon(wait_for_sound(student.audio[1]))
        await second.do("turn_end", hand=two)
        await soon(after.ended())
    assert Source.GUEST_VOICE not in stage.media.sources()
