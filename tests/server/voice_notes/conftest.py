"""Lessons for the tests of voice notes, on both databases."""

import pytest

from tests.server.conftest import World
from tests.server.voice_notes.booth import Booth


@pytest.fixture
async def booth(world: World) -> Booth:
    built = Booth(world)
    await built.build()
    return built


@pytest.fixture
async def small_booth(small_world: World) -> Booth:
    built = Booth(small_world)
    await built.build()
    return built
