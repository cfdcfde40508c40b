"""Pictures as I420 planes, and the little that is drawn on them while a lesson runs.

Everything slow (fonts, colour conversion) happens once, at start. A frame is then a base picture
with a few sprites pasted in, which costs a fraction of a millisecond.
"""

from dataclasses import dataclass
from functools import cache

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Plane = NDArray[np.uint8]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Colour = tuple[int, int, int]

# Fonts with the Tajik letters that systems commonly have; Pillow finds them by file name.
FONTS = (
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
    ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ("FreeSans.ttf", "FreeSansBold.ttf"),
    ("Arial.ttf", "Arial Bold.ttf"),
)
TAJIK_LETTERS = "ғӣқӯҳҷ"
_NO_SUCH_LETTER = "\uffff"  # a code point no font has: it draws the font's empty box


class Picture:
    """One I420 picture of even width, and a height that four divides."""

    def __init__(self, packed: Plane) -> None:
        """Take the planes as PyAV packs them: height * 3/2 lines of the luma's width."""
        height, width = packed.shape[0] * 2 // 3, packed.shape[1]
        chroma = packed[height:].reshape(2, height // 2, width // 2)
        self._packed = packed
        self.y, self.u, self.v = packed[:height], chroma[0], chroma[1]
        self.width, self.height = width, height

    def copy(self) -> "Picture":
        """Return a picture that may be pasted on without touching this one."""
        return Picture(self._packed.copy())

    def paste(self, sprite: "Picture", x: int, y: int) -> None:
        """Put a sprite at an even position; it must lie wholly inside."""
        self.y[y : y + sprite.height, x : x + sprite.width] = sprite.y
        lines, columns = sprite.u.shape
        for target, source in ((self.u, sprite.u), (self.v, sprite.v)):
            target[y // 2 : y // 2 + lines, x // 2 : x // 2 + columns] = source

    def to_frame(self) -> av.VideoFrame:
        """Return a PyAV frame with a copy of the planes."""
        return av.VideoFrame.from_ndarray(self._packed, format="yuv420p")


def from_image(image: Image.Image) -> Picture:
    """Convert an RGB image to I420 (BT.601, limited range)."""
    pixels = np.asarray(image.convert("RGB"))
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    return Picture(frame.reformat(format="yuv420p").to_ndarray().astype(np.uint8, copy=False))


def plain(width: int, height: int, colour: Colour) -> Picture:
    """Return a picture of one colour."""
    return from_image(Image.new("RGB", (width, height), colour))


@cache
def _family() -> tuple[str, str] | None:
    """Return the first regular and bold font that can write Tajik, if this machine has one."""
    for regular, bold in FONTS:
        if _writes_tajik(regular) and _writes_tajik(bold):
            return regular, bold
    return None


def _writes_tajik(name: str) -> bool:
    try:
        font = ImageFont.truetype(name, 20)
    except OSError:
        return False
    empty = bytes(font.getmask(_NO_SUCH_LETTER))
    return all(bytes(font.getmask(letter)) != empty for letter in TAJIK_LETTERS)


def can_write_tajik() -> bool:
    """Tell whether a font with the Tajik letters was found; else only English is drawn."""
    return _family() is not None


@cache
def font(size: int, *, bold: bool = False) -> Font:
    """Return a font of a size in pixels; Pillow's own (Latin only) where the system has none."""
    family = _family()
    if family is None:
        return ImageFont.load_default(size)
    return ImageFont.truetype(family[1] if bold else family[0], size)


@dataclass(frozen=True, slots=True)
class Digits:
    """Sprites of 0-9, colon and point, all of one size, for clocks."""

    sprites: dict[str, Picture]
    width: int

    @classmethod
    def draw(cls, size: int, ink: Colour, paper: Colour) -> "Digits":
        """Draw the sprites once for a font size in pixels."""
        letters = "0123456789:."
        face = font(size, bold=True)
        width = _even(max(int(face.getlength(letter)) for letter in letters) + 2)
        height = int(size * 1.3) // 4 * 4
        sprites = {}
        for letter in letters:
            image = Image.new("RGB", (width, height), paper)
            centre = (width / 2, height / 2)
            ImageDraw.Draw(image).text(centre, letter, fill=ink, font=face, anchor="mm")
            sprites[letter] = from_image(image)
        return cls(sprites, width)

    def write(self, picture: Picture, text: str, x: int, y: int) -> None:
        """Paste a clock's text at an even position."""
        for index, letter in enumerate(text):
            picture.paste(self.sprites[letter], x + index * self.width, y)


def _even(number: int) -> int:
    """Return the number, or the next one that is even: chroma has half the resolution."""
    return number + number % 2
