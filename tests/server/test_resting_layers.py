"""Which sizes of a picture rest is told to the pages of its publisher, and to nobody else."""

from media.events import LayersRest
from media.types import Source
from tests.server.questions.classroom import Room
from tests.server.test_health import keep, room
from tests.server.test_sockets import page

__all__ = ["room"]  # a fixture


async def test_resting_layers_are_told_to_who_publishes_them(room: Room) -> None:
    async with (
        page(room.world, room.teacher.visitor) as teacher,
        page(room.world, room.students[0].visitor) as student,
    ):
        news, secrets = keep(teacher, "layers"), keep(student, "layers")
        for one in (teacher, student):
            await one.join(room.lesson)
        media = room.world.services.rooms.media.get(room.lesson)
        assert media is not None
        media._emit(LayersRest(Source.CAMERA, str(room.teacher.id), ("low", "mid")))
        await teacher.until(lambda: news)
        expected = {"lesson": room.lesson, "source": "camera", "rest": ["low", "mid"]}
        assert news == [expected]
        assert secrets == []
