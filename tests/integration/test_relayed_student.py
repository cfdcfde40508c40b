"""A student whose network lets only TLS through watches over coturn, which relays nowhere else."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aioice import stun, turn
from aiortc import RTCConfiguration, RTCIceServer
from aiortc.rtcconfiguration import RTCBundlePolicy, RTCIceTransportPolicy

from signaling.client import play, publish
from signaling.ice_servers import IceServers, turn_credentials
from tests.integration.relay import HERE, SECRET, Relay, relay
from tests.integration.tracks import BLUE, Colour, Tone, soon, wait_for_colour, wait_for_sound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.integration.school import School

pytestmark = pytest.mark.timeout(180)

SERVER = "203.0.113.7"  # RFC 5737: nobody's; the one address that deploy/ lets through
FORBIDDEN = 403  # RFC 8656 section 9.2
UNAUTHORIZED = 401
QUOTA = 8  # connections of one person, in deploy/
QUOTA_REACHED = 486  # RFC 8656 section 7.2
FORBIDDEN_PEERS = (
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254",
    "224.0.0.1", "255.255.255.255", "8.8.8.8", "203.0.113.6", "203.0.113.8",
)  # fmt: skip


def credentials(relay: Relay, *, secret: str = SECRET, now: datetime | None = None) -> Any:
    servers = IceServers((relay.url,), secret)
    return turn_credentials(servers, "student", now or datetime.now(UTC))


class Replies(asyncio.DatagramProtocol):
    """What becomes of datagrams that were to be relayed."""

    def __init__(self) -> None:
        self.refused: asyncio.Queue[Exception] = asyncio.Queue()

    def error_received(self, exc: Exception) -> None:
        self.refused.put_nowait(exc)


@asynccontextmanager
async def allocation(
    relay: Relay, name: tuple[str, str]
) -> AsyncIterator[tuple[turn.TurnTransport, Replies]]:
    """Have an address of the relay's for the length of the block; raise what it refuses with."""
    trust = ssl.create_default_context(cafile=str(relay.certificate))
    address = (HERE, relay.port)
    transport, replies = await turn.create_turn_endpoint(
        Replies, address, *name, ssl=trust, transport="tcp"
    )
    try:
        yield transport, replies
    finally:
        transport.close()


def code_of(error: Exception) -> int:
    assert isinstance(error, stun.TransactionFailed), error
    return int(error.response.attributes["ERROR-CODE"][0])


async def test_a_student_who_reaches_only_the_relay_sees_and_hears(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with relay(tmp_path, HERE, loopback=True) as turns:
        monkeypatch.setenv("SSL_CERT_FILE", str(turns.certificate))
        async with (
            publish(school.whip(), school.token(), audio=Tone(), video=Colour(BLUE)),
            watch_relayed(school, turns) as (video, audio),
        ):
            await soon(wait_for_colour(video, BLUE), wait_for_sound(audio))


@asynccontextmanager
async def watch_relayed(school: School, relay: Relay) -> AsyncIterator[Any]:
    """Watch with no address but the relay's."""
    server = RTCIceServer(relay.url, *credentials(relay))
    only = RTCConfiguration([server], RTCIceTransportPolicy.RELAY, RTCBundlePolicy.MAX_BUNDLE)
    async with play(school.whep(), school.student(), configuration=only) as player:
        assert " typ relay " in player.peer.localDescription.sdp
        assert " typ host " not in player.peer.localDescription.sdp
        yield player.video[0], player.audio[0]


async def test_it_relays_nowhere_but_to_the_server(tmp_path: Path) -> None:
    async with (
        relay(tmp_path, SERVER, loopback=False) as turns,
        allocation(turns, credentials(turns)) as (transport, replies),
    ):
        for peer in FORBIDDEN_PEERS:
            transport.sendto(b"into the inside of a network", (peer, 80))
            error = await asyncio.wait_for(replies.refused.get(), 60)
            assert code_of(error) == FORBIDDEN, peer
        transport.sendto(b"to the lesson", (SERVER, 8189))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(replies.refused.get(), 1)


async def test_who_has_no_credentials_of_ours_gets_nothing(tmp_path: Path) -> None:
    ago = datetime.now(UTC) - timedelta(hours=2)
    async with relay(tmp_path, SERVER, loopback=False) as turns:
        for name in (credentials(turns, secret="another's"), credentials(turns, now=ago)):
            with pytest.raises(stun.TransactionFailed) as refused:
                async with allocation(turns, name):
                    pytest.fail("it was let in")
            assert code_of(refused.value) == UNAUTHORIZED


async def test_one_person_has_only_so_many_connections(tmp_path: Path) -> None:
    async with relay(tmp_path, SERVER, loopback=False) as turns:
        name = credentials(turns)
        async with AsyncExitStack() as connections:
            for _ in range(QUOTA):
                await connections.enter_async_context(allocation(turns, name))
            with pytest.raises(stun.TransactionFailed) as refused:
                await connections.enter_async_context(allocation(turns, name))
            assert code_of(refused.value) == QUOTA_REACHED
