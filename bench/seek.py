"""Seeking in the replay of a long lesson, in Chromium: the time until the picture is there."""

import asyncio
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from shutil import which

from playwright.async_api import Page, async_playwright

from bench.classes import School, open_school
from bench.errors import BenchError
from bench.pictures import FRAMES_PER_SECOND, H264_TYPE, Loop, make_loop, rtp
from media.depacketizer import Format, Frame, H264Frames
from media.packets import Packet, parse
from recordings.container import (
    VIDEO_RATE,
    VOICE_RATE,
    Sample,
    boxes,
    video_init,
    video_part,
    voice_init,
    voice_part,
)
from recordings.segments import Folder

PART_FRAMES = 24  # 800 ms, as the recorder cuts them
PART_PACKETS = 40
RUN_MS = 600_000
START_MS = 10_000  # students have nothing from before the lesson was live
STEP_MS = 5_000  # of the seek bar's handle
NEAR_MS = 100  # between a picture and where one sought: three frames
WAIT_MS = 60_000  # until a browser on a busy machine is given up

_PLAYS = "document.querySelector('video[src]')?.readyState >= 3"
_SEEK = """([at, near]) => new Promise((resolve) => {
  const video = document.querySelector("video[src]");
  const input = document.querySelector("[data-testid=seek-input]");
  const began = performance.now();
  const look = (_, frame) => {
    if (Math.abs(1000 * frame.mediaTime - at) <= near) resolve(performance.now() - began);
    else video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  input.value = String(at);
  input.dispatchEvent(new Event("input", { bubbles: true }));
})"""


async def seek_times(minutes: int, count: int) -> list[float]:
    """Return how many ms each of so many seeks in a lesson took until its first picture."""
    program = which("chromium")
    if program is None:
        raise BenchError("seeking is measured in Chromium, which is not installed")
    with tempfile.TemporaryDirectory() as directory, open_school(Path(directory), 1) as school:
        (lesson,) = school.lessons
        for state in ("practice", "live", "ended"):
            await asyncio.to_thread(school.set_state, lesson, state)
        await asyncio.to_thread(_write, Path(directory) / "recordings" / lesson, minutes * 60_000)
        async with async_playwright() as playwright:
            chromium = await playwright.chromium.launch(
                executable_path=program, args=["--no-sandbox", "--disable-gpu"]
            )
            try:
                page = await _open(await chromium.new_page(), school, lesson)
                return await _seek(page, minutes * 60_000, count)
            finally:
                await chromium.close()


async def _open(page: Page, school: School, lesson: str) -> Page:
    name, _, value = school.student.partition("=")
    await page.context.add_cookies([{"name": name, "value": value, "url": school.base}])
    await page.goto(f"{school.base}/lessons/{lesson}/replay")
    await page.get_by_test_id("begin").click()
    async with asyncio.timeout(WAIT_MS / 1000):
        while not await page.evaluate(_PLAYS):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.1)
    await page.keyboard.press("k")  # it stands still from here on
    return page


async def _seek(page: Page, length: int, count: int) -> list[float]:
    chance = random.Random(4)
    steps = (length - STEP_MS) // STEP_MS
    found = []
    for place in chance.sample(range(START_MS // STEP_MS + 1, steps), count):
        async with asyncio.timeout(WAIT_MS / 1000):
            found.append(float(await page.evaluate(_SEEK, [place * STEP_MS, NEAR_MS])))
    return found


def _write(folder: Path, length: int) -> None:
    """Put a long lesson in the place of a recording, whose inodes must not be used again."""
    folder.rename(folder.with_suffix(".old"))
    loop = make_loop()
    kept = Folder(folder, "never")
    shape, frames = _frames(loop)
    facts = {"codec": shape.codec, "width": shape.width, "height": shape.height}
    step = VIDEO_RATE // FRAMES_PER_SECOND
    pictures = [Sample(n * step, step, one.data, one.key) for n, one in enumerate(frames)]
    _fill(
        kept, "camera", length, VIDEO_RATE,
        video_init(shape, frames[0].data), facts | {"timescale": VIDEO_RATE},
        pictures, PART_FRAMES, lambda some: video_part(shape, some, 1),
    )  # fmt: skip
    tick = VOICE_RATE // 50
    packets = [Sample(n * tick, tick, one, True) for n, one in enumerate(loop.voice * 2)]
    _fill(
        kept, "voice", length, VOICE_RATE,
        voice_init(), {"codec": "opus", "timescale": VOICE_RATE},
        packets, PART_PACKETS, lambda some: voice_part(some, 1),
    )  # fmt: skip
    kept.end(length)
    kept.close()


def _frames(loop: Loop) -> tuple[Format, list[Frame]]:
    """Return the loop's pictures as the recorder puts them together."""
    sorter, found = H264Frames(), []
    numbers = iter(range(1_000_000))
    for number, payloads in enumerate(loop.pictures):
        for index, payload in enumerate(payloads):
            last = index == len(payloads) - 1
            packet = parse(rtp(1, H264_TYPE, next(numbers), number * 3000, payload, last=last))
            assert isinstance(packet, Packet)
            if (frame := sorter.push(packet)) is not None:
                found.append(frame)
    return found[0].format, found


def _fill(
    kept: Folder, track: str, length: int, rate: int, init: bytes, facts: dict[str, object],
    samples: list[Sample], size: int, make: Callable[[list[Sample]], bytes],
) -> None:  # fmt: skip
    """Repeat samples for so many ms, in parts of `size` and runs of ten minutes."""
    groups = [samples[begin : begin + size] for begin in range(0, len(samples), size)]
    made = [(some, *_timed(make(some))) for some in groups]
    whole = samples[-1].at + samples[-1].length
    run = None
    for begin in range(START_MS * rate // 1000, length * rate // 1000, whole):
        if run is None or begin * 1000 // rate % RUN_MS == 0:
            if run is not None:
                kept.end_run(run)
            run = kept.begin_run(track, init, facts)
        for some, data, place in made:
            at = begin + some[0].at
            end = begin + some[-1].at + some[-1].length
            data[place : place + 8] = at.to_bytes(8)
            ms = round(at * 1000 / rate)
            span = round(end * 1000 / rate) - ms
            kept.add_part(run, ms, span, bytes(data), key=some[0].key)
    if run is not None:
        kept.end_run(run)


def _timed(part: bytes) -> tuple[bytearray, int]:
    """Return a part that can be written to, and where in it the time of its tfdt stands."""
    _, begin, size = next(boxes(part))
    for kind, at, long in boxes(part, begin + 8, begin + size):
        for inner, place, _ in boxes(part, at + 8, at + long) if kind == b"traf" else ():
            if inner == b"tfdt" and part[place + 8] == 1:  # 64 bits (ISO/IEC 14496-12, 8.8.12)
                return bytearray(part), place + 12
    raise BenchError("a part has no time")
