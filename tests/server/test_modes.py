"""What a student is told of the modes before choosing one."""

from media.modes import Mode, VoiceLayer
from media.types import Slot
from server.budgets import HEADERS, look
from tests.media.values import slot
from tests.server.conftest import World


async def test_costs_are_told_before_a_lesson_and_while_nobody_sends(world: World) -> None:
    staff = await world.staff()
    course = (await world.course(staff))["id"]
    lesson = (await world.lesson(staff, course))["id"]
    student = await world.member(staff, course, "student")
    for states in ((), ("practice", "live")):
        await world.set_state(staff, lesson, *states)
        answer = await student.get(f"/api/lessons/{lesson}/modes")
        bits = (await answer.json())["bits"]
        assert list(bits) == ["auto", "everything", "low", "slides", "sound"]
        assert bits["auto"] == bits["everything"] > bits["low"] > bits["slides"] > bits["sound"]
        assert bits["sound"] == VoiceLayer.THIN.bits
        assert (await answer.json())["price"] is None


async def test_the_network_for_which_a_choice_is_kept_is_that_of_the_grant(world: World) -> None:
    staff = await world.staff()
    lesson = (await world.event(staff))["id"]
    await world.set_state(staff, lesson, "practice", "live")
    told = await (await staff.get(f"/api/lessons/{lesson}/modes")).json()
    answer = await staff.send("POST", f"/api/lessons/{lesson}/grant", json={"right": "watch"})
    assert told["network"] == (await answer.json())["network"]


async def test_the_price_is_told_if_staff_set_one(world: World) -> None:
    settings = world.services.settings
    pages = settings.pages.model_copy(update={"megabyte_price": 0.05})
    world.services.settings = settings.model_copy(update={"pages": pages})
    staff = await world.staff()
    lesson = (await world.event(staff))["id"]
    answer = await staff.get(f"/api/lessons/{lesson}/modes")
    assert (await answer.json())["price"] == {"megabyte": 0.05, "currency": "TJS"}


async def test_what_the_engine_sent_is_counted_with_its_headers(world: World) -> None:
    staff = await world.staff()
    lesson = (await world.event(staff))["id"]
    await world.set_state(staff, lesson, "practice", "live")
    rooms = world.services.rooms.media
    room = rooms.get(lesson)
    assert room is not None
    thrifty, other = (room.add_subscriber(one, [slot(Slot.CAMERA)]) for one in ("one", "two"))
    thrifty.set_left(10_000)
    for total, left in ((50_000, 10_000), (51_000, 9_000 - 5 * HEADERS), (90_000, 0)):
        packets = 100 if total == 50_000 else 105
        stats = {"bytes_sent": total, "packets_sent": packets}
        world.engine.stats[thrifty.transport.id] = stats
        await look(rooms)
        assert thrifty.left == left
    assert thrifty.allowed is Mode.SOUND
    assert other.left is None
