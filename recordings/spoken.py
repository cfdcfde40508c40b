"""What was said in a recording, as stretches of sound that a speech recogniser takes.

A stretch ends where it is quietest, so that no word is cut in two, and the same files give the
same stretches: work that was interrupted goes on after the last one that was done.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from recordings.catalogue import RUN_SUFFIX, Run

RATE = 16_000  # Hz; what recognisers are trained on
STRETCH_SECONDS = 120  # of work that an interruption costs at most; a minute or two on one core
SEARCH_SECONDS = 10  # at the end of a stretch, in which the quietest place is looked for
QUIET_SECONDS = 0.4  # that are quiet together: longer than the pause within a word

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sound from a position in ms on: mono, 16 kHz, -1 to 1."""

    run: str
    at: int
    samples: Samples

    @property
    def to(self) -> int:
        """Return the position in ms at which it ends."""
        return self.at + len(self.samples) * 1000 // RATE


def stretches(folder: Path, runs: Sequence[Run]) -> Iterator[Stretch]:
    """Yield the sound of runs in order; raises OSError for a run that is gone.

    What can not be decoded is passed over, as players do.
    """
    for run in runs:
        yield from _cut(run.name, _decoded(folder / f"{run.name}{RUN_SUFFIX}"))


def _decoded(path: Path) -> Iterator[tuple[int, Samples]]:
    """Yield pieces of sound with their positions in ms."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    try:
        with av.open(str(path)) as container:
            for frame in container.decode(container.streams.audio[0]):
                at = _position(frame)
                for piece in resampler.resample(frame):
                    yield at, piece.to_ndarray()[0]
    except (av.error.InvalidDataError, IndexError):
        return


def _position(frame: Any) -> int:
    return 0 if frame.pts is None else max(0, round(frame.pts * frame.time_base * 1000))


def _cut(run: str, pieces: Iterator[tuple[int, Samples]]) -> Iterator[Stretch]:
    """Yield stretches of about their length; a file that has a hole begins a new one after it."""
    at, held, count = 0, list[Samples](), 0
    for position, samples in pieces:
        if held and abs(position - (at + count * 1000 // RATE)) > 1000:
            yield Stretch(run, at, np.concatenate(held))
            held, count = [], 0
        if not held:
            at = position
        held.append(samples)
        count += len(samples)
        if count >= STRETCH_SECONDS * RATE:
            sound = np.concatenate(held)
            end = _quietest(sound)
            yield Stretch(run, at, sound[:end])
            at, held, count = at + end * 1000 // RATE, [sound[end:]], len(sound) - end
    if count:
        yield Stretch(run, at, np.concatenate(held))


def _quietest(sound: Samples) -> int:
    """Return the sample in the middle of the quietest moment near the end."""
    size = int(QUIET_SECONDS * RATE)
    near = sound[-SEARCH_SECONDS * RATE :]
    energies = [
        float(np.square(near[first : first + size]).sum())
        for first in range(0, len(near) - size + 1, size)
    ]
    return len(sound) - len(near) + int(np.argmin(energies)) * size + size // 2
