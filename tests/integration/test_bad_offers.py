"""Offers, bodies and tokens nobody should send, while a lesson with real pictures goes on."""

from __future__ import annotations

import asyncio
import socket
import zlib
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiortc import RTCSessionDescription

from media.types import Source
from signaling.client import Declined, Player, play, publish
from signaling.grants import Right
from tests.integration.tracks import RED, Colour, Drain, Tone, soon, wait_for_colour
from tests.media.waiting import until
from tests.signaling.conftest import CANDIDATE, FRAGMENT, SDP, fragment, problem
from tests.signaling.offers import only, recorded, with_lines, without

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.integration.school import School

PUBLISH, WATCH = recorded("chrome_publish"), recorded("chrome_watch")
MEGABYTE = 1024 * 1024  # bytes
MANY = 10_000  # candidates
SETTLE = 0.5  # s in which a datagram that must not come would have come


@dataclass
class Doors:
    """The doors of a school in which somebody teaches red and somebody watches."""

    school: School
    http: aiohttp.ClientSession
    student: Player

    async def offer(
        self, url: str, token: str, body: str, **headers: str
    ) -> aiohttp.ClientResponse:
        data = BytesIO(body.encode())  # of a megabyte, aiohttp wants no plain bytes
        bearer = {"Authorization": f"Bearer {token}"}
        return await self.http.post(url, data=data, headers={**SDP, **bearer, **headers})

    async def watch(self, body: str, **headers: str) -> aiohttp.ClientResponse:
        token = self.school.token("late student", Right.WATCH)
        return await self.offer(self.school.whep(), token, body, **headers)

    async def publish(self, body: str, **headers: str) -> aiohttp.ClientResponse:
        token = self.school.token("guest", Right.SPEAK)
        return await self.offer(self.school.whip("/guest"), token, body, **headers)


@pytest.fixture
async def doors(school: School) -> AsyncIterator[Doors]:
    """Open the doors, and see that the lesson behind them has not suffered in the end."""
    async with (
        publish(school.whip(), school.token(), audio=Tone(), video=Colour(RED)) as teacher,
        play(school.whep(), school.student()) as student,
        Drain(*student.audio),
        aiohttp.ClientSession() as http,
    ):
        await soon(teacher.connected(), wait_for_colour(student.video[0], RED))
        yield Doors(school, http, student)
        await soon(wait_for_colour(student.video[0], RED))
        assert student.peer.connectionState == teacher.peer.connectionState == "connected"
        assert {Source.CAMERA, Source.VOICE} <= school.sources()


def candidates(count: int, address: str = "10.0.0.1", port: int = 9) -> list[str]:
    return [f"a=candidate:{n} 1 udp {n + 1} {address} {port} typ host" for n in range(count)]


