"""What a subscriber chose to receive, and what that costs; pure.

Sound always comes. A mode bounds the pictures from above; the path may carry less.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from media.layers import VOICE_BITS
from media.low import LOW_BITS, LOW_PIXELS
from media.types import Slot, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from media.consumer import Consumer
    from media.types import Layer

STILL_BITS = 6_000  # bits a second of stills: one of 40 kB, as phones take it, in 53 s
# Bits a second of pictures of which nothing is measured yet: what browsers and encoders send.
TYPICAL: Mapping[Source, Sequence[int]] = {
    Source.CAMERA: (LOW_BITS, 1_200_000),
    Source.SCREEN: (400_000, 400_000),
}
HEADERS = 68  # bytes around a voice's payload: IPv4, UDP, RTP with extensions, and SRTP's tag
THIN_BELOW = 40_000  # bits a second of a path on which a voice of 48,000 would not come whole
THIN_UNTIL = 64_000  # the same for the way back
SOUND_BELOW = 40_000  # bits a second of a path on which a still would make the voice wait
SLIDES_ABOVE = 56_000  # the same for the way back; a voice takes 48,000


class VoiceLayer(Enum):
    """A way in which the lesson's voice is encoded once more: bits a second, milliseconds."""

    CLEAR = (24_000, 40)
    THIN = (12_000, 60)

    def __init__(self, bit_rate: int, packet_ms: int) -> None:
        self.bit_rate = bit_rate
        self.packet_ms = packet_ms

    @property
    def bits(self) -> int:
        """Return bits a second on the wire."""
        return self.bit_rate + 8 * HEADERS * 1000 // self.packet_ms


class Mode(StrEnum):
    """What a student chose to receive of a lesson."""

    AUTO = "auto"  # as much as the path carries; stills in place of a screen that it does not
    EVERYTHING = "everything"
    LOW = "low"  # small pictures, and stills in place of the screen
    SLIDES = "slides"  # stills and sound
    SOUND = "sound"


# Bytes of a budget that are kept back for twenty minutes of the next lower mode: a lesson that goes
# on small is worth more than one that breaks off large.
LOW_KEPT = 35_000_000  # low video at 180 kbit/s, and the slides after it
SLIDES_KEPT = 8_000_000  # stills and sound at 54 kbit/s
_RANKS = {Mode.SOUND: 0, Mode.SLIDES: 1, Mode.LOW: 2, Mode.AUTO: 3, Mode.EVERYTHING: 3}


def affordable(mode: Mode, left: int | None) -> Mode:
    """Return what a budget with so many bytes left allows of a mode; sound is never refused."""
    if left is None or left > LOW_KEPT:
        return mode
    most = Mode.LOW if left > SLIDES_KEPT else Mode.SLIDES if left > 0 else Mode.SOUND
    return min(mode, most, key=_RANKS.__getitem__)


def cap(mode: Mode, slot: Slot, *, stills: bool) -> int | None:
    """Return the most pixels of a slot: 0 for none, None for the largest.

    `stills` says whether pictures stand in for the screen.
    """
    if slot.kind == "audio" or mode in (Mode.AUTO, Mode.EVERYTHING):
        return None
    if mode is not Mode.LOW or (stills and slot is Slot.SCREEN):
        return 0
    return LOW_PIXELS


def is_whole(mode: Mode, slot: Slot, *, stills: bool) -> bool:
    """Say whether stills are better than a smaller picture of a slot."""
    return mode is Mode.AUTO and stills and slot is Slot.SCREEN


def voice_layer(mode: Mode, estimate: int | None, before: VoiceLayer | None) -> VoiceLayer | None:
    """Return how the voice is sent, None for whole; `before` keeps it from changing to and fro.

    `estimate` is what the path carries, in bits a second.
    """
    if mode is Mode.SOUND:
        return VoiceLayer.THIN
    narrow = THIN_UNTIL if before is VoiceLayer.THIN else THIN_BELOW
    if estimate is not None and estimate < narrow:
        return VoiceLayer.THIN
    return VoiceLayer.CLEAR if mode is Mode.SLIDES else None


def within(layers: Sequence[Layer], most: int | None) -> tuple[Layer, ...]:
    """Return the layers that may be sent; the engine sends the smallest where none fits."""
    fitting = tuple(one for one in layers if most is None or one.pixels <= most)
    return fitting or tuple(layers[:1])


def received(
    slots: Mapping[Slot, Consumer], estimate: int | None, before: Mode = Mode.EVERYTHING
) -> Mode:
    """Name what comes over a path; `before` keeps the word from changing to and fro."""
    shown = [one for one in slots.values() if one.producer is not None and one.producer.layers]
    bounds = [one.bound for one in shown if one.parameters.kind == "video"]
    if any(bounds) or None in bounds:
        return Mode.LOW if any(bound is not None for bound in bounds) else Mode.EVERYTHING
    narrow = SLIDES_ABOVE if before is Mode.SOUND else SOUND_BELOW
    if estimate is not None and estimate < narrow:
        return Mode.SOUND
    return Mode.SLIDES if bounds else Mode.EVERYTHING


def costs(pictures: Mapping[Source, Iterable[Layer]], *, stills: bool) -> dict[Mode, int]:
    """Return bits a second of each mode, given the pictures on air with what is known of them.

    What Automatic costs at most is what Everything costs.
    """
    everything = low = 0
    for source, known in pictures.items():
        layers = tuple(known)
        typical = TYPICAL.get(source, TYPICAL[Source.CAMERA])
        everything += layers[-1].bits if layers else typical[-1]
        if source is Source.SCREEN and stills:
            low += STILL_BITS
        else:
            low += within(layers, LOW_PIXELS)[-1].bits if layers else typical[0]
    return {
        Mode.AUTO: VOICE_BITS + everything,
        Mode.EVERYTHING: VOICE_BITS + everything,
        Mode.LOW: VOICE_BITS + low,
        Mode.SLIDES: VoiceLayer.CLEAR.bits + STILL_BITS,
        Mode.SOUND: VoiceLayer.THIN.bits,
    }
