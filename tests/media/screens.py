"""Screens with slides, and the keyframes an encoder makes of them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = (1280, 720)
LINES = ("Photosynthesis", "light + water + CO2", "becomes sugar and oxygen", "in every green leaf")


def slide(*lines: str, size: tuple[int, int] = SIZE, cursor: tuple[int, int] | None = None) -> Any:
    """Return a slide with lines of text, and a mouse's cursor on it."""
    picture = Image.new("RGB", size, "#f7f4ec")
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        draw.text((80, 80 + 90 * number), line, "#222222", ImageFont.load_default(size=28))
    if cursor is not None:
        x, y = cursor
        draw.polygon([(x, y), (x, y + 24), (x + 16, y + 17)], "black", "white")
    return picture


def noisy(picture: Any, seed: int, sigma: float = 4.0) -> Any:
    """Return a picture as a bad grabber sees it."""
    values = np.asarray(picture, dtype=np.float64)
    noise = np.random.default_rng(seed).normal(0, sigma, values.shape)
    return Image.fromarray(np.clip(values + noise, 0, 255).astype(np.uint8))


def keyframe(picture: Any, codec: str = "libx264", crf: int = 26) -> bytes:
    """Return a picture as the first frame of a stream, H.264 with start codes."""
    encoder: Any = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height = picture.size
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 30)
    encoder.bit_rate = 4_000_000
    encoder.options = (
        {"preset": "ultrafast", "tune": "zerolatency", "crf": str(crf)}
        if codec == "libx264"
        else {"deadline": "realtime", "cpu-used": "8"}
    )
    frame = av.VideoFrame.from_image(picture)
    frame.pts = 0
    return bytes([*encoder.encode(frame), *encoder.encode(None)][0])


def as_in_mp4(data: bytes) -> bytes:
    """Return H.264 units with their lengths instead of start codes."""
    units = [unit for unit in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit]
    return b"".join(len(unit).to_bytes(4) + unit for unit in units)