def refused_offers(offer: str) -> dict[str, tuple[str, int, str]]:
    """Return offers with the status and code each is refused with."""
    codecs = without(offer, "a=rtpmap", "a=fmtp", "a=rtcp-fb")
    return {
        "of a megabyte": (with_lines(offer, "a=x:" + "x" * MEGABYTE), 413, "body-too-large"),
        "of a megabyte of lines": (
            with_lines(offer, *["a=x"] * (MEGABYTE // 5)), 413, "body-too-large",
        ),
        "with 10 000 candidates": (
            with_lines(offer, *candidates(MANY)), 413, "body-too-large",
        ),
        "without fingerprint": (without(offer, "a=fingerprint"), 400, "fingerprint-missing"),
        "with unknown codecs only": (
            offer.replace("VP8/", "AV9/").replace("H264/", "H299/").replace("opus/", "sopu/"),
            422, "no-common-codec",
        ),
        "with payload types that have no codec": (codecs, 422, "no-common-codec"),
        "that is empty": ("", 400, "sdp-malformed"),
        "that is cut": (offer[: offer.index("a=fingerprint")], 422, "rtcp-mux-missing"),
        "that is a page": ("<!doctype html><p>Hello", 400, "sdp-malformed"),
    }  # fmt: skip


async def test_offers_that_can_not_be_served_are_refused_with_their_reason(doors: Doors) -> None:
    sessions = len(doors.school.signaling.sessions)
    for send, offer in ((doors.publish, PUBLISH), (doors.watch, WATCH)):
        for name, (text, status, code) in refused_offers(offer).items():
            answer = await send(text)
            assert answer.status == status, (name, await answer.text())
            assert await problem(answer) == code, name
    assert len(doors.school.signaling.sessions) == sessions


@asynccontextmanager
async def played(doors: Doors, edit: Callable[[str], str]) -> AsyncIterator[Player]:
    """Watch with an offer that was edited on its way."""
    token = doors.school.token("late student", Right.WATCH)
    player = Player(doors.http, doors.school.whep(), token)
    for kind in ("audio", "video"):
        player.peer.addTransceiver(kind, direction="recvonly")
    await player.peer.setLocalDescription()
    answer = await doors.watch(edit(player.peer.localDescription.sdp))
    assert answer.status == 201, await answer.text()
    description = RTCSessionDescription(await answer.text(), "answer")
    await player.peer.setRemoteDescription(description)
    try:
        yield player
    finally:
        await player.close()


def with_unknown_codecs(offer: str) -> str:
    unknown = [f"a=rtpmap:{number} X-{number}/90000" for number in (45, 46, 47)]
    lines = offer.replace("UDP/TLS/RTP/SAVPF ", "UDP/TLS/RTP/SAVPF 45 46 47 ")
    return with_lines(lines, *unknown, "a=fmtp:45 x=1", "a=rtcp-fb:46 nonsense")


ODD = {
    "unknown codecs before ours": with_unknown_codecs,
    "thousands of candidates": lambda offer: with_lines(offer, *candidates(4000)),
    "private and hidden candidates": lambda offer: with_lines(
        without(offer, "a=candidate"),
        *candidates(3, "192.168.1.7"),
        *candidates(1, "127.0.0.1", 22),
        *candidates(1, "169.254.169.254", 80),
        *candidates(1, "fd00::7"),
        "a=candidate:1 1 udp 1 5f1c0f7e-1c3f-4d83-9d6c-6e8f3c2f2c11.local 9 typ host",
        "a=candidate:1 1 tcp 1 10.0.0.1 9 typ host tcptype active",
        "a=candidate:nonsense",
    ),
    "no candidate at all": lambda offer: without(offer, "a=candidate"),
}


@pytest.mark.parametrize("name", ODD)
async def test_an_odd_offer_that_can_be_served_is_served(doors: Doors, name: str) -> None:
    async with played(doors, ODD[name]) as player, Drain(*player.audio):
        await soon(wait_for_colour(player.video[0], RED))


async def test_nothing_is_ever_sent_to_a_candidate(doors: Doors) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as victim:
        victim.bind(("127.0.0.1", 0))
        victim.setblocking(False)
        lines = candidates(50, *victim.getsockname())
        for send, offer in ((doors.publish, PUBLISH), (doors.watch, WATCH)):
            answer = await send(with_lines(without(offer, "a=candidate"), *lines))
            assert answer.status == 201
            trickled = await doors.http.patch(
                doors.school.url(answer.headers["Location"]),
                data=fragment(offer).replace(CANDIDATE, "\r\n".join(lines)),
                headers={
                    **FRAGMENT,
                    "If-Match": answer.headers["ETag"],
                    "Authorization": answer.request_info.headers["Authorization"],
                },
            )
            assert trickled.status == 204
        await asyncio.sleep(SETTLE)
        with pytest.raises(BlockingIOError):
            victim.recv(2048)


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/json", "application/sdpx", "multipart/form-data"],
)
async def test_another_content_type_is_refused(doors: Doors, content_type: str) -> None:
    for send, offer in ((doors.publish, PUBLISH), (doors.watch, WATCH)):
        answer = await send(offer, **{"Content-Type": content_type})
        assert (answer.status, await problem(answer)) == (415, "content-type-wrong")


BOMB = zlib.compress(b" " * 50 * MEGABYTE, 9)


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("deflate", BOMB, 413),
        ("deflate", BOMB[:100], 400),
        ("deflate", b"not compressed", 400),
        ("gzip", BOMB, 400),
        ("unheard-of", b"v=1\r\n", 400),
    ],
)
async def test_a_body_that_breaks_its_encoding_is_refused(
    doors: Doors, encoding: str, body: bytes, status: int
) -> None:
    bearer = {"Authorization": f"Bearer {doors.school.token('guest', Right.SPEAK)}"}
    for _ in range(2):  # the second would find a connection left in disorder
        answer = await doors.http.post(
            doors.school.whip("/guest"),
            data=BytesIO(body),
            headers={**SDP, **bearer, "Content-Encoding": encoding},
        )
        assert answer.status == status
        if answer.content_type != "text/plain":  # aiohttp's own refusal, before we are asked
            assert await problem(answer) in ("body-broken", "body-too-large", "sdp-malformed")


