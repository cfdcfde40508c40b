"""Stands in for the real package, of which it has what Darsgoh calls."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass
class Segment:
    start: float
    end: float
    text: str


class WhisperModel:
    """A model that hears loudness: one segment for every two seconds that are not silent."""

    def __init__(
        self,
        model_size_or_path: str,
        device: str = "auto",
        compute_type: str = "default",
        cpu_threads: int = 0,
        download_root: str | None = None,
    ) -> None:
        assert (device, compute_type, cpu_threads) == ("cpu", "int8", 1)
        if model_size_or_path == "missing":
            raise ValueError("Invalid model size 'missing'")
        assert download_root is not None
        Path(download_root).mkdir(exist_ok=True)
        self.died = Path(download_root) / "died"

    def transcribe(
        self,
        audio: Any,
        language: str | None = None,
        beam_size: int = 5,
        vad_filter: bool = False,
        condition_on_previous_text: bool = True,
    ) -> tuple[Iterator[Segment], dict[str, Any]]:
        assert audio.dtype == np.float32
        assert audio.ndim == 1
        assert vad_filter
        assert not condition_on_previous_text
        assert beam_size > 0
        return self._segments(audio, language), {}

    def _segments(self, audio: Any, language: str | None) -> Iterator[Segment]:
        for second in range(0, len(audio) // 16_000, 2):
            if not self.died.exists() and second >= 2:
                self.died.touch()
                os._exit(9)  # as when memory runs out
            piece = audio[second * 16_000 : (second + 2) * 16_000]
            if float(np.abs(piece).max()) > 0.05:
                yield Segment(second, second + 1.5, f" {language} <b>{second}</b>")
