"""A student behind a bottleneck: pictures follow it down and up.

It is a namespace with tc tbf, and a relay of our own where the machine does not let us make one.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from bench.bwe import lesson
from bench.narrow import NarrowError, NarrowPath
from bench.relay import Relay
from tests.media.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.bwe import Scene

WIDE, NARROW = 3000, 600  # kbit/s; the camera's sizes take 60, 420 and 1200
SOON = 60.0  # seconds, on a machine that stalls
SETTLED = 2.0  # seconds at a rate, so that something is known of it


@contextmanager
def bottleneck() -> Iterator[NarrowPath | Relay]:
    with ExitStack() as stack:
        try:
            path: NarrowPath | Relay = stack.enter_context(NarrowPath())
            path.carry(WIDE)
        except NarrowError:
            path = stack.enter_context(Relay())
        yield path


def width(scene: Scene) -> int:
    widths = scene.viewer.seen.widths
    return widths[-1][1] if widths else 0


async def follow(path: NarrowPath | Relay) -> None:
    async with lesson(path) as scene:
        await until(lambda: width(scene) == 1280, SOON)
        await scene.stage(WIDE, SETTLED)
        heard = len(scene.viewer.seen.sound)

        await scene.stage(NARROW, 0)
        await until(lambda: width(scene) < 1280, SOON)
        assert scene.student.wanted is not None, "the engine looks for more"
        await until(lambda: len(scene.viewer.seen.sound) > heard + 50, SOON)

        await scene.stage(WIDE, 0)
        await until(lambda: width(scene) == 1280, SOON)


async def test_a_camera_follows_a_path_that_narrows_and_widens() -> None:
    with bottleneck() as path:
        await follow(path)


async def test_a_bucket_of_our_own_is_as_narrow() -> None:
    with Relay() as path:
        await follow(path)
