"""WebVTT (W3C, https://www.w3.org/TR/webvtt1/): strict to read, plain to write: pure.

Captions come from strangers' files and are shown to everybody. So nothing of them is kept but
times and plain text: styles, regions, notes, positions and every tag are dropped, and what is
written again is escaped. A file is taken as a whole or refused with its first wrong line.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import unescape
from typing import NoReturn

MAX_SIZE = 2 * 1024 * 1024  # bytes; eight hours of fast speech in Cyrillic take half of it
MAX_CUES = 20_000  # of one lesson; one every second for five hours
MAX_TEXT = 1000  # characters of one cue; more than a screen of them
MAX_TIME = 7 * 24 * 3600 * 1000  # ms; no lesson lasts a week

_SIGNATURE = re.compile(r"WEBVTT(?:[ \t].*)?")
_TIME = r"(?:([0-9]{2,3}):)?([0-5][0-9]):([0-5][0-9])\.([0-9]{3})"
_TIMING = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t].*)?")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]([^<>]*)>")
_TAG = re.compile(r"<[^<>]*>")
_DROPPED = re.compile(r"(?:NOTE|STYLE|REGION)(?:[ \t].*)?")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # C0 and C1, but the tab
# What turns the direction of the text around it, and a byte order mark in the middle.
_UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff]")


class Fault(StrEnum):
    """What is wrong with a file, as a stable word for pages."""

    SIZE = "size"
    ENCODING = "encoding"
    CONTROL = "control"
    HEADER = "header"
    TIMES = "times"
    BACKWARDS = "backwards"
    ORDER = "order"
    LATE = "late"
    ARROW = "arrow"
    LONG = "long"
    MANY = "many"


class WebVttError(ValueError):
    """A file is no WebVTT that can be taken; `line` counts from 1."""

    def __init__(self, fault: Fault, reason: str, line: int) -> None:
        super().__init__(f"line {line}: {reason}")
        self.fault = fault
        self.line = line


@dataclass(frozen=True, slots=True)
class Cue:
    """A text that is shown in [at, to), in ms."""

    at: int
    to: int
    text: str


def parse_webvtt(data: bytes) -> list[Cue]:
    """Return the cues of a file, in order, as plain text; raises WebVttError."""
    if len(data) > MAX_SIZE:
        _refuse(Fault.SIZE, f"the file has more than {MAX_SIZE} bytes", 1)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise WebVttError(Fault.ENCODING, "this is not UTF-8", line) from error
    lines = re.split("\r\n|\r|\n", text)
    for number, one in enumerate(lines, 1):
        if _CONTROLS.search(one):
            _refuse(Fault.CONTROL, "there is a control character", number)
    if not _SIGNATURE.fullmatch(lines[0]):
        _refuse(Fault.HEADER, "the file does not begin with WEBVTT", 1)
    return _in_order(_blocks(lines))


def _refuse(fault: Fault, reason: str, line: int) -> NoReturn:
    raise WebVttError(fault, reason, line)


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield what stands between blank lines, after the header, with its first line's number."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if line.strip(" \t"):
            block.append(line)
        elif block:
            first = number - len(block)
            if first > 1:
                yield first, block
            block = []


def _in_order(blocks: Iterable[tuple[int, list[str]]]) -> list[Cue]:
    cues: list[Cue] = []
    for first, block in blocks:
        if _DROPPED.fullmatch(block[0]):
            continue
        line, cue = _cue(first, block)
        if cues and cue.at < cues[-1].at:
            _refuse(Fault.ORDER, "a cue begins before the one before it", line)
        if cue.text:
            cues.append(cue)
        if len(cues) > MAX_CUES:
            _refuse(Fault.MANY, f"there are more than {MAX_CUES} cues", line)
    return cues


def _cue(first: int, block: Sequence[str]) -> tuple[int, Cue]:
    """Return a block as a cue, and the line of its times; an identifier may stand before them."""
    timed = 0 if "-->" in block[0] else 1
    line = first + timed
    found = _TIMING.fullmatch(block[timed].strip(" \t")) if timed < len(block) else None
    if found is None:
        _refuse(
            Fault.TIMES,
            "here should be times such as 00:01.000 --> 00:04.000",
            min(line, first + 1),
        )
    at, to = _milliseconds(found.groups()[:4]), _milliseconds(found.groups()[4:])
    if at >= to:
        _refuse(Fault.BACKWARDS, "a cue ends before it begins", line)
    if to > MAX_TIME:
        _refuse(Fault.LATE, "a cue is later than any lesson lasts", line)
    spoken = block[timed + 1 :]
    if any("-->" in one for one in spoken):
        _refuse(Fault.ARROW, "an arrow stands in a text; a blank line is missing before it", line)
    text = _plain(spoken)
    if len(text) > MAX_TEXT:
        _refuse(Fault.LONG, f"a text has more than {MAX_TEXT} characters", line)
    return line, Cue(at, to, text)


def _milliseconds(parts: Sequence[str | None]) -> int:
    hours, minutes, seconds, rest = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest


def _plain(lines: Iterable[str]) -> str:
    """Return a cue's text without tags; who speaks stays as words before it."""
    text = _TAG.sub("", _VOICE.sub(r"\1: ", "\n".join(lines)))
    text = _UNSEEN.sub("", _CONTROLS.sub("", unescape(text).replace("\r", " ")))
    return "\n".join(" ".join(line.split()) for line in text.split("\n") if line.strip())


def to_webvtt(cues: Iterable[Cue], note: str = "") -> str:
    """Return cues as a WebVTT file; `note` is one line for whoever opens it."""
    head = f"WEBVTT\n\nNOTE {note}\n" if note else "WEBVTT\n"
    told = (
        f"{number}\n{_clock(cue.at)} --> {_clock(cue.to)}\n{_escaped(cue.text) or '…'}\n"
        for number, cue in enumerate(cues, 1)
    )
    return "\n".join([head, *told])


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def _escaped(text: str) -> str:
    # WebVTT §4.1: the three that begin tags and entities; `-->` is gone with its `>`
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
