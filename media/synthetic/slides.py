"""A tiny real lesson, "What is a byte?", as slides that change every quarter of a minute."""

from dataclasses import dataclass

from PIL import Image, ImageDraw

from media.synthetic.drawing import (
    Colour,
    Digits,
    Font,
    Picture,
    can_write_tajik,
    font,
    from_image,
    plain,
)

WIDTH, HEIGHT = 1280, 720  # pixels
SECONDS_PER_SLIDE = 15  # long enough to read three lines, short enough to see a change

PAPER: Colour = (250, 250, 246)
INK: Colour = (28, 36, 52)
QUIET: Colour = (92, 102, 122)
ACCENT: Colour = (14, 116, 112)
LIT: Colour = (255, 204, 92)
FOOTER: Colour = (232, 236, 234)

_MARGIN = 80
_BOX = 104  # pixels, one bit
_FOOTER_TOP = 656
_CLOCK_AT = (992, 664)
_BAR_AT = (0, 648)
_BAR_STEP = 80  # pixels the progress bar grows by, so that most frames equal the one before


@dataclass(frozen=True, slots=True)
class Slide:
    """One page: the same sentence in three languages and, if any, a row of bits."""

    tajik: str
    russian: str
    english: str
    bits: str = ""


LESSON = (
    Slide("Байт чист?", "Что такое байт?", "What is a byte?", "01100010"),
    Slide(
        "Бит: 0 ё 1, хомӯш ё фурӯзон",
        "Бит: 0 или 1, выключено или включено",
        "A bit: 0 or 1, off or on",
        "01",
    ),
    Slide(
        "Ҳашт бит якҷоя: як байт",
        "Восемь бит вместе: один байт",
        "Eight bits together: one byte",
        "10110010",
    ),
    Slide(
        "Як байт 256 қимат дорад: аз 0 то 255",
        "У байта 256 значений: от 0 до 255",
        "A byte has 256 values: 0 to 255",
        "11111111",
    ),
    Slide(
        "Ҳарфи A дар хотира: 64 + 1 = 65",
        "Буква A в памяти: 64 + 1 = 65",
        "The letter A in memory: 64 + 1 = 65",
        "01000001",
    ),
    Slide(
        "Савол: ин кадом адад аст?",
        "Вопрос: какое это число?",
        "Question: which number is this?",
        "00101010",
    ),
    Slide(
        "Ҷавоб: 32 + 8 + 2 = 42",
        "Ответ: 32 + 8 + 2 = 42",
        "Answer: 32 + 8 + 2 = 42",
        "00101010",
    ),
)


class SlidesPicture:
    """The screen of the lesson at any second."""

    def __init__(self) -> None:
        self._pages = [
            from_image(_draw(slide, number)) for number, slide in enumerate(LESSON, start=1)
        ]
        self._digits = Digits.draw(36, QUIET, FOOTER)
        self._step = plain(_BAR_STEP, 8, ACCENT)

    def at(self, seconds: float) -> Picture:
        """Return the slide shown this many seconds after the lesson began."""
        whole = int(seconds)
        number = (whole // SECONDS_PER_SLIDE) % len(self._pages)
        picture = self._pages[number].copy()
        for step in range(whole % SECONDS_PER_SLIDE + 1):
            picture.paste(self._step, _BAR_AT[0] + step * _BAR_STEP, _BAR_AT[1])
        self._digits.write(picture, elapsed(whole), *_CLOCK_AT)
        return picture


def elapsed(seconds: int) -> str:
    """Return hours, minutes and seconds; after 99 hours it begins again."""
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour % 100:02}:{minute:02}:{second:02}"


def _draw(slide: Slide, number: int) -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 24, _FOOTER_TOP), fill=ACCENT)
    _draw_lines(draw, slide)
    _draw_bits(draw, slide.bits)
    draw.rectangle((0, _FOOTER_TOP, WIDTH, HEIGHT), fill=FOOTER)
    page = f"{number} / {len(LESSON)}"
    draw.text((_MARGIN, 688), page, fill=QUIET, font=font(32, bold=True), anchor="lm")
    return image


def _draw_lines(draw: ImageDraw.ImageDraw, slide: Slide) -> None:
    """Write the three languages, or only English where no font has the letters."""
    if not can_write_tajik():
        draw.text((_MARGIN, 130), slide.english, fill=INK, font=_fitting(slide.english, 60))
        return
    draw.text((_MARGIN, 80), slide.tajik, fill=INK, font=_fitting(slide.tajik, 72))
    draw.text((_MARGIN, 190), slide.russian, fill=QUIET, font=_fitting(slide.russian, 44))
    draw.text((_MARGIN, 260), slide.english, fill=QUIET, font=_fitting(slide.english, 44))


def _fitting(text: str, size: int) -> Font:
    """Return the largest font not over `size` pixels in which the text fits its line."""
    room = WIDTH - 2 * _MARGIN
    while font(size, bold=True).getlength(text) > room:
        size -= 2
    return font(size, bold=True)


def _draw_bits(draw: ImageDraw.ImageDraw, bits: str) -> None:
    """Draw each bit as a lamp with its weight below."""
    for index, bit in enumerate(bits):
        left, top = _MARGIN + index * (_BOX + 16), 380
        lamp = (left, top, left + _BOX, top + _BOX)
        draw.rounded_rectangle(lamp, 16, fill=LIT if bit == "1" else FOOTER, outline=QUIET, width=3)
        centre = left + _BOX / 2
        draw.text((centre, top + _BOX / 2), bit, fill=INK, font=font(60, bold=True), anchor="mm")
        if len(bits) < 8:
            continue  # single bits have no weights yet at that point of the lesson
        weight = str(1 << (len(bits) - 1 - index))
        draw.text((centre, top + _BOX + 36), weight, fill=QUIET, font=font(32), anchor="mm")
