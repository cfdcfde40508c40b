"""Voices made of tones, and what is heard in a mix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from media.opus import FRAME, PACKET_MS, RATE, VoiceDecoder, VoiceEncoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from media.mixer import MixedPacket


def tone(hertz: float, seconds: float, level: float = 0.25) -> NDArray[np.int16]:
    """Return a tone; the level is a part of full scale."""
    time = np.arange(int(seconds * RATE)) / RATE
    return (32_767 * level * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


def packets(sound: NDArray[np.int16]) -> Iterator[bytes]:
    """Yield the packets of a sound."""
    encoder = VoiceEncoder(64_000)
    for begin in range(0, len(sound) - FRAME + 1, FRAME):
        yield encoder.encode(sound[begin : begin + FRAME])


def hear(mixed: Sequence[MixedPacket]) -> NDArray[np.int16]:
    """Return the sound of mixed packets."""
    decoder = VoiceDecoder()
    return np.concatenate([decoder.decode(packet.payload) for packet in mixed])


def strength(sound: NDArray[np.int16], hertz: float) -> float:
    """Return how strong a tone is in a sound, as a part of full scale."""
    time = np.arange(len(sound)) / RATE
    return float(2 * abs(np.mean(sound / 32_767 * np.exp(-2j * np.pi * hertz * time))))


def assert_steady(mixed: Sequence[MixedPacket]) -> None:
    """Check that the packets follow each other without gap or overlap."""
    positions = [packet.position for packet in mixed]
    assert positions == list(range(positions[0], positions[0] + len(mixed) * PACKET_MS, PACKET_MS))
