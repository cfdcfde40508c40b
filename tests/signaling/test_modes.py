"""How a player says what it wants to receive, and what it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from media.modes import Mode
from signaling.grants import Right
from signaling.limits import RateLimits
from tests.signaling.conftest import LESSON, SDP, Door, problem
from tests.signaling.offers import recorded

if TYPE_CHECKING:
    from media.membership import Subscription
    from media.rooms import Rooms

TEXT = {"Content-Type": "text/plain"}


async def begin(door: Door, query: str = "") -> str:
    """Watch, and return the address of the session's mode."""
    response = await door.client.post(
        f"/whep/{LESSON}{query}",
        data=recorded("chrome_watch").encode(),
        headers={**SDP, **door.bearer(Right.WATCH)},
    )
    assert response.status == 201, await response.text()
    return f"{response.headers['Location']}/mode"


def subscription(rooms: Rooms) -> Subscription:
    room = rooms.get(LESSON)
    assert room is not None
    return room.subscriptions()[-1]


async def test_a_session_begins_with_its_mode(door: Door, rooms: Rooms) -> None:
    await begin(door, "?mode=slides")
    assert subscription(rooms).mode is Mode.SLIDES
    await begin(door)
    assert subscription(rooms).mode is Mode.AUTO


async def test_a_mode_is_changed_and_told(door: Door, rooms: Rooms) -> None:
    address = await begin(door)
    headers = {**TEXT, **door.bearer(Right.WATCH)}
    answer = await door.client.put(address, data=b"low", headers=headers)
    assert (answer.status, subscription(rooms).mode) == (200, Mode.LOW)
    told = await (await door.client.get(address, headers=door.bearer(Right.WATCH))).json()
    assert told == {
        "mode": "low",
        "received": "everything",  # nothing is on air
        "screen_held": False,
        "held": [],
        "estimate": None,
        "left": None,
        "lowered": False,
    }


async def test_each_session_of_a_person_has_its_own(door: Door, rooms: Rooms) -> None:
    await begin(door, "?mode=sound")
    await begin(door, "?mode=low")
    room = rooms.get(LESSON)
    assert room is not None
    assert [one.mode for one in room.subscriptions()] == [Mode.SOUND, Mode.LOW]


@pytest.mark.parametrize("name", [b"", b"4k", b"LOW", b"auto\nlow"])
async def test_a_mode_that_is_none_changes_nothing(door: Door, rooms: Rooms, name: bytes) -> None:
    address = await begin(door, "?mode=low")
    headers = {**TEXT, **door.bearer(Right.WATCH)}
    answer = await door.client.put(address, data=name, headers=headers)
    assert (answer.status, await problem(answer)) == (400, "mode-unknown")
    assert subscription(rooms).mode is Mode.LOW


async def test_nobody_watches_in_a_mode_that_is_none(door: Door, rooms: Rooms) -> None:
    response = await door.client.post(
        f"/whep/{LESSON}?mode=4k",
        data=recorded("chrome_watch").encode(),
        headers={**SDP, **door.bearer(Right.WATCH)},
    )
    assert (response.status, await problem(response)) == (400, "mode-unknown")
    room = rooms.get(LESSON)
    assert room is not None
    assert room.subscriptions() == []


async def test_a_budget_is_taken_with_the_mode(door: Door, rooms: Rooms) -> None:
    address = await begin(door, "?mode=everything&left=100000000")
    assert subscription(rooms).left == 100_000_000
    headers = {**TEXT, **door.bearer(Right.WATCH)}
    answer = await door.client.put(f"{address}?left=0", data=b"low", headers=headers)
    told = await answer.json()
    assert (told["mode"], told["received"], told["left"]) == ("low", "sound", 0)
    assert told["lowered"]
    await door.client.put(address, data=b"low", headers=headers)
    assert subscription(rooms).left is None


@pytest.mark.parametrize("left", ["", "-1", "1e9", "٣", "9" * 20, "none"])
async def test_a_budget_that_is_no_number_changes_nothing(
    door: Door, rooms: Rooms, left: str
) -> None:
    address = await begin(door, "?left=7")
    headers = {**TEXT, **door.bearer(Right.WATCH)}
    answer = await door.client.put(f"{address}?left={left}", data=b"sound", headers=headers)
    assert (answer.status, await problem(answer)) == (400, "left-malformed")
    assert (subscription(rooms).left, subscription(rooms).mode) == (7, Mode.AUTO)


async def test_a_mode_is_its_own_persons(door: Door, rooms: Rooms) -> None:
    address = await begin(door)
    for headers, refusal in (
        (TEXT, (401, "token-missing")),
        ({**TEXT, **door.bearer(Right.WATCH, participant="other")}, (403, "token-elsewhere")),
    ):
        answer = await door.client.put(address, data=b"sound", headers=headers)
        assert (answer.status, await problem(answer)) == refusal
    assert subscription(rooms).mode is Mode.AUTO


async def test_who_changes_modes_in_a_flood_is_asked_to_wait(door: Door, rooms: Rooms) -> None:
    address = await begin(door)
    headers = {**TEXT, **door.bearer(Right.WATCH)}
    answers = [
        await door.client.put(address, data=b"low" if n % 2 else b"sound", headers=headers)
        for n in range(RateLimits().per_participant)
    ]
    assert answers[0].status == 200
    assert (answers[-1].status, await problem(answers[-1])) == (429, "too-many-requests")
    assert subscription(rooms).mode in (Mode.LOW, Mode.SOUND)


async def test_what_is_too_long_or_another_type_is_refused(door: Door) -> None:
    address = await begin(door)
    bearer = door.bearer(Right.WATCH)
    answer = await door.client.put(address, data=b"a" * 100, headers={**TEXT, **bearer})
    assert (answer.status, await problem(answer)) == (413, "body-too-large")
    answer = await door.client.put(address, data=b"low", headers={**SDP, **bearer})
    assert (answer.status, await problem(answer)) == (415, "content-type-wrong")
