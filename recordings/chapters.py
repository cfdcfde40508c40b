"""Chapters of a replay, made from answered questions and from the slides: pure.

A question that was answered aloud is a chapter of its own; what lies between is divided by the
slides. Positions are milliseconds on the lesson's clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from recordings.webvtt import Cue

MIN_CHAPTER = 10_000  # ms; a slide passed over faster is no place anybody looks for
MAX_TITLE = 120  # characters; two lines on a phone


class Kind(StrEnum):
    """What a chapter was made from."""

    QUESTION = "question"
    SLIDE = "slide"


@dataclass(frozen=True, slots=True)
class Chapter:
    """An interval [at, to) of the replay."""

    at: int
    to: int
    title: str
    kind: Kind
    number: int | None = None

    def to_json(self) -> dict[str, object]:
        """Return the chapter as it travels."""
        number = {} if self.number is None else {"number": self.number}
        return {
            "at": self.at,
            "to": self.to,
            "title": self.title,
            "kind": self.kind.value,
            **number,
        }


@dataclass(frozen=True, slots=True)
class Answered:
    """A question and the interval of its answer; `to` is None while it is being answered."""

    number: int
    text: str
    at: int
    to: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A slide and when it came; when it stays for less than `least` ms, the one before goes on."""

    number: int
    title: str
    at: int
    least: int = 0


def make_chapters(
    answers: Iterable[Answered], slides: Iterable[Shown], start: int, end: int
) -> list[Chapter]:
    """Return the chapters of what lies between two positions, in order and without overlap."""
    questions = _in_turn(
        Chapter(
            one.at, end if one.to is None else one.to, short(one.text), Kind.QUESTION, one.number
        )
        for one in answers
    )
    pages = _lasting(sorted(slides, key=lambda one: one.at), end)
    ends = [*(one.at for one in pages[1:]), end]
    shown = [
        Chapter(one.at, to, short(one.title), Kind.SLIDE, one.number)
        for one, to in zip(pages, ends, strict=False)
    ]
    pieces = [piece for one in _same_merged(shown) for piece in _outside(one, questions)]
    found = [_within(one, start, end) for one in [*questions, *pieces]]
    long_enough = [
        one
        for one in found
        if one.to > one.at and (one.kind is Kind.QUESTION or one.to - one.at >= MIN_CHAPTER)
    ]
    return sorted(long_enough, key=lambda one: (one.at, one.to))


def _lasting(pages: Sequence[Shown], end: int) -> list[Shown]:
    """Return slides without those that do not stay long enough for a chapter of their own."""
    ends = [*(one.at for one in pages[1:]), end]
    return [one for one, to in zip(pages, ends, strict=False) if to - one.at >= one.least]


def _in_turn(chapters: Iterable[Chapter]) -> list[Chapter]:
    """Return chapters of which none begins before the one before it ends."""
    found: list[Chapter] = []
    for one in sorted(chapters, key=lambda one: (one.at, one.to)):
        if found and found[-1].to > one.at:
            found[-1] = replace(found[-1], to=one.at)
        found.append(one)
    return [one for one in found if one.to > one.at]


def _same_merged(shown: Sequence[Chapter]) -> list[Chapter]:
    """Return slides with one that is shown twice in a row as one."""
    found: list[Chapter] = []
    for one in shown:
        if found and found[-1].number == one.number and found[-1].title == one.title:
            found[-1] = replace(found[-1], to=one.to)
        else:
            found.append(one)
    return found


def _outside(chapter: Chapter, questions: Sequence[Chapter]) -> list[Chapter]:
    """Return what of a slide's chapter no question takes up."""
    found, at = [], chapter.at
    for one in questions:
        if one.to <= at or one.at >= chapter.to:
            continue
        found.append(replace(chapter, at=at, to=one.at))
        at = one.to
    return [*found, replace(chapter, at=at)] if at < chapter.to else found


def _within(chapter: Chapter, start: int, end: int) -> Chapter:
    return replace(chapter, at=max(start, chapter.at), to=min(end, chapter.to))


def short(text: str) -> str:
    """Return a text as a title: one line, cut between words."""
    line = " ".join(text.split())
    if len(line) <= MAX_TITLE:
        return line
    return line[: MAX_TITLE - 1].rsplit(" ", 1)[0] + "…"


def chapter_cues(chapters: Iterable[Chapter]) -> list[Cue]:
    """Return chapters as the cues of a WebVTT file."""
    return [Cue(one.at, one.to, one.title) for one in chapters]
