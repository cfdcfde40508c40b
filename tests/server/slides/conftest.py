"""A live lesson whose teacher has slides, on both databases."""

import pytest

from tests.server.conftest import World
from tests.server.questions.classroom import Room


@pytest.fixture
async def room(world: World) -> Room:
    built = Room(world)
    await built.build(students=1)
    return built
