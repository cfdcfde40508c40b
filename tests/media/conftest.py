"""Fixtures of the media tests: a worker over stand-ins, and values to feed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from media.rooms import Rooms
from media.worker import Worker
from tests.media.fake_engine import FakeEngine, FakeTimers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def timers() -> FakeTimers:
    return FakeTimers()


@pytest.fixture
async def worker(engine: FakeEngine, timers: FakeTimers) -> AsyncIterator[Worker]:
    worker = Worker(engine, timers=timers)
    yield worker
    await worker.close()


@pytest.fixture
def rooms(worker: Worker) -> Rooms:
    return Rooms(worker)
