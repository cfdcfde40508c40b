"""Lesson packs: what is cut is not in them, and where things are in what is left."""

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from recordings.catalogue import INDEX_NAME, Catalogue, Still
from recordings.cuts import Cuts
from recordings.pack import (
    MAX_SIZE,
    RATES,
    SOUND_SHARE,
    Order,
    Span,
    length_of,
    make_pack,
    place,
    place_after,
    rate_for,
    read_order,
    shown_slides,
    spans_of,
)
from tests.recordings.made import MadeRecording

CUTS = Cuts(start=2000, kept=((0, 5000), (8000, 90_000)), muted=((9000, 11_000),))
TEMPLATE = """<title><!--title--></title>
<script id="facts"><!--facts--></script><!--stills--><script id="sound"><!--sound--></script>"""


def test_what_is_cut_is_not_on_the_clock_of_the_pack() -> None:
    spans = spans_of(CUTS, 20_000)
    assert spans == [Span(2000, 5000, 0), Span(8000, 20_000, 3000)]
    assert length_of(spans) == 15_000
    assert [place(spans, one) for one in (None, 1999, 2000, 4999, 5000, 8000, 20_000)] == [
        None, None, 0, 2999, None, 3000, None,
    ]  # fmt: skip
    assert [place_after(spans, one) for one in (0, 3000, 6000, 8500, 99_999)] == [
        0, 1000, 3000, 3500, 15_000,
    ]  # fmt: skip
    assert spans_of(Cuts(start=9000), 9000) == []
    assert length_of([]) == 0


def test_a_slide_before_a_cut_is_shown_after_it_and_one_passed_over_is_not() -> None:
    spans = spans_of(CUTS, 20_000)
    stills = [Still(number, at, (320,)) for number, at in enumerate((0, 3000, 6000, 7000), 1)]
    assert [(at, still.number) for at, still in shown_slides(spans, stills)] == [
        (0, 1), (1000, 2), (3000, 4),
    ]  # fmt: skip


def test_ninety_minutes_fit_and_longer_lessons_get_fewer_bits() -> None:
    minute = 60_000
    assert rate_for(90 * minute) == RATES[0] == 24_000
    assert 90 * 60 * RATES[0] / 8 * 4 / 3 <= MAX_SIZE * SOUND_SHARE
    assert [rate_for(minutes * minute) for minutes in (120, 170, 600)] == [16_000, 12_000, 12_000]


@pytest.fixture
def order(tmp_path: Path) -> Order:
    made = MadeRecording(tmp_path / "lesson")
    made.run("voice", 0, 4)
    made.run("voice", 6000, 14)
    made.end(20_000)
    stills = made.folder / "stills"
    stills.mkdir()
    for width in (320, 640):
        picture = Image.new("RGB", (width, width * 9 // 16), (40, 90, 160))
        picture.save(stills / f"7-{width}.webp")
    template = tmp_path / "pack.html"
    template.write_text(TEMPLATE, encoding="utf-8")
    facts = {"title": "</script><b>", "questions": []}
    target = tmp_path / "made" / "pack.html"
    shown = (Still(7, 0, (320, 640)), Still(8, 9000, (320,)))
    return Order(made.folder, template, target, "Касрҳо & <b>", CUTS, facts, shown)


def content(page: str, name: str) -> str:
    found = re.search(rf'id="{name}">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return found[1]


def test_a_pack_holds_what_is_shown(order: Order) -> None:
    told: list[float] = []
    size = make_pack(order, told.append)
    page = order.target.read_text(encoding="utf-8")
    assert size == len(page.encode())
    assert sorted(order.target.parent.iterdir()) == [order.target]
    assert told == sorted(told)
    assert 0 <= told[0] < told[-1] <= 1
    assert "<title>Касрҳо &amp; &lt;b&gt;</title>" in page
    facts: dict[str, Any] = json.loads(content(page, "facts"))
    assert facts["title"] == "</script><b>"
    assert facts["length"] == 15_000
    assert facts["slides"] == [{"at": 0, "number": 7}]  # the other has no picture
    still = Image.open(io.BytesIO(base64.b64decode(content(page, "still-7"))))
    assert (still.format, still.width) == ("WEBP", 640)


def test_the_sound_of_a_pack_is_silent_where_nothing_is_or_may_be_heard(order: Order) -> None:
    make_pack(order)
    data = base64.b64decode(content(order.target.read_text(encoding="utf-8"), "sound"))
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.layout.name) == ("opus", "mono")
        frames = [frame.to_ndarray()[0] for frame in container.decode(stream)]
        rate = stream.codec_context.sample_rate
    samples = np.concatenate(frames)
    assert len(samples) / rate == pytest.approx(15, abs=0.2)

    def loudness(begin: float, end: float) -> float:
        return float(np.abs(samples[int(begin * rate) : int(end * rate)]).mean())

    assert loudness(0.3, 1.7) > 0.05  # 2.3 s to 3.7 s of the lesson
    assert loudness(2.3, 2.7) < 0.005  # the lesson had nothing there
    assert loudness(4.2, 5.8) < 0.005  # muted from 9 s to 11 s
    assert loudness(7.5, 14) > 0.05


def test_an_order_is_read_as_it_was_written(order: Order) -> None:
    assert read_order(json.dumps(order.to_json())) == order


def test_a_pack_of_nothing_heard_is_silent(order: Order) -> None:
    (order.folder / INDEX_NAME).write_text('{"type":"end","at":20000}\n')
    catalogue = Catalogue()
    catalogue.feed((order.folder / INDEX_NAME).read_bytes())
    assert catalogue.length == 20_000
    assert make_pack(order) > 1000
