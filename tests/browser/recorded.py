"""A small lesson, recorded as real ones are, that a page gets in place of a real one."""

import json
import re
import struct
from dataclasses import dataclass, field
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from playwright.async_api import Page, Route

from recordings.catalogue import Catalogue
from recordings.columns import to_columns

SECOND = 1_000  # ms
GOP_SECONDS = 2
PART_SECONDS = 1
PRE_SKIP = 312  # samples at 48 kHz
CODECS = {"camera": "avc1.42c01e", "screen": "avc1.42c01e", "voice": "opus"}
RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@dataclass
class Recorded:
    """Runs and their index, and which of them a page is told of so far."""

    files: dict[str, bytes] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    chapters: list[dict[str, Any]] = field(default_factory=list)
    captions: dict[str, str] = field(default_factory=dict)  # WebVTT by language; ru is automatic
    ended: bool = True
    asked: list[str] = field(default_factory=list)  # ranges that were fetched
    pictures: dict[str, bytes] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)  # pictures that were fetched

    def add(self, run: str, start: int, seconds: int) -> None:
        """Record one run of a track from a position (s) on."""
        track = run.rpartition("-")[0]
        data = _voice(start, seconds) if track == "voice" else _picture(track, start, seconds)
        self.files[run] = data
        boxes = list(_boxes(data))
        first = next(offset for name, offset, _ in boxes if name == "moof")
        scale = _timescale(data)
        line = {"type": "run", "run": run, "track": track, "codec": CODECS[track]}
        self.lines.append(line | {"init": [0, first], "timescale": scale})
        moofs = [
            (offset, _decode_time(data, offset)) for name, offset, _ in boxes if name == "moof"
        ]
        ends = [time * SECOND // scale for _, time in moofs[1:]] + [(start + seconds) * SECOND]
        offsets = [offset for offset, _ in moofs[1:]] + [_media_end(boxes)]
        for (offset, time), end, after in zip(moofs, ends, offsets, strict=True):
            at = time * SECOND // scale
            self.lines.append({
                "type": "part", "run": run, "at": at, "for": end - at,
                "bytes": [offset, after - offset],
                "key": track == "voice" or (at // SECOND - start) % GOP_SECONDS == 0,
            })  # fmt: skip

    def show(self, number: int, at: int) -> None:
        """Show a picture from a position (ms) on, and keep its thumbnail."""
        self.lines.append({"type": "still", "number": number, "at": at, "widths": [320, 640]})
        for width in (320, 640):
            self.pictures[f"stills/{number}-{width}.webp"] = _page(number, width)
        self.pictures[f"thumbs/{at // 10_000}.webp"] = _page(number, 160)

    def end(self, at: int) -> None:
        """Say that nothing more comes."""
        self.lines.append({"type": "end", "at": at * SECOND})

    def damage(self, track: str, position: int) -> None:
        """Make noise of what the part at a position (ms) holds, as a bad disk does."""
        runs = {line["run"]: line["track"] for line in self.lines if line["type"] == "run"}
        (part,) = [
            line
            for line in self.lines
            if line["type"] == "part"
            and runs[line["run"]] == track
            and line["at"] <= position < line["at"] + line["for"]
        ]
        first, size = part["bytes"]
        data = bytearray(self.files[part["run"]])
        begin = data.index(b"mdat", first, first + size) + 4
        noise = np.random.default_rng(5).integers(0, 256, first + size - begin, np.uint8)
        data[begin : first + size] = noise.tobytes()
        self.files[part["run"]] = bytes(data)

    @property
    def length(self) -> int:
        return max(line["at"] + line["for"] for line in self.lines if line["type"] == "part")

    def write(self, folder: Path) -> None:
        """Put the recording where the server keeps those it has made."""
        folder.mkdir(parents=True)
        for run, data in self.files.items():
            (folder / f"{run}.mp4").write_bytes(data)
        lines = "".join(json.dumps(line) + "\n" for line in self.lines)
        (folder / "index.jsonl").write_text(lines, encoding="utf-8")

    async def give_to(self, page: Page, lesson: str) -> None:
        """Answer a page's requests for the lesson's recording."""
        api = f"**/api/lessons/{lesson}"
        await page.route(f"{api}/recording", self._facts)
        await page.route(re.compile(f"/api/lessons/{lesson}/recording/index"), self._index)
        await page.route(re.compile(f"/api/lessons/{lesson}/events"), self._events)
        await page.route(re.compile(f"/recordings/{lesson}/"), self._file)
        await page.route(re.compile(f"/recordings/{lesson}/(stills|thumbs)/"), self._picture)

    async def _facts(self, route: Route) -> None:
        state = "ready" if self.ended else "recording"
        await route.fulfill(json={
            "state": state, "length": self.length, "bytes": 1, "published": True, "tracks": [],
            "gaps": [], "preparing": [], "chapters": self.chapters, "from": 0, "progress": None,
            "captions": [
                {"language": language, "automatic": language == "ru"} for language in self.captions
            ],
        })  # fmt: skip

    async def _index(self, route: Route) -> None:
        since = int(route.request.url.rpartition("=")[2])
        known = Catalogue()
        known.feed("".join(json.dumps(line) + "\n" for line in self.lines).encode())
        entries = to_columns(known.lines[since:], known.runs)
        await route.fulfill(
            json={"next": len(self.lines), "entries": entries, "more": False, "ended": self.ended}
        )

    async def _events(self, route: Route) -> None:
        since = int(route.request.url.rpartition("=")[2])
        events = [event for event in self.events if event["seq"] > since]
        await route.fulfill(json={"events": events, "seq": len(self.events), "more": False})

    async def _picture(self, route: Route) -> None:
        name = "/".join(route.request.url.split("/")[-2:])
        self.seen.append(name)
        if name in self.pictures:
            await route.fulfill(content_type="image/webp", body=self.pictures[name])
        else:
            await route.fulfill(status=404, json={"code": "not-found"})

    async def _file(self, route: Route) -> None:
        if route.request.url.endswith(".vtt"):
            text = self.captions[route.request.url[-6:-4]]
            await route.fulfill(body=text, content_type="text/vtt; charset=utf-8")
            return
        run = route.request.url.rpartition("/")[2].removesuffix(".mp4")
        found = RANGE.fullmatch(route.request.headers.get("range", ""))
        if run not in self.files or found is None:
            await route.fulfill(status=404, json={"code": "not-found"})
            return
        first, last = int(found[1]), int(found[2])
        self.asked.append(f"{run} {first}-{last}")
        await route.fulfill(
            status=206, content_type="video/mp4", body=self.files[run][first : last + 1]
        )

    def story(self, lesson: str, told: list[tuple[int, str, dict[str, Any]]]) -> None:
        """Note what happened: (position in ms, kind, payload)."""
        for position, kind, payload in told:
            seq = len(self.events) + 1
            self.events.append({
                "lesson": lesson, "seq": seq, "after": seq - 1, "position": position,
                "kind": kind, "payload": payload,
            })  # fmt: skip


def whole_lesson() -> Recorded:
    """Two minutes with a gap of 30 s in the middle; the slides begin late."""
    recorded = Recorded()
    for run, start, seconds in (
        ("camera-0001", 0, 40), ("voice-0001", 0, 40), ("screen-0001", 4, 36),
        ("camera-0002", 70, 50), ("voice-0002", 70, 50), ("screen-0002", 70, 50),
    ):  # fmt: skip
        recorded.add(run, start, seconds)
    for number, at in ((1, 4_000), (2, 25_000), (3, 80_000)):
        recorded.show(number, at)
    recorded.end(120)
    return recorded


def _page(number: int, width: int) -> bytes:
    picture = Image.new("RGB", (1280, 720), "#f7f4ec")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 1280, 40), "#0f6b62")
    draw.text((120, 200), f"{number}: 1 byte = 8 bits", "#222222", ImageFont.load_default(size=90))
    target = BytesIO()
    picture.resize((width, width * 9 // 16)).save(target, "WEBP")
    return target.getvalue()


def _picture(track: str, start: int, seconds: int) -> bytes:
    rate = 25 if track == "camera" else 5
    width, height = (320, 180) if track == "camera" else (640, 360)
    target = BytesIO()
    with av.open(target, "w", format="mp4", options=_FRAGMENTS) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, 90_000)
        gop = rate * GOP_SECONDS
        stream.options = {
            "profile": "baseline", "preset": "ultrafast", "tune": "zerolatency",
            "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0",
        }  # fmt: skip
        for number in range(rate * seconds):
            second = start + number / rate
            frame = av.VideoFrame.from_ndarray(_drawing(width, height, second, track), "rgb24")
            frame.pts = round(second * 90_000)
            frame.time_base = stream.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def _drawing(width: int, height: int, second: float, track: str) -> Any:
    """Draw a bar that walks through the picture once a minute on a ground of the track's own."""
    picture = np.full(
        (height, width, 3), (20, 60, 110) if track == "screen" else (90, 50, 20), np.uint8
    )
    x = int(second % 60 / 60 * width)
    picture[height // 3 : height // 2, x : x + width // 20] = 240
    return picture


def _voice(start: int, seconds: int) -> bytes:
    target = BytesIO()
    with av.open(target, "w", format="mp4", options=_FRAGMENTS) as container:
        stream = container.add_stream("libopus", rate=48_000, layout="mono")
        stream.bit_rate = 24_000
        samples = 960
        for number in range(seconds * 50):
            at = start * 48_000 + number * samples
            wave = np.sin((at + np.arange(samples)) * 2 * np.pi * 220 / 48_000) * 6_000
            frame = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None, :], "s16", "mono")
            frame.sample_rate, frame.time_base = 48_000, Fraction(1, 48_000)
            frame.pts = at + PRE_SKIP  # the encoder puts its packets that much earlier
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


