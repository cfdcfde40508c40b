"""Rooms for the tests of questions, on both databases."""

import pytest

from tests.server.conftest import World
from tests.server.questions.classroom import Room


@pytest.fixture
async def room(world: World) -> Room:
    built = Room(world)
    await built.build()
    return built


@pytest.fixture
async def small_room(small_world: World) -> Room:
    built = Room(small_world)
    await built.build()
    return built
