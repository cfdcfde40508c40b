"""The client against a WHIP/WHEP endpoint made of aiortc alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

from signaling.client import Declined, play, publish

if TYPE_CHECKING:
    from aiohttp.test_utils import TestServer
    from pytest_aiohttp import AiohttpServer


class Endpoint:
    """Answer every offer with an aiortc peer that sends what is asked and takes what is sent."""

    def __init__(self) -> None:
        self.peers: list[RTCPeerConnection] = []
        self.tracks: asyncio.Queue[object] = asyncio.Queue()
        self.deleted: list[str] = []

    async def post(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer good":
            problem = {"code": "token-invalid", "detail": "The token is not one of ours."}
            return web.json_response(
                problem,
                status=401,
                content_type="application/problem+json",
                headers={"Retry-After": "7"},
            )
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.peers.append(peer)
        peer.on("track", self.tracks.put_nowait)
        offer = await request.text()
        await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        for transceiver in peer.getTransceivers():
            if "a=recvonly" in offer:
                track = AudioStreamTrack() if transceiver.kind == "audio" else VideoStreamTrack()
                transceiver.sender.replaceTrack(track)
                transceiver.direction = "sendonly"
        await peer.setLocalDescription()
        headers = {"Location": "/session/1", "ETag": '"one"'}
        return web.Response(
            status=201,
            text=peer.localDescription.sdp,
            content_type="application/sdp",
            headers=headers,
        )

    async def delete(self, request: web.Request) -> web.Response:
        self.deleted.append(request.path)
        return web.Response()

    async def close(self, _: web.Application) -> None:
        for peer in self.peers:
            await peer.close()


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


@pytest.fixture
async def server(aiohttp_server: AiohttpServer, endpoint: Endpoint) -> TestServer:
    app = web.Application()
    app.router.add_post("/door", endpoint.post)
    app.router.add_delete("/session/1", endpoint.delete)
    app.on_cleanup.append(endpoint.close)
    return await aiohttp_server(app)


async def test_a_publisher_is_heard_and_seen(server: TestServer, endpoint: Endpoint) -> None:
    url = str(server.make_url("/door"))
    async with publish(url, "good", audio=AudioStreamTrack(), video=VideoStreamTrack()) as session:
        await session.connected()
        assert session.url == str(server.make_url("/session/1"))
        assert session.etag == '"one"'
        for _ in range(2):
            track = await endpoint.tracks.get()
            async with asyncio.timeout(20):
                assert await track.recv() is not None  # type: ignore[attr-defined]  # a track
    assert endpoint.deleted == ["/session/1"]


async def test_a_player_gets_frames_of_every_track(server: TestServer, endpoint: Endpoint) -> None:
    async with play(str(server.make_url("/door")), "good", videos=2, audios=1) as player:
        await player.connected()
        assert len(player.video) == 2
        assert len(player.audio) == 1
        async with asyncio.timeout(20):
            for track in (*player.video, *player.audio):
                assert await track.recv() is not None
    assert endpoint.deleted == ["/session/1"]


async def test_a_codec_can_be_chosen(server: TestServer, endpoint: Endpoint) -> None:
    video = VideoStreamTrack()
    async with publish(str(server.make_url("/door")), "good", video=video, codec="H264") as session:
        assert "VP8/90000" not in session.peer.localDescription.sdp
        assert "H264/90000" in session.peer.localDescription.sdp
    assert endpoint.deleted == ["/session/1"]


async def test_a_refusal_tells_status_code_and_sentence(server: TestServer) -> None:
    with pytest.raises(Declined, match="not one of ours") as caught:
        async with play(str(server.make_url("/door")), "bad"):
            pytest.fail("the block must not run")
    assert (caught.value.status, caught.value.code) == (401, "token-invalid")
    assert caught.value.retry_after == 7


async def test_a_server_that_closes_ends_the_session(
    server: TestServer, endpoint: Endpoint
) -> None:
    async with play(str(server.make_url("/door")), "good") as player:
        await player.connected()
        async with asyncio.timeout(20):
            await player.video[0].recv()  # so the other end is connected as well
            await endpoint.peers[0].close()
            await player.ended()