_FRAGMENTS = {
    "movflags": "empty_moov+default_base_moof+frag_discont+delay_moov",
    "frag_duration": str(PART_SECONDS * 1_000_000 - 1_000),
    "use_editlist": "0",
    "avoid_negative_ts": "disabled",
}


def _boxes(data: bytes, start: int = 0, end: int | None = None) -> Any:
    end = len(data) if end is None else end
    while start < end:
        size, name = struct.unpack_from(">I4s", data, start)
        yield name.decode(), start, size
        start += size


def _find(data: bytes, path: str, start: int) -> int:
    """Return where the content of a nested box begins."""
    size = struct.unpack_from(">I", data, start)[0]
    for wanted in path.split("/"):
        inside = _boxes(data, start + 8, start + size)
        start, size = next((offset, length) for name, offset, length in inside if name == wanted)
    return start + 8


def _decode_time(data: bytes, moof: int) -> int:
    content = _find(data, "traf/tfdt", moof)
    return int(struct.unpack_from(">Q" if data[content] == 1 else ">I", data, content + 4)[0])


def _timescale(data: bytes) -> int:
    moov = next(offset for name, offset, _ in _boxes(data) if name == "moov")
    content = _find(data, "trak/mdia/mdhd", moov)
    return int(struct.unpack_from(">I", data, content + (20 if data[content] == 1 else 12))[0])


def _media_end(boxes: list[tuple[str, int, int]]) -> int:
    return max(offset + size for name, offset, size in boxes if name == "mdat")
