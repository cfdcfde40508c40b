"""Opus voices as samples and back: one decoder for each source, one encoder for each mix.

Everything here takes time of a thread; nothing knows a clock.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

RATE = 48_000  # Hz; RFC 7587 section 4.1, whatever the sound was sampled with
PER_MS = RATE // 1000  # samples
PACKET_MS = 20
FRAME = PACKET_MS * PER_MS  # samples in a packet that we make
PRE_SKIP = 312  # samples before the first that counts; libopus looks so far ahead (RFC 7845 4.2)
SILENCE = b"\xf8\xff\xfe"  # a packet of 20 ms in which nothing is heard
BIT_RATE = 32_000  # bit/s: speech in full band; pauses take less
QUIET = 8  # of 32 767; 72 dB below full scale no room is so still, only a muted microphone
MAX_PAYLOAD = 1_500  # bytes; more does not fit the datagrams it comes in
MAX_DURATION = RATE * 120 // 1000  # samples; RFC 6716 section 3.2.5
_COMPLEXITY = 5  # of 10: half the time, and no ear can tell at this rate
_SILK = (480, 960, 1920, 2880)  # samples of a frame, RFC 6716 table 2
_HYBRID = (480, 960)
_CELT = (120, 240, 480, 960)

Samples = NDArray[np.int16]


class NotOpus(ValueError):  # noqa: N818  (says what came, nothing of ours has failed)
    """A payload is no Opus packet."""


def duration(payload: bytes) -> int:
    """Return how many samples a packet holds (RFC 6716 section 3.1); raises NotOpus."""
    if not 0 < len(payload) <= MAX_PAYLOAD:
        raise NotOpus(f"{len(payload)} bytes are no Opus packet")
    samples = _frame_samples(payload[0] >> 3) * _frame_count(payload)
    if not 0 < samples <= MAX_DURATION:
        raise NotOpus(f"an Opus packet of {samples} samples")
    return samples


def _frame_samples(config: int) -> int:
    if config < 12:
        return _SILK[config % 4]
    return _HYBRID[config % 2] if config < 16 else _CELT[config % 4]


def _frame_count(payload: bytes) -> int:
    code = payload[0] & 3
    if code < 3:
        return 1 if code == 0 else 2
    if len(payload) < 2:
        raise NotOpus("an Opus packet without its frame count")
    return payload[1] & 0x3F


class VoiceDecoder:
    """Makes mono samples of one source's packets, and covers those that are lost."""

    def __init__(self) -> None:
        self._decoder: Any = av.CodecContext.create("libopus", "r")
        self._decoder.sample_rate = RATE
        self._decoder.layout = "mono"
        self._last = b"\x78"  # how a browser's packet of 20 ms begins

    def decode(self, payload: bytes) -> Samples:
        """Return a packet's sound; raises NotOpus."""
        expected = duration(payload)
        sound = self._decode(payload)
        if len(sound) != expected:
            raise NotOpus(f"{len(sound)} samples instead of {expected}")
        self._last = bytes([payload[0] & 0xFC])
        return sound

    def conceal(self, samples: int) -> Samples:
        """Go on as the sound would have, ever softer; a longer call than one frame fades out.

        A frame without data makes libopus conceal (RFC 6716 section 4.4). FEC would need a second
        look at the next packet, which PyAV does not offer.
        """
        made: list[Samples] = []
        missing = samples
        while missing > 0:
            made.append(self._decode(self._last)[:missing])
            missing -= len(made[-1])
        return np.concatenate(made) if made else np.zeros(0, np.int16)

    def _decode(self, payload: bytes) -> Samples:
        try:
            frames = self._decoder.decode(av.Packet(payload))
        except FFmpegError as error:
            raise NotOpus(str(error)) from error
        if not frames:
            raise NotOpus("no sound came of it")
        return np.concatenate([frame.to_ndarray()[0] for frame in frames])


class VoiceEncoder:
    """Makes one packet of every `frame` samples, of silence the smallest there is (DTX is off).

    Where `loss` percent of the packets are expected to be lost and the rate has room, libopus puts
    the speech of the packet before into each (in-band FEC, RFC 6716 section 2.1.7).
    """

    def __init__(self, bit_rate: int = BIT_RATE, packet_ms: int = PACKET_MS, loss: int = 0) -> None:
        encoder: Any = av.CodecContext.create("libopus", "w")
        encoder.sample_rate = RATE
        encoder.layout = "mono"
        encoder.format = "s16"
        encoder.bit_rate = bit_rate
        encoder.time_base = Fraction(1, RATE)
        encoder.options = {
            "application": "voip",
            "vbr": "on",
            "dtx": "0",
            "fec": "1" if loss else "0",
            "packet_loss": str(loss),
            "frame_duration": str(packet_ms),
            "compression_level": str(_COMPLEXITY),
        }
        self.frame = packet_ms * PER_MS
        self._encoder = encoder
        self._count = 0
        self._quiet = False

    def encode(self, samples: Samples) -> bytes:
        """Return the packet of the next `frame` samples."""
        was_quiet, self._quiet = self._quiet, bool(np.max(np.abs(samples)) <= QUIET)
        if was_quiet and self._quiet and self.frame == FRAME:
            return SILENCE  # the frame before has carried out what was looked ahead at
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
        frame.pts = self._count
        self._count += self.frame
        (packet,) = self._encoder.encode(frame)
        return bytes(packet)
