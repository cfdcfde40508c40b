"""Real pictures and sound from one aiortc peer to another, through a room and the engine."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
import pytest

from media.rooms import Rooms
from media.types import CloseReason, Slot, Source
from media.worker import LOOPBACK, Worker
from tests.media.ortc_peer import TONE, ColourTrack, OrtcPeer, ToneTrack
from tests.media.values import slot
from tests.media.waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import av
    from aiortc import MediaStreamTrack

    from media.room import Publication, Room, Subscription

RED, BLUE = (82, 90, 240), (41, 240, 110)  # Y, U, V
COLOUR_ERROR = 12  # what VP8 may change at a low rate
LOUD = 1000  # of 32767; the tone has an average of 6400


@pytest.fixture(autouse=True)
def on_loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let aiortc's ICE use the one address that every machine has."""
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda **_: [LOOPBACK])


class Stage:
    """A room with a publishing and a watching peer."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.rooms = Rooms(worker)
        self.room: Room = self.rooms.open("lesson", live=True)
        self.peers: list[OrtcPeer] = []

    async def teach(self, **tracks: MediaStreamTrack) -> tuple[Publication, OrtcPeer]:
        peer = OrtcPeer()
        self.peers.append(peer)
        sources = {Source(name): peer.add_sender(Source(name), tracks[name]) for name in tracks}
        publication = self.room.add_publisher("teacher", sources)
        await self._connect(peer, publication)
        await peer.send()
        return publication, peer

    async def watch(self, *slots: Slot) -> tuple[Subscription, dict[Slot, MediaStreamTrack]]:
        peer = OrtcPeer()
        self.peers.append(peer)
        wanted = [slot(one) for one in slots]
        subscription = self.room.add_subscriber("student", wanted)
        await self._connect(peer, subscription)
        return subscription, {
            which: (await peer.receive(parameters)).track for which, parameters in wanted
        }

    async def close(self) -> None:
        for peer in self.peers:
            await peer.close()
        self.rooms.close("lesson")

    async def _connect(self, peer: OrtcPeer, member: Publication | Subscription) -> None:
        member.transport.connect(peer.fingerprints)
        async with asyncio.timeout(PATIENCE):
            await peer.connect(member.transport, self.worker.candidates()[0])
        await until(lambda: member.connected)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with Worker.open(LOOPBACK, threads=2) as worker:
        stage = Stage(worker)
        yield stage
        await stage.close()


def shows(frame: av.VideoFrame, colour: tuple[int, int, int]) -> bool:
    rows = frame.to_ndarray(format="yuv420p")
    height, quarter = frame.height, frame.height // 4
    planes = rows[:height], rows[height : height + quarter], rows[height + quarter :]
    means = [plane.mean() for plane in planes]
    return all(abs(a - b) < COLOUR_ERROR for a, b in zip(means, colour, strict=True))


async def sees(track: MediaStreamTrack, colour: tuple[int, int, int]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not shows(await track.recv(), colour):
            pass


async def hears(track: MediaStreamTrack) -> None:
    """Wait for a frame in which the tone is the loudest."""
    async with asyncio.timeout(PATIENCE):
        while True:
            frame = await track.recv()
            samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0]
            spectrum = np.abs(np.fft.rfft(samples.astype(float)))
            loudest = np.argmax(spectrum) * frame.sample_rate / len(samples)
            if np.abs(samples).mean() > LOUD and abs(loudest - TONE) < 60:
                return


async def test_a_student_sees_and_hears_the_teacher(stage: Stage) -> None:
    _, tracks = await stage.watch(Slot.STAGE, Slot.LOUDEST)
    await stage.teach(camera=ColourTrack(RED), voice=ToneTrack())
    await sees(tracks[Slot.STAGE], RED)
    await hears(tracks[Slot.LOUDEST])


async def test_a_teacher_is_told_what_the_path_carries(stage: Stage) -> None:
    _, peer = await stage.teach(camera=ColourTrack(RED))
    sender, _ = peer.senders[0]

    def rate() -> int:
        encoder = vars(sender)["_RTCRtpSender__encoder"]
        return encoder.target_bitrate if encoder else 0

    await until(lambda: rate() > 0)
    before = rate()
    await until(lambda: rate() > 1.5 * before)


async def test_a_late_student_sees_a_still_picture_at_once(stage: Stage) -> None:
    await stage.teach(camera=ColourTrack(BLUE))
    await until(lambda: Source.CAMERA in stage.room.sources())
    _, tracks = await stage.watch(Slot.CAMERA)
    await sees(tracks[Slot.CAMERA], BLUE)


async def test_the_picture_changes_when_the_teacher_comes_back(stage: Stage) -> None:
    subscription, tracks = await stage.watch(Slot.CAMERA, Slot.VOICE)
    old, _ = await stage.teach(camera=ColourTrack(RED), voice=ToneTrack())
    await sees(tracks[Slot.CAMERA], RED)
    new, _ = await stage.teach(camera=ColourTrack(BLUE), voice=ToneTrack())
    await sees(tracks[Slot.CAMERA], BLUE)
    await hears(tracks[Slot.VOICE])
    await until(lambda: old.closed)
    assert old.transport.close_reason is CloseReason.REPLACED
    assert not new.closed
    assert not subscription.closed


async def test_the_screen_takes_the_stage_and_gives_it_back(stage: Stage) -> None:
    _, tracks = await stage.watch(Slot.STAGE)
    await stage.teach(camera=ColourTrack(RED))
    await sees(tracks[Slot.STAGE], RED)
    screen, _ = await stage.teach(screen=ColourTrack(BLUE))
    await sees(tracks[Slot.STAGE], BLUE)
    screen.close()
    await sees(tracks[Slot.STAGE], RED)
