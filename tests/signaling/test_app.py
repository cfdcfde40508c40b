"""What our doors do beyond the protocols: sources, limits, second thoughts, ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from media.errors import CodecMismatch, KindMismatch, LimitReached, RoomClosed, SourceTaken
from media.types import CloseReason, Slot, Source
from signaling import app as signaling_app
from signaling.app import SignalingSettings, translate
from signaling.errors import Refused
from signaling.grants import Right
from signaling.limits import RateLimits, counted_as
from tests.media.waiting import until
from tests.signaling.conftest import LESSON, SDP, Door, problem
from tests.signaling.offers import only, recorded, values

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from media.rooms import Rooms

CHROME = recorded("chrome_publish")


@pytest.mark.parametrize(
    ("entrance", "offer", "sources"),
    [
        ("", CHROME, {Source.CAMERA, Source.VOICE}),
        ("", only(CHROME, "audio"), {Source.VOICE}),
        ("/screen", only(CHROME, "video"), {Source.SCREEN}),
        ("/guest", CHROME, {Source.GUEST_CAMERA, Source.GUEST_VOICE}),
    ],
)
async def test_each_entrance_leads_to_its_sources(
    door: Door, rooms: Rooms, entrance: str, offer: str, sources: set[Source]
) -> None:
    assert (await door.publish(offer, entrance)).status == 201
    room = rooms.get(LESSON)
    assert room is not None
    assert set(room.publications()[0].producers) == sources


async def test_the_screen_has_no_sound_of_its_own(door: Door) -> None:
    response = await door.publish(CHROME, "/screen")
    assert (response.status, await problem(response)) == (422, "media-unexpected")


async def test_the_engine_is_told_what_the_offer_says(door: Door) -> None:
    await door.publish()
    voice, camera = (command[2] for command in door.engine.named("producer_create"))
    assert (voice["kind"], voice["mid"], voice["ssrcs"]) == ("audio", "0", [287107431])
    assert (camera["ssrcs"], camera["rtx_ssrcs"]) == ([1068270651], [4028959948])
    assert [codec["name"] for codec in camera["codecs"]] == ["H264", "VP8"]


async def test_the_answer_names_the_transport_that_the_engine_expects(door: Door) -> None:
    answer = (await (await door.publish()).text()).split("\r\n")
    (_, _, ufrag, pwd), *_ = door.engine.named("transport_create")
    assert values(answer, "ice-ufrag") == [ufrag] * 2
    assert values(answer, "ice-pwd") == [pwd] * 2


@pytest.mark.parametrize("name", ["firefox", "safari", "obs", "ffmpeg", "aiortc"])
async def test_every_encoder_gets_in(door: Door, name: str) -> None:
    assert (await door.publish(recorded(f"{name}_publish"))).status == 201


@pytest.mark.parametrize("name", ["firefox", "chrome", "aiortc"])
async def test_every_player_gets_in(door: Door, name: str) -> None:
    assert (await door.watch(recorded(f"{name}_watch"))).status == 201


async def test_a_source_of_somebody_else_is_taken(door: Door) -> None:
    assert (await door.publish()).status == 201
    response = await door.publish(participant="teacher-2")
    assert (response.status, await problem(response)) == (409, "source-taken")
    assert "teacher-1" not in await response.text()
    assert (await door.publish(only(CHROME, "video"), "/screen", participant="t2")).status == 201


async def test_the_same_participant_may_publish_again(door: Door) -> None:
    first = await door.publish()
    assert (await door.publish()).status == 201
    url = first.headers["Location"]
    assert (await door.client.get(url, headers=door.bearer())).status == 404


async def test_a_track_that_could_not_be_told_apart_is_refused(door: Door) -> None:
    offer = recorded("obs_publish")
    nameless = "".join(f"{x}\r\n" for x in offer.split("\r\n")[:-1] if not x.startswith("a=ssrc"))
    response = await door.publish(nameless)
    assert (response.status, await problem(response)) == (422, "track-unnamed")


async def test_the_server_may_change_its_mind(door: Door) -> None:
    door.refusals.append(Refused("banned", "You have been sent out of this lesson."))
    for response in (await door.publish(), await door.watch()):
        assert (response.status, await problem(response)) == (403, "banned")
    assert len(door.signaling.sessions) == 0


async def test_a_player_that_understands_nothing_on_air_is_told(door: Door, rooms: Rooms) -> None:
    await door.publish(only(recorded("obs_publish"), "video"))
    producer = door.engine.named("producer_create")[0][0]
    door.engine.inject(("producer_started", producer, 1290531872))
    room = rooms.get(LESSON)
    assert room is not None
    await until(room.sources)
    only_vp8 = recorded("aiortc_watch").replace("H264/90000", "AV1/90000")
    response = await door.watch(only_vp8)
    assert (response.status, await problem(response)) == (422, "no-common-codec")


async def test_an_offer_that_the_engine_refuses_leaves_nothing(door: Door, rooms: Rooms) -> None:
    door.engine.refused.add("consumer_create")
    assert (await door.watch()).status >= 400
    room = rooms.get(LESSON)
    assert room is not None
    assert not room.subscriptions()


class TestEnds:
    async def test_sessions_of_one_participant(self, door: Door) -> None:
        await door.publish()
        await door.watch()
        await door.watch(participant="student-2")
        assert door.signaling.end_sessions(participant="student-1") == 1
        assert len(door.signaling.sessions) == 2
        assert door.signaling.end_sessions("another-lesson") == 0
        assert door.signaling.end_sessions(LESSON) == 2
        assert len(door.signaling.sessions) == 0

    async def test_a_closed_room_ends_its_sessions(self, door: Door, rooms: Rooms) -> None:
        made = await door.watch()
        rooms.close(LESSON)
        assert len(door.signaling.sessions) == 0
        headers = door.bearer(Right.WATCH)
        assert (await door.client.get(made.headers["Location"], headers=headers)).status == 404


class TestLimits:
    @pytest.fixture
    def open_strict(self, open_doors: Callable[..., Any], rooms: Rooms) -> Callable[..., Any]:
        async def opened(**limits: int) -> Door:
            rooms.open(LESSON, live=True)
            door: Door = await open_doors(SignalingSettings(limits=RateLimits(**limits)))
            return door

        return opened

    async def test_per_address(self, open_strict: Callable[..., Any]) -> None:
        door: Door = await open_strict(per_address=3)
        for _ in range(3):
            assert (await door.client.get(f"/whip/{LESSON}")).status == 401
        response = await door.publish()
        assert (response.status, await problem(response)) == (429, "too-many-requests")
        assert int(response.headers["Retry-After"]) > 0

    async def test_per_participant(self, open_strict: Callable[..., Any]) -> None:
        door: Door = await open_strict(per_participant=2)
        for _ in range(2):
            assert (await door.watch()).status == 201
        response = await door.watch()
        assert (response.status, await problem(response)) == (429, "too-many-requests")
        assert (await door.watch(participant="student-2")).status == 201

    async def test_forged_tokens_do_not_count_for_the_participant(
        self, open_strict: Callable[..., Any]
    ) -> None:
        door: Door = await open_strict(per_participant=1)
        for _ in range(5):
            await door.watch(headers={"Authorization": f"Bearer {door.token()}x"})
        assert (await door.watch()).status == 201

    @pytest.mark.parametrize(
        ("address", "name"),
        [
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("fe80::1%eth0", "fe80::/64"),
            ("unknown", "unknown"),
        ],
    )
    def test_a_line_counts_as_one_address(self, address: str, name: str) -> None:
        assert counted_as(address) == name


async def test_a_body_that_does_not_come_is_given_up(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signaling_app, "BODY_TIMEOUT", 0.05)
    released = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"v=0\r\n"
        await released.wait()

    headers = {**SDP, **door.bearer()}
    response = await door.client.post(f"/whip/{LESSON}", data=slow(), headers=headers)
    assert (response.status, await problem(response)) == (408, "body-too-slow")
    released.set()


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (SourceTaken(Source.CAMERA, "x"), 409, "source-taken"),
        (LimitReached("lessons", 1), 503, "limit-reached"),
        (CodecMismatch("camera", ["VP8"], ["H264"]), 422, "no-common-codec"),
        (KindMismatch(Slot.CAMERA, "audio"), 422, "kind-mismatch"),
        (RoomClosed("x"), 409, "lesson-not-open"),
    ],
)
def test_media_errors_have_a_meaning_in_http(error: Any, status: int, code: str) -> None:
    refusal = translate(error)
    assert (refusal.status, refusal.code) == (status, code)


async def test_a_session_is_forgotten_however_it_ends(door: Door, rooms: Rooms) -> None:
    await door.publish()
    room = rooms.get(LESSON)
    assert room is not None
    for reason in (CloseReason.EXPIRED, CloseReason.LEFT):
        room.publications()[0].close(reason)
        assert len(door.signaling.sessions) == 0
        await door.publish()
