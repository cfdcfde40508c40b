"""A picture in three sizes from a real encoder to a real decoder: what a limit does is seen."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from media.events import LayersRest, RoomEvent
from media.membership import Publication, Subscription
from media.rooms import Rooms
from media.types import Slot
from media.worker import Worker
from signaling import whep, whip
from signaling.answers import AnsweredMedia, Connection, write_answer
from signaling.grants import Grant, Right
from signaling.sdp import Offer, parse_offer
from tests.browser.probes import eventually, grows, once_within

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LOW, MID, HIGH = range(3)
WIDTHS = [240, 480, 960]  # libwebrtc sends three sizes from 960 x 540 on

# The names and divisors are those of web/src/protocol/whip.ts.
PUBLISH = """async () => {
  const canvas = document.createElement("canvas");
  canvas.width = 960; canvas.height = 540;
  const context = canvas.getContext("2d");
  let tick = 0;
  let drawn = performance.now();
  window.stall = 0;  // of this page, in ms: nothing can be sent meanwhile
  setInterval(() => {
    const now = performance.now();
    window.stall = Math.max(window.stall, now - drawn);
    drawn = now;
    context.fillStyle = `hsl(${tick++ % 360} 80% 50%)`;
    context.fillRect(0, 0, 960, 540);
    context.fillStyle = "#fff";
    context.fillRect((tick * 7) % 900, (tick * 3) % 500, 40, 40);
  }, 40);
  const pc = window.publisher = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  pc.addTransceiver(canvas.captureStream(25).getVideoTracks()[0], {
    direction: "sendonly",
    sendEncodings: [
      { rid: "low", scaleResolutionDownBy: 4, maxBitrate: 120000 },
      { rid: "mid", scaleResolutionDownBy: 2, maxBitrate: 300000 },
      { rid: "high", scaleResolutionDownBy: 1, maxBitrate: 600000 },
    ],
  });
  await pc.setLocalDescription();
  return pc.localDescription.sdp;
}"""

WATCH = """async (name) => {
  const pc = window[name] = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  const { receiver } = pc.addTransceiver("video", { direction: "recvonly" });
  const video = pc.video = document.createElement("video");
  video.muted = true; video.autoplay = true;
  pc.gap = 0;  // the longest between two pictures, in ms of the sender's clock
  let before = null;
  const look = (_, picture) => {
    const shown = before ? picture.presentedFrames - before.presentedFrames : 0;
    const ticks = before ? (picture.rtpTimestamp - before.rtpTimestamp) >>> 0 : 0;
    if (shown > 0) pc.gap = Math.max(pc.gap, ticks / 90 / shown);
    before = picture;
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  video.srcObject = new MediaStream([receiver.track]);
  document.body.append(video);
  await pc.setLocalDescription();
  return pc.localDescription.sdp;
}"""

# What the page's own code does with the word of the server (web/src/protocol/resting.ts).
REST = """async (rest) => {
  const [sender] = window.publisher.getSenders();
  const parameters = sender.getParameters();
  for (const each of parameters.encodings) each.active = !rest.includes(each.rid);
  await sender.setParameters(parameters);
}"""

ENCODED = """async (rid) => {
  const report = await window.publisher.getStats();
  const each = [...report.values()].find((one) => one.type === "outbound-rtp" && one.rid === rid);
  return each?.framesEncoded ?? 0;
}"""

ANSWER = """async ([name, sdp]) => {
  await window[name].setRemoteDescription({ type: "answer", sdp });
}"""

SEEN = """async (name) => {
  const pc = window[name];
  const report = await pc.getStats();
  const entry = [...report.values()].find((one) => one.type === "inbound-rtp");
  return {
    width: entry?.frameWidth ?? 0, frames: entry?.framesDecoded ?? 0, plis: entry?.pliCount ?? 0,
    codec: report.get(entry?.codecId)?.mimeType ?? "", error: pc.video.error?.message ?? null,
    shown: pc.video.videoWidth, gap: pc.gap,
  };
}"""


class Scene:
    """A room in this process, and one page that sends to it and watches it."""

    def __init__(self, worker: Worker, page: Page, codec: str) -> None:
        self.worker = worker
        self.page = page
        self.codec = codec
        self.room = Rooms(worker).open("lesson", live=True)
        self._told: list[asyncio.Future[Any]] = []

    async def publish(self) -> Publication:
        offer = parse_offer(await self.page.evaluate(PUBLISH))
        grant = Grant("lesson", Right.PUBLISH, "teacher", "Teacher", False, datetime.now(UTC))
        publication, answered = whip.publish(
            self.room, grant, whip.Entrance.CAMERA, offer, [self.codec]
        )
        await self._answer("publisher", offer, answered, publication)
        return publication

    async def watch(self, name: str = "player") -> Subscription:
        offered: str = await self.page.evaluate(WATCH, name)
        # without feedback there is no estimate, and nobody but the test sets a limit
        told = ("transport-wide-cc", "goog-remb")
        lines = [line for line in offered.split("\r\n") if not any(one in line for one in told)]
        offer = parse_offer("\r\n".join(lines))
        subscription, answered = whep.subscribe(
            self.room, name, offer, rehearsal=False, video_codecs=[self.codec]
        )
        await self._answer(name, offer, answered, subscription)
        return subscription

    async def seen(self, name: str = "player") -> dict[str, Any]:
        found: dict[str, Any] = await self.page.evaluate(SEEN, name)
        return found

    async def shows(self, layer: int, name: str = "player") -> None:
        """Wait until pictures of a layer's width are decoded, and go on being."""
        width = WIDTHS[layer]

        async def is_wide() -> bool:
            seen = await self.seen(name)
            return bool(seen["width"] == seen["shown"] == width)

        async def frames() -> float:
            return float((await self.seen(name))["frames"])

        await eventually(f"pictures of {width} pixels are decoded", is_wide)
        await grows("pictures of this width go on", frames, by=10)

    async def forget_gaps(self, names: Iterable[str]) -> None:
        for name in names:
            await self.page.evaluate("(name) => { window[name].gap = 0; }", name)
        await self.page.evaluate("() => { window.stall = 0; }")

    def let_rest(self) -> None:
        """Tell the publishing page what the server would."""

        def hear(event: RoomEvent) -> None:
            if isinstance(event, LayersRest):
                told = asyncio.ensure_future(self.page.evaluate(REST, list(event.rids)))
                self._told.append(told)

        self.room.subscribe_events(hear)

    async def encoded(self, rid: str) -> float:
        return float(await self.page.evaluate(ENCODED, rid))

    async def close(self) -> None:
        await asyncio.gather(*self._told)
        await self.page.close()

    async def _answer(
        self,
        name: str,
        offer: Offer,
        answered: list[AnsweredMedia],
        member: Publication | Subscription,
    ) -> None:
        transport = member.transport
        candidates = tuple(self.worker.candidates())
        connection = Connection(transport.ice, transport.fingerprint, candidates)
        transport.connect(offer.fingerprints)
        await self.page.evaluate(ANSWER, [name, write_answer(offer, answered, connection, 1)])


@pytest_asyncio.fixture(loop_scope="session", params=["VP8", "H264"])
async def scene(request: pytest.FixtureRequest, chromium: Browser) -> AsyncIterator[Scene]:
    async with Worker.open() as worker:
        page = await chromium.new_page()
        scene = Scene(worker, page, request.param)
        yield scene
        await scene.close()


async def test_a_limit_makes_the_picture_small_and_large_again(scene: Scene) -> None:
    publication = await scene.publish()
    subscription = await scene.watch()
    consumer = subscription.consumers[Slot.STAGE]
    await scene.shows(HIGH)
    [camera] = publication.producers.values()

    async def all_are_told() -> bool:
        return [layer.width for layer in camera.layers] == WIDTHS

    await eventually("all layers are told", all_are_told)
    for layer in (LOW, MID, HIGH, LOW, HIGH):
        consumer.set_limit(None if layer == HIGH else camera.layers[layer].pixels)
        await scene.shows(layer)
    consumer.set_limit(0)
    consumer.set_limit(None)
    await scene.shows(HIGH)
    seen = await scene.seen()
    assert seen["error"] is None
    assert seen["codec"] == f"video/{scene.codec}"


GAP = 500.0  # milliseconds without a new picture that nobody should see


async def test_three_students_see_three_sizes_and_change_without_a_freeze(scene: Scene) -> None:
    publication = await scene.publish()
    students = {f"student{n}": await scene.watch(f"student{n}") for n in range(3)}
    [camera] = publication.producers.values()

    async def all_are_told() -> bool:
        return [layer.width for layer in camera.layers] == WIDTHS

    await eventually("all layers are told", all_are_told)

    async def change(turn: int) -> None:
        wanted = {name: (n + turn) % 3 for n, name in enumerate(students)}
        for name, layer in wanted.items():
            limit = None if layer == HIGH else camera.layers[layer].pixels
            students[name].consumers[Slot.STAGE].set_limit(limit)
        for name, layer in wanted.items():
            await scene.shows(layer, name)

    async def longest_gap() -> float:
        """Give every student every size; return the longest gap beyond the page's own stall."""
        await scene.forget_gaps(students)
        for turn in (1, 2, 3):
            await change(turn)
        stall: float = await scene.page.evaluate("() => window.stall")
        return max([float((await scene.seen(name))["gap"]) for name in students]) - stall

    await change(0)  # until here pictures are still about to begin
    await once_within(GAP, "milliseconds without a new picture", longest_gap)
    for name in students:
        assert (await scene.seen(name))["error"] is None


async def test_a_size_that_nobody_wants_rests_and_is_there_when_it_is_wanted(
    scene: Scene,
) -> None:
    publication = await scene.publish()
    scene.let_rest()
    slot = (await scene.watch()).consumers[Slot.STAGE]
    await scene.shows(HIGH)
    [camera] = publication.producers.values()

    async def the_middle_rests() -> bool:
        return camera.resting == {MID}

    await eventually("the middle size may rest", the_middle_rests)
    await grows("the camera goes on", lambda: scene.encoded("high"), by=10)
    before = await scene.encoded("mid")
    await grows("the camera goes on", lambda: scene.encoded("high"), by=25)
    assert await scene.encoded("mid") - before <= 2
    slot.set_limit(camera.layers[MID].pixels)
    await scene.shows(MID)
    slot.set_limit(None)
    await scene.shows(HIGH)
