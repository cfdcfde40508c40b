"""Rounds: again and again, whatever one of them comes to."""

import asyncio

from server.rounds import Rounds

SOON = 0.001  # seconds
PATIENCE = 10.0  # seconds


async def test_a_round_that_fails_is_not_the_last() -> None:
    begun = 0
    enough = asyncio.Event()

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun == 3:
            enough.set()
        raise ValueError("today's fault")

    rounds = Rounds("test", SOON, work)
    rounds.start()
    await asyncio.wait_for(enough.wait(), PATIENCE)
    await rounds.stop()


async def test_the_first_round_may_be_at_once_and_the_end_breaks_off_the_last() -> None:
    begun, ended = asyncio.Event(), False

    async def work() -> None:
        nonlocal ended
        begun.set()
        await asyncio.Event().wait()
        ended = True

    rounds = Rounds("test", 3600.0, work)
    rounds.start(at_once=True)
    await asyncio.wait_for(begun.wait(), PATIENCE)
    await rounds.stop()
    await rounds.stop()
    assert not ended


async def test_what_was_never_begun_can_be_stopped() -> None:
    async def work() -> None:
        raise AssertionError("never begun")

    await Rounds("test", SOON, work).stop()
