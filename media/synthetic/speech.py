"""A voice that speaks no language: harmonics under moving formants, in syllables with pauses.

The speech is made once as a loop that begins and ends in silence, so that it has no seam, and is
then only sliced. The same seed gives the same speech on every machine.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000  # Hz, the clock rate of Opus in RTP (RFC 7587)
LOOP_SECONDS = 24  # until the speech repeats
LEVEL_DBFS = -20.0  # root mean square while speaking, as a well-set microphone gives
BEEP_SECONDS = 0.06
BEEP_HZ = 1_000.0
EDGE_SECONDS = 0.004  # rise and fall of a beep: shorter clicks
LOUDNESS_RATE = 50  # values of the envelope a second, for the mouth of the picture

_SEED = 2026
_HIGHEST_HZ = 5_500.0  # harmonics above carry nothing a listener would miss
_FORMANT_WIDTHS = (80.0, 100.0, 140.0, 200.0)  # Hz, Klatt's order of size
# First four formants in Hz of a, e, i, o, u as a grown speaker has them.
_VOWELS = (
    (730.0, 1090.0, 2440.0, 3400.0),
    (530.0, 1840.0, 2480.0, 3500.0),
    (270.0, 2290.0, 3010.0, 3700.0),
    (570.0, 840.0, 2410.0, 3300.0),
    (300.0, 870.0, 2240.0, 3200.0),
)

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Syllable:
    """One syllable: when it begins (seconds), how long it is, its pitch (Hz), vowel and hiss."""

    start: float
    length: float
    pitch: float
    vowel: int
    hiss: float


class Voice:
    """Speech, or with `sync` one beep at each whole second, as samples of any moment."""

    def __init__(self, *, sync: bool = False) -> None:
        speech = _beeps() if sync else _speech(np.random.default_rng(_SEED))
        self._loop = np.round(speech * 32767).astype(np.int16)
        self._loudness = _envelope(speech)

    def samples(self, first: int, count: int) -> NDArray[np.int16]:
        """Return mono samples, counted at 48 kHz from the lesson's beginning."""
        return np.take(self._loop, range(first, first + count), mode="wrap")

    def loudness(self, seconds: float) -> float:
        """Return how open a mouth would be at this second, 0..1."""
        index = int(seconds * LOUDNESS_RATE) % len(self._loudness)
        return float(self._loudness[index])


def _beeps() -> Samples:
    """Return one second: a beep with soft edges, then silence."""
    time = np.arange(int(BEEP_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    edge = np.minimum(time, BEEP_SECONDS - time) / EDGE_SECONDS
    beep = 0.3 * np.sin(2 * np.pi * BEEP_HZ * time) * np.clip(edge, 0.0, 1.0)
    return np.concatenate([beep, np.zeros(SAMPLE_RATE - len(beep))])


def _speech(random: np.random.Generator) -> Samples:
    """Return the loop at its level."""
    out = np.zeros(LOOP_SECONDS * SAMPLE_RATE)
    for syllable in _plan(random):
        sound = _say(syllable, random)
        start = int(syllable.start * SAMPLE_RATE)
        out[start : start + len(sound)] += sound
    spoken = out[np.abs(out) > 1e-4]
    level: float = np.sqrt(np.mean(spoken**2))
    return out / level * 10 ** (LEVEL_DBFS / 20)


def _plan(random: np.random.Generator) -> list[Syllable]:
    """Return phrases of syllables whose pitch falls toward the end, with pauses to breathe."""
    plan = []
    now = 0.3
    while now < LOOP_SECONDS - 3.5:
        count = int(random.integers(5, 12))
        for index in range(count):
            length = float(random.uniform(0.13, 0.24))
            pitch = 138.0 - 34.0 * index / count + float(random.normal(0, 5))
            hiss = float(random.choice((0.0, 0.0, 0.12, 0.25)))
            plan.append(Syllable(now, length, pitch, int(random.integers(len(_VOWELS))), hiss))
            now += length * float(random.uniform(0.92, 1.1))
        now += float(random.uniform(0.4, 0.9))
    return plan


def _say(syllable: Syllable, random: np.random.Generator) -> Samples:
    """Return one syllable: a breath of noise, then the voiced vowel."""
    count = int(syllable.length * SAMPLE_RATE)
    time = np.arange(count) / SAMPLE_RATE
    bend = 1 + 0.04 * np.sin(np.pi * time / syllable.length)
    phase = 2 * np.pi * np.cumsum(syllable.pitch * bend) / SAMPLE_RATE
    voiced = np.zeros(count)
    for number in range(1, int(_HIGHEST_HZ / syllable.pitch)):
        weight = _throat(number * syllable.pitch, _VOWELS[syllable.vowel]) / number
        voiced += weight * np.sin(number * phase)
    voiced *= _swell(count, attack=0.18, release=0.4)
    return voiced + syllable.hiss * _hiss(count, random)


def _throat(frequency: float, formants: tuple[float, ...]) -> float:
    """Return the gain of the formants at a frequency in Hz, each a resonance in parallel."""
    pairs = zip(formants, _FORMANT_WIDTHS, strict=True)
    return sum(
        0.7**order / (1 + ((frequency - centre) / width) ** 2)
        for order, (centre, width) in enumerate(pairs)
    )


def _hiss(count: int, random: np.random.Generator) -> Samples:
    """Return the noise of a consonant over the first third of a syllable, high as an s is."""
    third = count // 3
    noise = np.zeros(count)
    white = random.normal(0, 1, third)
    noise[:third] = np.diff(white, prepend=0.0) * _swell(third, attack=0.3, release=0.5)
    return noise * 0.1


def _swell(count: int, attack: float, release: float) -> Samples:
    """Return an envelope 0..1..0 with raised-cosine edges, as parts of the whole."""
    place = np.linspace(0.0, 1.0, count)
    edge = np.minimum(np.minimum(place / attack, (1 - place) / release), 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * edge), dtype=np.float64)


def _envelope(speech: Samples) -> Samples:
    """Return the loudness 0..1 of each 1/LOUDNESS_RATE of a second."""
    blocks = speech.reshape(-1, SAMPLE_RATE // LOUDNESS_RATE)
    rms = np.sqrt(np.mean(blocks**2, axis=1))
    return np.asarray(np.clip(rms / (rms.max() or 1.0), 0.0, 0.999), dtype=np.float64)
