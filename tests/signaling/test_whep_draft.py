"""WHEP, rule by rule (draft-ietf-wish-whep), and the slots of the classroom page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from media.types import Slot
from signaling.errors import Unprocessable
from signaling.grants import Right
from signaling.whep import assign_slots
from tests.signaling.conftest import LESSON, SDP, Door, fragment, problem
from tests.signaling.offers import only, recorded, sections, values

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from media.rooms import Rooms

WATCH = recorded("chrome_watch")


async def test_201_with_a_sendonly_answer(door: Door) -> None:
    response = await door.watch()
    assert response.status == 201
    assert response.content_type == "application/sdp"
    assert response.headers["Location"].startswith("/whep/session/")
    assert response.headers["ETag"].startswith('"')
    assert all("a=sendonly" in lines for lines in sections(await response.text())[1:])


@pytest.mark.parametrize("direction", ["sendonly", "inactive"])
async def test_a_player_must_receive(door: Door, direction: str) -> None:
    response = await door.watch(WATCH.replace("a=recvonly", f"a={direction}"))
    assert (response.status, await problem(response)) == (400, "direction-wrong")


async def test_sendrecv_is_answered_sendonly(door: Door) -> None:
    text = await (await door.watch(WATCH.replace("a=recvonly", "a=sendrecv"))).text()
    assert "a=sendrecv" not in text


async def test_a_lesson_that_is_not_open_is_409_with_retry_after(
    open_doors: Callable[..., Any],
) -> None:
    """Players ask again after Retry-After, with exponential backoff."""
    door: Door = await open_doors()
    for response in (await door.watch(), await door.publish()):
        assert (response.status, await problem(response)) == (409, "lesson-not-open")
        assert int(response.headers["Retry-After"]) > 0


async def test_a_lesson_that_has_ended_is_409(door: Door, rooms: Rooms) -> None:
    rooms.close(LESSON)
    response = await door.watch()
    assert (response.status, await problem(response)) == (409, "lesson-not-open")


async def test_get_is_2xx_without_content(door: Door) -> None:
    response = await door.client.get(f"/whep/{LESSON}", headers=door.bearer(Right.WATCH))
    assert response.status == 204


async def test_head_discovers_that_sdp_is_spoken_here(door: Door) -> None:
    response = await door.client.head(f"/whep/{LESSON}", headers=door.bearer(Right.WATCH))
    assert response.status == 200
    assert response.content_type == "application/sdp"


async def test_options_says_what_may_be_posted(door: Door) -> None:
    response = await door.client.options(f"/whep/{LESSON}")
    assert response.status == 200
    assert response.headers["Accept-Post"] == "application/sdp"


@pytest.mark.parametrize("right", list(Right))
async def test_whoever_may_speak_or_publish_may_watch(door: Door, right: Right) -> None:
    assert (await door.watch(headers=door.bearer(right))).status == 201


async def test_another_lessons_token_is_refused(door: Door) -> None:
    response = await door.watch(lesson="another")
    assert (response.status, await problem(response)) == (403, "token-elsewhere")


async def test_another_content_type_is_refused(door: Door) -> None:
    response = await door.watch(headers={"Content-Type": "text/plain"})
    assert response.status == 415


async def test_trickle_restart_and_delete_are_those_of_whip(door: Door) -> None:
    made = await door.watch()
    url, tag = made.headers["Location"], made.headers["ETag"]
    assert (await door.patch(url, fragment(WATCH), tag, Right.WATCH)).status == 204
    assert (await door.patch(url, fragment(WATCH), None, Right.WATCH)).status == 428
    restarted = await door.patch(url, fragment(WATCH, restart=True), "*", Right.WATCH)
    assert restarted.status == 200
    assert restarted.headers["ETag"] != tag
    assert (await door.patch(url, fragment(WATCH), tag, Right.WATCH)).status == 412
    assert (await door.client.delete(url, headers=door.bearer(Right.WATCH))).status == 200
    assert (await door.client.delete(url, headers=door.bearer(Right.WATCH))).status == 404


async def test_an_answer_in_place_of_an_offer_is_415(door: Door) -> None:
    """We never make a counter-offer, so there is nothing to answer with a PATCH."""
    made = await door.watch()
    headers = {**SDP, **door.bearer(Right.WATCH), "If-Match": "*"}
    response = await door.client.patch(made.headers["Location"], data=b"v=0", headers=headers)
    assert response.status == 415


class TestSlots:
    @pytest.mark.parametrize(
        ("kinds", "slots"),
        [
            ("v", "stage"),
            ("a", "loudest"),
            ("av", "loudest stage"),
            ("va", "stage loudest"),
            ("vva", "screen camera voice"),
            ("vvvaa", "screen camera guest voice guest-voice"),
            ("aavvv", "voice guest-voice screen camera guest"),
            ("avavv", "voice screen guest-voice camera guest"),
            ("aa", "voice guest-voice"),
            ("vaa", "stage voice guest-voice"),
            ("vv", "screen camera"),
        ],
    )
    def test_m_lines_become_slots_in_their_order(self, kinds: str, slots: str) -> None:
        names = {"a": "audio", "v": "video"}
        assert assign_slots([names[k] for k in kinds]) == [Slot(s) for s in slots.split()]

    @pytest.mark.parametrize("kinds", [["video"] * 4, ["audio"] * 3, ["video", "application"]])
    def test_there_are_no_more_slots(self, kinds: list[str]) -> None:
        with pytest.raises(Unprocessable):
            assign_slots(kinds)

    async def test_the_classroom_page_gets_five(self, door: Door) -> None:
        media = sections(await (await door.watch()).text())[1:]
        assert [values(lines, "msid")[0] for lines in media] == [
            "screen screen",
            "teacher camera",
            "guest guest",
            "teacher voice",
            "guest guest-voice",
        ]

    async def test_a_plain_player_gets_stage_and_voice_in_one_stream(self, door: Door) -> None:
        media = sections(await (await door.watch(recorded("aiortc_watch"))).text())[1:]
        assert [values(lines, "msid")[0] for lines in media] == ["stage stage", "stage loudest"]

    async def test_every_slot_has_its_own_ssrcs_and_one_name(self, door: Door) -> None:
        media = sections(await (await door.watch()).text())[1:]
        lines = [line for section in media for line in values(section, "ssrc")]
        cnames = [line.split()[1] for line in lines if " cname:" in line]
        ssrcs = [line.split()[0] for line in lines if " cname:" in line]
        assert len(ssrcs) == len(set(ssrcs)) == 3 * 2 + 2  # RTX for video only
        assert len(set(cnames)) == 1
        assert [len(values(section, "ssrc-group")) for section in media] == [1, 1, 1, 0, 0]

    async def test_the_room_is_asked_for_what_was_answered(self, door: Door) -> None:
        answer = await (await door.watch()).text()
        told = [command[2] for command in door.engine.named("consumer_create")]
        answered = [values(lines, "ssrc")[0].split()[0] for lines in sections(answer)[1:]]
        assert [str(parameters["ssrc"]) for parameters in told] == answered
        assert [parameters["mid"] for parameters in told] == ["0", "1", "2", "3", "4"]

    async def test_one_medium_is_enough(self, door: Door) -> None:
        for kind in ("video", "audio"):
            assert (await door.watch(only(recorded("aiortc_watch"), kind))).status == 201
