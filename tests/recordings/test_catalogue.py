"""The index as it is read: in any pieces, torn, damaged, and going on after its end."""

import json

import pytest

from recordings.catalogue import Catalogue

RUN = {
    "type": "run",
    "run": "camera-0001",
    "track": "camera",
    "codec": "avc1.42e01f",
    "width": 1280,
    "height": 720,
    "init": [0, 700],
    "timescale": 90000,
}


def part(at: int, offset: int, **changes: object) -> dict[str, object]:
    entry = {"type": "part", "run": "camera-0001", "at": at, "for": 1000, "key": True}
    return {**entry, "bytes": [offset, 100], **changes}


def lines(*entries: object) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in entries)


def test_it_is_read_in_any_pieces() -> None:
    data = lines(RUN, part(0, 700), part(1000, 800), {"type": "end", "at": 2000})
    whole, pieces = Catalogue(), Catalogue()
    whole.feed(data)
    for offset in range(len(data)):
        pieces.feed(data[offset : offset + 1])
    assert pieces == whole
    assert (whole.length, whole.ended, whole.size) == (2000, True, 900)


@pytest.mark.parametrize(
    "bad",
    [
        {},
        [],
        "text",
        {"type": "part"},
        part(0, 700, run="../../etc/passwd"),
        part(0, 700, run=[1]),
        part(-1, 700),
        part(2**60, 700),
        part(0, 700, bytes=[700, 0]),
        part(0, 700, bytes=[700, -5]),
        part(0, 10),
        part(0, 700, bytes="700"),
        {**RUN, "run": "../x-0001"},
        {**RUN, "run": "Camera-0001"},
        {**RUN, "run": "camera-0002", "track": "other"},
        {**RUN, "run": "camera-0002", "init": [0]},
        {"type": "gap", "track": "other", "at": 0, "for": 1, "why": "disk"},
        {"type": "still", "number": 1, "at": 0, "widths": "640"},
        {"type": "end", "at": "never"},
    ],
)
def test_a_line_that_is_none_of_ours_is_passed_over(bad: object) -> None:
    catalogue = Catalogue()
    catalogue.feed(lines(RUN, bad, part(1000, 700)))
    assert [one.at for one in catalogue.track_parts("camera")] == [1000]
    assert len(catalogue.lines) == 2


def test_bytes_that_are_no_json_and_lines_without_end_hurt_nobody() -> None:
    catalogue = Catalogue()
    catalogue.feed(b"\xff\x00\n" + b"[" * 100_000)
    catalogue.feed(b"\n" + lines(RUN, part(0, 700)))
    assert catalogue.size == 800


def test_what_goes_on_after_its_end_has_not_ended() -> None:
    catalogue = Catalogue()
    catalogue.feed(lines(RUN, part(0, 700), {"type": "end", "at": 1000}))
    run = catalogue.runs["camera-0001"]
    assert catalogue.is_closed(run)
    catalogue.feed(lines({**RUN, "run": "camera-0002"}))
    assert not catalogue.ended
    assert catalogue.is_closed(run)
    assert not catalogue.is_closed(catalogue.runs["camera-0002"])
