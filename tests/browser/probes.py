"""What a browser really shows: statistics of its connections, pixels, sound."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page

PATIENCE = 120.0  # seconds; a bound for two cores that others use as well, not a target

INBOUND = """async () => {
  const pc = window.__darsgoh?.player;
  const call = typeof pc === "function" ? pc() : pc;
  if (!call) return [];
  const report = await call.getStats();
  return [...report.values()].filter((entry) => entry.type === "inbound-rtp").map((entry) => ({
    mid: entry.mid, kind: entry.kind,
    frames: entry.framesDecoded ?? 0, width: entry.frameWidth ?? 0,
    packets: entry.packetsReceived, lost: entry.packetsLost,
    bytes: entry.bytesReceived + entry.headerBytesReceived, energy: entry.totalAudioEnergy ?? 0,
    samples: entry.totalSamplesReceived ?? 0, playout: entry.estimatedPlayoutTimestamp ?? null,
  }));
}"""

PAIR_PROTOCOL = """async () => {
  const pc = window.__darsgoh?.player;
  const report = await (typeof pc === "function" ? pc() : pc).getStats();
  const entries = [...report.values()];
  const transport = entries.find((entry) => entry.type === "transport");
  const pair = report.get(transport?.selectedCandidatePairId);
  return report.get(pair?.remoteCandidateId)?.protocol ?? null;
}"""

MARK_CONNECTION = """() => {
  const pc = window.__darsgoh.player;
  const call = typeof pc === "function" ? pc() : pc;
  window.__marked = call;
}"""

SAME_CONNECTION = """() => {
  const pc = window.__darsgoh.player;
  return window.__marked === (typeof pc === "function" ? pc() : pc);
}"""

COLOURS = """(selector) => {
  const video = document.querySelector(selector);
  if (!video || !video.videoWidth) return null;
  const canvas = document.createElement("canvas");
  canvas.width = 8; canvas.height = 8;
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 8, 8);
  return Array.from(context.getImageData(0, 0, 8, 8).data);
}"""


@dataclass(frozen=True)
class Inbound:
    """One slot of a player, as getStats tells it."""

    mid: str
    kind: str
    frames: int
    width: int
    packets: int
    lost: int
    bytes: int
    energy: float
    samples: int
    playout: float | None


async def inbound(page: Page) -> dict[str, Inbound]:
    """Return the slots that have received anything, by mid."""
    rows: list[dict[str, Any]] = await page.evaluate(INBOUND)
    return {row["mid"]: Inbound(**row) for row in rows}


SLOT_MIDS = {"screen": "0", "camera": "1", "guest": "2", "voice": "3", "guest-voice": "4"}


async def slot(page: Page, name: str) -> Inbound | None:
    return (await inbound(page)).get(SLOT_MIDS[name])


async def frames(page: Page, name: str) -> int:
    found = await slot(page, name)
    return found.frames if found else 0


async def energy(page: Page) -> float:
    found = await slot(page, "voice")
    return found.energy if found else 0.0


async def pixels(page: Page, selector: str) -> list[int] | None:
    """Return an 8 x 8 RGBA thumbnail of a video element, or None while it has no picture."""
    found: list[int] | None = await page.evaluate(COLOURS, selector)
    return found


def distance(one: list[int], other: list[int]) -> float:
    """Return the mean absolute difference of two thumbnails, 0..255."""
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one)


async def eventually(
    what: str, check: Callable[[], Awaitable[object]], patience: float = PATIENCE
) -> float:
    """Wait until the check is truthy and return the seconds it took."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    while not await check():
        assert loop.time() - start < patience, f"{what}: not within {patience:.0f} s"
        await asyncio.sleep(0.2)
    return loop.time() - start


async def once_within(
    limit: float, what: str, measure: Callable[[], Awaitable[float]], tries: int = 3
) -> None:
    """Measure until the figure is within the limit.

    Others use the machine, and any one try may meet a stall that is not ours; a fault of ours is
    there in each of them.
    """
    seen: list[float] = []
    while not seen or seen[-1] > limit:
        assert len(seen) < tries, f"{what}: {seen}, never within {limit}"
        seen.append(await measure())


async def grows(what: str, value: Callable[[], Awaitable[float]], by: float = 0) -> float:
    """Wait until a counter has grown from where it is now."""
    first = await value()

    async def more() -> bool:
        return await value() > first + by

    return await eventually(what, more)


async def watches(page: Page) -> None:
    """Wait until camera and voice really play."""
    await grows("the camera's frames are decoded", lambda: frames(page, "camera"), by=10)
    await grows("the voice is heard", lambda: energy(page))


async def pair_protocol(page: Page) -> str | None:
    """Return what the player's connection goes over: udp or tcp."""
    protocol: str | None = await page.evaluate(PAIR_PROTOCOL)
    return protocol


async def mark_connection(page: Page) -> None:
    await page.evaluate(MARK_CONNECTION)


async def same_connection(page: Page) -> bool:
    same: bool = await page.evaluate(SAME_CONNECTION)
    return same