async def test_a_stale_etag_changes_nothing(doors: Doors) -> None:
    answer = await doors.publish(PUBLISH)
    url, first = doors.school.url(answer.headers["Location"]), answer.headers["ETag"]
    bearer = {"Authorization": answer.request_info.headers["Authorization"]}

    async def patch(tag: str | None, body: str) -> aiohttp.ClientResponse:
        match = {} if tag is None else {"If-Match": tag}
        return await doors.http.patch(url, data=body, headers={**FRAGMENT, **bearer, **match})

    restarted = await patch("*", fragment(PUBLISH, restart=True))
    assert restarted.status == 200
    for tag, status in ((first, 412), ('"never"', 412), ("garbage", 412), (None, 428)):
        assert (await patch(tag, fragment(PUBLISH))).status == status, tag
    current = fragment(PUBLISH, restart=True)
    assert (await patch(restarted.headers["ETag"], current)).status == 204


async def test_tokens_that_are_not_good_here_open_and_close_nothing(doors: Doors) -> None:
    school = doors.school
    good = await doors.publish(PUBLISH)
    session = school.url(good.headers["Location"])
    wrong: dict[str, tuple[str, int, str]] = {
        "expired": (school.token("guest", lifetime=timedelta(hours=-1)), 401, "token-expired"),
        "forged": (school.token("guest", key=b"another key " * 3), 401, "token-invalid"),
        "of another lesson": (school.token("guest", lesson="lesson-2"), 403, "token-elsewhere"),
        "without signature": (school.token().rpartition(".")[0] + ".", 401, "token-invalid"),
        "of nothing": ("x", 401, "token-invalid"),
        "of 100 kB": ("x" * 5000, 401, "token-invalid"),
    }
    for name, (token, status, code) in wrong.items():
        for url, offer in ((school.whip(), PUBLISH), (school.whep(), WATCH)):
            answer = await doors.offer(url, token, offer)
            assert (answer.status, await problem(answer)) == (status, code), name
        bearer = {"Authorization": f"Bearer {token}"}
        if name != "expired":  # who has joined may always leave
            assert (await doors.http.delete(session, headers=bearer)).status in (401, 403), name
    other = {"Authorization": f"Bearer {school.token('somebody else')}"}
    assert (await doors.http.delete(session, headers=other)).status in (403, 404)
    own = {"Authorization": good.request_info.headers["Authorization"]}
    assert (await doors.http.delete(session, headers=own)).status == 200


async def test_a_taken_source_stays_with_its_publisher(doors: Doors) -> None:
    for name in ("other teacher", "student"):
        with pytest.raises(Declined) as caught:
            async with publish(doors.school.whip(), doors.school.token(name), audio=Tone()):
                pytest.fail("the block must not run")
        assert (caught.value.status, caught.value.code) == (409, "source-taken")


async def test_a_wrong_fingerprint_gets_no_media(doors: Doors) -> None:
    wrong = ":".join(["AB"] * 32)

    def edit(offer: str) -> str:
        lines = without(offer, "a=fingerprint").split("m=")
        return "m=".join([lines[0] + f"a=fingerprint:sha-256 {wrong}\r\n", *lines[1:]])

    async with played(doors, edit) as player:
        async with asyncio.timeout(20):
            await player.ended()
        stats: Any = await player.peer.getStats()
        received = [one.packetsReceived for one in stats.values() if one.type == "inbound-rtp"]
        assert sum(received) == 0


async def test_a_hundred_bad_offers_in_a_row_leave_nothing_behind(doors: Doors) -> None:
    sessions = len(doors.school.signaling.sessions)
    bad = [text for text, _, _ in refused_offers(only(PUBLISH, "audio")).values()]
    for number in range(100):
        answer = await doors.publish(bad[number % len(bad)])
        assert answer.status in (400, 413, 422, 429)
        answer.release()
    assert len(doors.school.signaling.sessions) == sessions
    await until(lambda: doors.school.sources() == {Source.CAMERA, Source.VOICE})
