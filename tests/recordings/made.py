"""A small recording as the recorder would leave it: real H.264 and Opus in fragmented MP4."""

import functools
import io
import json
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from media.depacketizer import Format
from recordings.container import Sample, video_init, video_part

WIDTH, HEIGHT, RATE = 160, 90, 10
SAMPLES = 48_000
VP8_RATE = 25


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[str, int, int]]:
    """Yield kind, offset and end of the boxes in a stretch of an MP4."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size = int.from_bytes(data[start : start + 4], "big")
        yield data[start + 4 : start + 8].decode(), start, start + size
        start += size


def times(moof: bytes) -> tuple[int, int]:
    """Return where in a moof the tfdt's time stands, and the time."""
    for kind, first, end in boxes(moof, 8):
        if kind != "traf":
            continue
        for inner, at, _ in boxes(moof, first + 8, end):
            if inner == "tfdt":
                assert moof[at + 8] == 1  # version 1: 64 bits
                return at + 12, int.from_bytes(moof[at + 12 : at + 20], "big")
    raise AssertionError("a moof without tfdt")


@functools.cache
def video(seconds: int) -> bytes:
    """Return fragments of one second, each beginning with a keyframe."""
    file = io.BytesIO()
    options = {"movflags": "empty_moov+default_base_moof+frag_keyframe"}
    with av.open(file, "w", format="mp4", options=options) as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        settings = {"profile": "baseline", "g": str(RATE), "sc_threshold": "0", "bf": "0"}
        stream.options = {**settings, "preset": "ultrafast"}
        for number in range(seconds * RATE):
            picture = np.full((HEIGHT, WIDTH, 3), number * 255 // (seconds * RATE), np.uint8)
            picture[:, : WIDTH * (number % RATE) // RATE] = 255
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


@functools.cache
def voice(seconds: int) -> bytes:
    """Return fragments of one second with a tone."""
    file = io.BytesIO()
    options = {"movflags": "empty_moov+default_base_moof", "frag_duration": "1000000"}
    with av.open(file, "w", format="mp4", options=options) as container:
        stream = container.add_stream("libopus", rate=SAMPLES)
        stream.layout, stream.bit_rate = "mono", 24_000
        for number in range(seconds * 50):
            turn = 2 * np.pi * 440 * (np.arange(960) + number * 960) / SAMPLES
            tone = (np.sin(turn) * 8000).astype(np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = (
                SAMPLES,
                number * 960,
                Fraction(1, SAMPLES),
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


@functools.cache
def vp8(seconds: int, width: int, height: int) -> list[tuple[bytes, bool]]:
    """Return pictures in VP8, a keyframe every five seconds."""
    encoder: Any = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.bit_rate = Fraction(1, VP8_RATE), 200_000
    encoder.options = {"g": str(5 * VP8_RATE), "deadline": "realtime", "cpu-used": "8"}
    found = []
    for number in range(seconds * VP8_RATE):
        bright = 230 if number % VP8_RATE < VP8_RATE // 5 else 20
        picture = np.full((height, width, 3), bright, np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts = number
        found += [(bytes(one), one.is_keyframe) for one in encoder.encode(frame)]
    found += [(bytes(one), one.is_keyframe) for one in encoder.encode(None)]
    assert len(found) == seconds * VP8_RATE
    return found


def timescale(moov: bytes) -> int:
    """Return the media timescale of the only track."""
    place = moov.index(b"mdhd")
    offset = place + (24 if moov[place + 4] == 1 else 16)
    return int(struct.unpack(">I", moov[offset : offset + 4])[0])


class MadeRecording:
    """Writes a recording into a folder, part by part."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = 0
        folder.mkdir(parents=True, exist_ok=True)

    def line(self, **entry: Any) -> None:
        """Append a line to the index."""
        with (self.folder / "index.jsonl").open("a") as file:
            file.write(json.dumps(entry, separators=(",", ":")) + "\n")

    def run(self, track: str, at: int, seconds: int) -> str:
        """Write a run that begins at a position in ms, and return its name."""
        self.numbers += 1
        name = f"{track}-{self.numbers:04d}"
        sound = track == "voice"
        data = voice(seconds) if sound else video(seconds)
        found = list(boxes(data))
        init = next(first for kind, first, _ in found if kind == "moof")
        scale = timescale(data[:init])
        size = {} if sound else {"width": WIDTH, "height": HEIGHT}
        codec = "opus" if sound else "avc1.42c00a"
        entry = {"run": name, "track": track, "codec": codec, **size}
        path = self.folder / f"{name}.mp4"
        path.write_bytes(data[:init])
        self.line(type="run", **entry, init=[0, init], timescale=scale)
        moofs = [(first, end) for kind, first, end in found if kind == "moof"]
        ends = [*(first for first, _ in moofs[1:]), found[-1][2] if found[-1][0] != "mfra" else 0]
        ends[-1] = ends[-1] or found[-1][1]
        for (first, moof_end), end in zip(moofs, ends, strict=True):
            part = bytearray(data[first:end])
            place, began = times(bytes(part[: moof_end - first]))
            start = at + began * 1000 // scale
            if start >= at + seconds * 1000:
                break  # the encoder's last few milliseconds
            part[place : place + 8] = (began + at * scale // 1000).to_bytes(8, "big")
            offset = path.stat().st_size
            with path.open("ab") as file:
                file.write(part)
            span = [offset, len(part)]
            self.line(type="part", run=name, at=start, **{"for": 1000}, bytes=span, key=True)
        return name

    def vp8(self, at: int, seconds: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> str:
        """Write a run of the camera in VP8: bright for the first 200 ms of each second."""
        self.numbers += 1
        name = f"camera-{self.numbers:04d}"
        shape = Format("vp08.00.10.08", *size)
        pictures = vp8(seconds, *size)
        init = video_init(shape, pictures[0][0])
        facts = {"run": name, "track": "camera", "codec": shape.codec}
        self.line(type="run", **facts, init=[0, len(init)], timescale=90_000,
                  width=size[0], height=size[1])  # fmt: skip
        data = init
        for second in range(seconds):
            first = second * VP8_RATE
            samples = [
                Sample(at * 90 + (first + number) * 90_000 // VP8_RATE, 90_000 // VP8_RATE, *one)
                for number, one in enumerate(pictures[first : first + VP8_RATE])
            ]
            part = video_part(shape, samples, second + 1)
            self.line(type="part", run=name, at=at + second * 1000, **{"for": 1000},
                      bytes=[len(data), len(part)], key=samples[0].key)  # fmt: skip
            data += part
        (self.folder / f"{name}.mp4").write_bytes(data)
        return name

    def end(self, at: int) -> None:
        """Say that the recording is over."""
        self.line(type="end", at=at)
