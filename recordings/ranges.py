"""Byte ranges as they are asked for over HTTP (RFC 9110 §14): pure.

What is no range of ours is ignored, as the RFC allows: the whole is answered then.
"""

import re

MAX_DIGITS = 15  # a petabyte; a longer number is past the end of any file
_SPEC = re.compile(r"bytes=\s*([0-9]*)\s*-\s*([0-9]*)\s*")


class NotSatisfiable(Exception):  # noqa: N818  (the name says what happened)
    """The range begins after the end of the file."""


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the bytes [from, to) that are asked for, None for the whole; raises NotSatisfiable.

    More than one range is answered with the whole (RFC 9110 §14.2 lets a server ignore them).
    """
    spec = None if header is None else _SPEC.fullmatch(header)
    if spec is None or (not spec[1] and not spec[2]):
        return None
    first, last = (_number(text) for text in spec.groups())
    if first is None:
        if last == 0 or size == 0:
            raise NotSatisfiable
        return max(0, size - (last or 0)), size
    if last is not None and last < first:
        return None
    if first >= size:
        raise NotSatisfiable
    return first, size if last is None else min(size, last + 1)


def _number(text: str) -> int | None:
    if not text:
        return None
    return int(text) if len(text) <= MAX_DIGITS else int("9" * MAX_DIGITS)
