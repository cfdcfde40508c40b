"""The presenter: a drawn face that speaks and blinks before a board with a running clock."""

import math
from datetime import datetime, timedelta

from PIL import Image, ImageDraw

from media.synthetic.drawing import Colour, Digits, Picture, from_image, plain

WIDTH, HEIGHT = 640, 360  # pixels

WALL: Colour = (206, 222, 218)
BOARD: Colour = (36, 66, 60)
CHALK: Colour = (240, 246, 238)
SKIN: Colour = (226, 178, 142)
HAIR: Colour = (58, 42, 36)
SHIRT: Colour = (38, 92, 140)
MOUTH: Colour = (150, 52, 58)
BALL: Colour = (255, 190, 60)
FLASH: Colour = (255, 255, 255)

FLASH_SECONDS = 0.1  # white at each whole second, so that eye and instrument find the edge
FACE = 144  # pixels, the square the head is drawn in
MOUTHS = 4  # shapes, from shut to wide
BLINK_EVERY = 3.7  # seconds
BLINK_SECONDS = 0.14

_FACE_AT = (432, 76)
_SWAY = 8  # pixels to either side, in even steps: chroma has half the resolution
_SWAY_PERIOD = 5.0  # seconds
_CLOCK_AT = (48, 96)
_BALL_TRACK = (40, 216, 212)  # left, top, travel in pixels
_BALL_PERIOD = 4.0  # seconds there and back


class CameraPicture:
    """The camera's picture at any second.

    `started_at` is the time on the wall when the lesson's clock was 0. With `sync` the picture is
    white for FLASH_SECONDS at every whole second.
    """

    def __init__(self, started_at: datetime, *, sync: bool = False) -> None:
        self._started_at = started_at
        self._sync = sync
        self._room = from_image(_draw_room())
        self._faces = {
            (mouth, shut): from_image(_draw_face(mouth, shut=shut))
            for mouth in range(MOUTHS)
            for shut in (False, True)
        }
        self._digits = Digits.draw(36, CHALK, BOARD)
        self._ball = from_image(_draw_ball())
        self._flash = plain(WIDTH, HEIGHT, FLASH)

    def at(self, seconds: float, loudness: float = 0.0) -> Picture:
        """Return the picture at this second; loudness 0..1 opens the mouth."""
        if self._sync and seconds % 1.0 < FLASH_SECONDS:
            return self._flash
        picture = self._room.copy()
        mouth = min(MOUTHS - 1, int(loudness * MOUTHS))
        face = self._faces[mouth, seconds % BLINK_EVERY < BLINK_SECONDS]
        picture.paste(face, _FACE_AT[0] + _sway(seconds), _FACE_AT[1])
        left, top, travel = _BALL_TRACK
        picture.paste(self._ball, left + _there_and_back(seconds, travel), top)
        self._digits.write(picture, self._clock(seconds), *_CLOCK_AT)
        return picture

    def _clock(self, seconds: float) -> str:
        wall = self._started_at + timedelta(seconds=seconds)
        return f"{wall:%H:%M:%S}.{wall.microsecond // 100_000}"


def _sway(seconds: float) -> int:
    return 2 * round(_SWAY / 2 * math.sin(2 * math.pi * seconds / _SWAY_PERIOD))


def _there_and_back(seconds: float, travel: int) -> int:
    """Return an even position 0..travel that moves at a steady pace."""
    phase = seconds / _BALL_PERIOD % 1.0
    return 2 * round((1 - abs(2 * phase - 1)) * travel / 2)


def _draw_room() -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT), WALL)
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((16, 48, 348, 264), 10, fill=BOARD, outline=(150, 116, 82), width=6)
    centre = _FACE_AT[0] + FACE // 2
    draw.rounded_rectangle((centre - 92, 236, centre + 92, 420), 56, fill=SHIRT)
    draw.rectangle((centre - 22, 206, centre + 22, 250), fill=SKIN)
    draw.rectangle((0, 336, WIDTH, HEIGHT), fill=(150, 116, 82))
    return image


def _draw_face(mouth: int, *, shut: bool) -> Image.Image:
    image = Image.new("RGB", (FACE, FACE), WALL)
    draw = ImageDraw.Draw(image)
    draw.rectangle((50, 120, 93, FACE), fill=SKIN)
    draw.ellipse((10, 2, 134, 120), fill=HAIR)
    draw.ellipse((16, 14, 128, 140), fill=SKIN)
    draw.pieslice((10, 0, 134, 96), 180, 360, fill=HAIR)
    draw.rectangle((24, 46, 120, 60), fill=SKIN)
    for eye in (50, 94):
        _draw_eye(draw, eye, shut=shut)
    draw.line((72, 72, 68, 90, 76, 90), fill=(196, 142, 108), width=3)
    _draw_mouth(draw, mouth)
    return image


def _draw_eye(draw: ImageDraw.ImageDraw, x: int, *, shut: bool) -> None:
    if shut:
        draw.line((x - 9, 70, x + 9, 70), fill=HAIR, width=3)
        return
    draw.ellipse((x - 9, 62, x + 9, 78), fill=(255, 255, 255))
    draw.ellipse((x - 4, 66, x + 4, 74), fill=HAIR)


def _draw_mouth(draw: ImageDraw.ImageDraw, mouth: int) -> None:
    if mouth == 0:
        draw.arc((52, 88, 92, 116), 20, 160, fill=MOUTH, width=4)
        return
    half = 3 + 3 * mouth
    draw.ellipse((54, 108 - half, 90, 108 + half), fill=MOUTH)


def _draw_ball() -> Image.Image:
    """Return the ball on the board's colour with room to erase the step before."""
    image = Image.new("RGB", (28, 28), BOARD)
    ImageDraw.Draw(image).ellipse((2, 2, 25, 25), fill=BALL)
    return image
