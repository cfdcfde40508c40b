"""Rooms for the tests of quick checks, on both databases."""

from tests.server.questions.conftest import room, small_room

__all__ = ["room", "small_room"]
