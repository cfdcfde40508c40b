"""A lesson to take home: one HTML file with sound, slides, questions and chapters. Blocks.

Positions in a pack are milliseconds from its beginning: what the audience is not shown is left
out, and what is muted is silent. `python -m recordings.pack <order>` makes one in a process of its
own (recordings/work.py).
"""

from __future__ import annotations

import base64
import contextlib
import html
import io
import json
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import av
import numpy as np

from recordings import work
from recordings.catalogue import INDEX_NAME, RUN_SUFFIX, VOICE, Catalogue, Still
from recordings.container import VOICE_RATE
from recordings.cuts import Cuts, apply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

MAX_SIZE: Final = 25_000_000  # bytes of a pack of 90 minutes: what a messenger takes along
RATES: Final = (24_000, 16_000, 12_000)  # bits a second; speech is clear with the last, too
SOUND_SHARE: Final = 0.9  # of the pack at most; the rest is for slides
PACKET: Final = 2880  # samples: 60 ms, a third of the overhead of 20
SLIDE_GRACE: Final = 500  # ms; a slide that goes sooner was only passed over
_TITLE, _FACTS, _STILLS, _SOUND = "<!--title-->", "<!--facts-->", "<!--stills-->", "<!--sound-->"


class Span(NamedTuple):
    """What of a lesson is in the pack: [begin, end) on the lesson's clock, from `at` on in it."""

    begin: int
    end: int
    at: int


def spans_of(cuts: Cuts, length: int) -> list[Span]:
    """Return what of a lesson of this length is in its pack."""
    spans, at = [], 0
    for begin, kept in cuts.intervals():
        end = min(kept, length)
        if begin < end:
            spans.append(Span(begin, end, at))
            at += end - begin
    return spans


def length_of(spans: Sequence[Span]) -> int:
    """Return how long a pack is."""
    return spans[-1].at + spans[-1].end - spans[-1].begin if spans else 0


def place(spans: Iterable[Span], position: int | None) -> int | None:
    """Return where in the pack a lesson's position is; None if it is not in it."""
    for span in spans:
        if position is not None and span.begin <= position < span.end:
            return span.at + position - span.begin
    return None


def place_after(spans: Sequence[Span], position: int) -> int:
    """Return where in the pack what follows a lesson's position begins."""
    for span in spans:
        if position < span.end:
            return span.at + max(0, position - span.begin)
    return length_of(spans)


def shown_slides(spans: Sequence[Span], stills: Iterable[Still]) -> list[tuple[int, Still]]:
    """Return from when on which slide is shown in the pack."""
    shown: list[tuple[int, Still]] = []
    for still in sorted(stills, key=lambda one: one.at):
        at = place_after(spans, still.at)
        while shown and at - shown[-1][0] < SLIDE_GRACE:
            at = shown.pop()[0]
        if at < length_of(spans):
            shown.append((at, still))
    return shown


# --- sound --------------------------------------------------------------------------------------


def rate_for(length: int) -> int:
    """Return the bits a second at which so many ms fit."""
    for rate in RATES:
        if length * rate / 8000 * 4 / 3 <= MAX_SIZE * SOUND_SHARE:
            return rate
    return RATES[-1]


