"""The index as it travels: nothing is lost on the way, and it is small."""

import gzip
import json
import random
from typing import Any

from recordings.catalogue import Catalogue
from recordings.columns import to_columns

MINUTES = 90
PART_MS = 800
RUN_MS = 600_000
TRACKS = {"camera": 150_000, "screen": 60_000, "voice": 3_200}  # bytes of a part, about


def fed(lines: list[dict[str, Any]]) -> Catalogue:
    catalogue = Catalogue()
    catalogue.feed(written(lines))
    return catalogue


def written(lines: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)


def run(name: str) -> dict[str, Any]:
    track = name.rpartition("-")[0]
    codec = "opus" if track == "voice" else "avc1.42e01f"
    facts = {"track": track, "codec": codec, "init": [0, 757], "timescale": 90_000}
    return {"type": "run", "run": name, **facts}


def part(name: str, at: int, length: int, offset: int, size: int, *, key: bool) -> dict[str, Any]:
    where = {"run": name, "at": at, "for": length, "bytes": [offset, size]}
    return {"type": "part", **where, "key": key}


def lesson(chance: random.Random) -> list[dict[str, Any]]:
    """Return the index of a lesson of 90 minutes with three tracks, with pictures' uneven parts."""
    told: list[tuple[int, dict[str, Any]]] = []
    for track, about in TRACKS.items():
        at, number, offset, began = 0, 0, 0, -RUN_MS
        while at < MINUTES * 60_000:
            if at - began >= RUN_MS:
                number, offset, began = number + 1, 757, at
                told.append((at, run(f"{track}-{number:04}")))
            length = PART_MS if track == "voice" else PART_MS + chance.randrange(-20, 21)
            size = chance.randrange(about // 2, about * 3 // 2)
            key = track == "voice" or chance.random() < 0.1
            name = f"{track}-{number:04}"
            told.append((at + length, part(name, at, length, offset, size, key=key)))
            at, offset = at + length, offset + size
    told.sort(key=lambda one: one[0])
    return [entry for _, entry in told]


def parts_of(entries: Any) -> list[tuple[str, int, int, int, int, bool]]:
    """Return run, position, length, offset, size and key of all parts, as a page reads them."""
    found = []
    for one in entries:
        if one["type"] != "parts":
            continue
        at, offset = one["at"], one["offset"]
        keys = set(one.get("keys", range(len(one["lengths"]))))
        for number, (length, size) in enumerate(zip(one["lengths"], one["sizes"], strict=True)):
            found.append((one["run"], at, length, offset, size, number in keys))
            at, offset = at + length, offset + size
    return sorted(found)


def parts_in(catalogue: Catalogue) -> list[tuple[str, int, int, int, int, bool]]:
    return sorted(tuple(one) for run in catalogue.runs.values() for one in run.parts)


def test_an_index_of_90_minutes_travels_in_a_tenth_of_its_bytes_and_is_whole() -> None:
    lines = lesson(random.Random(4))
    catalogue = fed(lines)
    told = to_columns(catalogue.lines, catalogue.runs)
    assert parts_of(told) == parts_in(catalogue)
    assert [one for one in told if one["type"] == "run"] == [
        one for one in lines if one["type"] == "run"
    ]
    text = json.dumps(told, separators=(",", ":")).encode()
    assert len(gzip.compress(text, 6)) < len(written(lines)) / 20


def test_a_page_that_asks_in_the_middle_gets_the_rest() -> None:
    catalogue = fed(lesson(random.Random(5))[:500])
    halves = [catalogue.lines[:333], catalogue.lines[333:]]
    told = [one for half in halves for one in to_columns(half, catalogue.runs)]
    assert parts_of(told) == parts_in(catalogue)


def test_a_hole_begins_a_new_row() -> None:
    lines = [
        run("camera-0001"),
        part("camera-0001", 0, 800, 757, 10, key=True),
        part("camera-0001", 900, 800, 767, 10, key=False),
        part("camera-0001", 1700, 800, 790, 10, key=False),
        part("camera-0001", 2500, 800, 800, 10, key=True),
    ]
    catalogue = fed(lines)
    rows = [one for one in to_columns(catalogue.lines, catalogue.runs) if one["type"] == "parts"]
    assert [(row["at"], row["offset"], row["keys"]) for row in rows] == [
        (0, 757, [0]),
        (900, 767, []),
        (1700, 790, [1]),
    ]


def test_what_goes_on_after_an_end_is_told_after_it() -> None:
    lines = [
        run("voice-0001"),
        part("voice-0001", 0, 800, 757, 10, key=True),
        {"type": "end", "at": 800},
        part("voice-0001", 800, 800, 767, 10, key=True),
    ]
    catalogue = fed(lines)
    kinds = [one["type"] for one in to_columns(catalogue.lines, catalogue.runs)]
    assert kinds == ["run", "parts", "end", "parts"]
