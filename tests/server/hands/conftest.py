"""Stages for the tests of hands, on both databases."""

import pytest

from tests.server.conftest import World
from tests.server.hands.stage import Stage


@pytest.fixture
async def stage(world: World) -> Stage:
    built = Stage(world)
    await built.build()
    return built


@pytest.fixture
async def small_stage(small_world: World) -> Stage:
    built = Stage(small_world)
    await built.build()
    return built