class _Sound:
    """Opus in an MP4, filled from its beginning; what is missing is silent."""

    def __init__(self, target: Any, rate: int) -> None:
        self._container = av.open(target, "w", format="mp4", options={"movflags": "faststart"})
        stream: Any = self._container.add_stream("libopus", rate=VOICE_RATE, layout="mono")
        stream.bit_rate = rate
        stream.codec_context.options = {
            "application": "voip",
            "frame_duration": str(1000 * PACKET // VOICE_RATE),
            "compression_level": "5",  # half the time of 10; what is lost can not be heard
        }
        self._stream = stream
        self._left = np.zeros(0, np.float32)
        self._written = 0  # samples

    def put(self, at: int, samples: np.ndarray[Any, Any]) -> None:
        """Put samples at a place, counted in samples; what overlaps is passed over."""
        end = self._written + len(self._left)
        if at > end:
            self._take(np.zeros(at - end, np.float32))
        elif at < end:
            samples = samples[end - at :]
        self._take(samples)

    def close(self, end: int) -> None:
        """Fill up to an end, in samples, and finish the file."""
        missing = max(0, end - self._written - len(self._left))
        self._take(np.zeros(missing + PACKET, np.float32))
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def _take(self, samples: np.ndarray[Any, Any]) -> None:
        left = np.concatenate([self._left, samples])
        whole = len(left) // PACKET * PACKET
        for begin in range(0, whole, PACKET):
            frame = av.AudioFrame.from_ndarray(left[None, begin : begin + PACKET], "flt", "mono")
            frame.sample_rate, frame.time_base = VOICE_RATE, Fraction(1, VOICE_RATE)
            frame.pts = self._written
            self._written += PACKET
            self._container.mux(self._stream.encode(frame))
        self._left = left[whole:]


def make_sound(
    shown: Catalogue,
    folder: Path,
    spans: Sequence[Span],
    target: Any,
    progress: Callable[[float], None] = lambda _share: None,
) -> None:
    """Write the voice of what is shown, as one file of sound. Raises OSError."""
    length = length_of(spans)
    sound = _Sound(target, rate_for(length))
    ticks = VOICE_RATE // 1000
    for at, samples in _voice(shown, folder):
        where = place(spans, round(at / ticks))
        if where is not None:
            sound.put(where * ticks, samples)
            progress(where / length)
    sound.close(length * ticks)


def _voice(shown: Catalogue, folder: Path) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
    """Yield samples of the voice and where they begin, in samples of the lesson's clock."""
    for run in shown.track_runs(VOICE):
        with (folder / f"{run.name}{RUN_SUFFIX}").open("rb") as file:
            init = file.read(sum(run.init))[run.init[0] :]
            with av.open(io.BytesIO(init), "r") as beginning:
                decoder: Any = beginning.streams[0].codec_context
                for part in run.parts:
                    file.seek(part.offset)
                    for packet in _packets(init + file.read(part.size)):
                        for frame in decoder.decode(packet):
                            yield frame.pts, frame.to_ndarray()[0]


def _packets(data: bytes) -> Iterator[Any]:
    with av.open(io.BytesIO(data), "r") as container:
        yield from (packet for packet in container.demux(container.streams[0]) if packet.size)


# --- the file -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Order:
    """What a pack is made of: a recording's folder, what is shown of it, and the page around it.

    `facts` is what the page is told beside slides and sound; positions in it are the pack's.
    """

    folder: Path
    template: Path
    target: Path
    title: str
    cuts: Cuts
    facts: dict[str, Any]
    stills: tuple[Still, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the order as it is written for the process that makes it."""
        return {
            "folder": str(self.folder),
            "template": str(self.template),
            "target": str(self.target),
            "title": self.title,
            "start": self.cuts.start,
            "kept": self.cuts.kept,
            "muted": self.cuts.muted,
            "facts": self.facts,
            "stills": [[one.number, one.at, one.widths] for one in self.stills],
        }


def read_order(text: str) -> Order:
    """Return an order as it was written."""
    told = json.loads(text)
    return Order(
        Path(told["folder"]),
        Path(told["template"]),
        Path(told["target"]),
        told["title"],
        Cuts(
            told["start"],
            tuple((one, to) for one, to in told["kept"]),
            tuple((one, to) for one, to in told["muted"]),
        ),
        told["facts"],
        tuple(Still(number, at, tuple(widths)) for number, at, widths in told["stills"]),
    )


def make_pack(order: Order, progress: Callable[[float], None] = lambda _share: None) -> int:
    """Make a pack and return its size; the file has its name once it is whole. Raises OSError."""
    catalogue = Catalogue()
    catalogue.feed((order.folder / INDEX_NAME).read_bytes())
    spans = spans_of(order.cuts, catalogue.length)
    order.target.parent.mkdir(parents=True, exist_ok=True)
    sound = order.target.with_suffix(".sound")
    fresh = order.target.with_suffix(".new")
    try:
        with sound.open("w+b") as file:
            make_sound(apply(catalogue, order.cuts), order.folder, spans, file, progress)
        fresh.write_bytes(_page(order, spans, sound.read_bytes()))
        size = fresh.stat().st_size
        fresh.replace(order.target)
    finally:
        for path in (sound, fresh):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
    return size


def _page(order: Order, spans: Sequence[Span], sound: bytes) -> bytes:
    slides = shown_slides(spans, order.stills)
    heard = base64.b64encode(sound)
    page = order.template.read_text(encoding="utf-8")
    room = MAX_SIZE - len(heard) - len(page) - len(_json(order.facts))
    pictures = _pictures(order.folder, slides, room)
    numbers = sorted(pictures)
    facts = {
        **order.facts,
        "length": length_of(spans),
        "slides": [
            {"at": at, "number": still.number} for at, still in slides if still.number in pictures
        ],
    }
    stills = "".join(
        f'<script type="text/plain" id="still-{number}">'
        f"{base64.b64encode(pictures[number]).decode()}</script>\n"
        for number in numbers
    )
    head, _, rest = page.partition(_SOUND)
    head = head.replace(_STILLS, stills, 1).replace(_FACTS, _json(facts), 1)
    head = head.replace(_TITLE, html.escape(order.title), 1)
    return head.encode() + heard + rest.encode()


def _json(facts: object) -> str:
    """Return JSON that can stand in a script element: no tag in it begins or ends one."""
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _pictures(folder: Path, slides: Sequence[tuple[int, Still]], room: int) -> dict[int, bytes]:
    """Return the slides' pictures by number: as wide as there is room for all of them."""
    found: dict[int, dict[int, bytes]] = {}
    for still in {one.number: one for _, one in slides}.values():
        for width in still.widths:
            with contextlib.suppress(FileNotFoundError):
                data = (folder / "stills" / f"{still.number}-{width}.webp").read_bytes()
                found.setdefault(still.number, {})[width] = data
    widths = sorted({width for some in found.values() for width in some}, reverse=True)
    chosen: dict[int, bytes] = {}
    for widest in widths:
        chosen = {
            number: some[max((w for w in some if w <= widest), default=min(some))]
            for number, some in found.items()
        }
        if sum(len(one) for one in chosen.values()) * 4 / 3 <= room:
            break
    return chosen


def main() -> None:
    """Make the pack of an order that is named first."""

    def make(tell: work.Teller) -> None:
        order = read_order(Path(sys.argv[1]).read_text(encoding="utf-8"))
        size = make_pack(order, tell)
        tell(1, f"{size} bytes")

    work.run(make)


if __name__ == "__main__":
    main()
