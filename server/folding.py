"""Folding text for search, so that it is found however its letters were typed."""

import re
import unicodedata
from collections.abc import Iterable

# What a keyboard without Tajik letters types instead, and the Russian letter nobody types.
_LETTERS = str.maketrans("ғӣқӯҳҷё", "гикухче")
_WORD = re.compile(r"[^\W_]+")
MAX_WORD = 24  # characters of a word that count; longer ones differ before that


def fold(text: str) -> str:
    """Return text in its one form for searching: no case, no accents, no Tajik hooks and bars."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    parts = unicodedata.normalize("NFKD", folded)
    bare = "".join(one for one in parts if not unicodedata.combining(one))
    return unicodedata.normalize("NFC", bare)


def words(text: str) -> list[str]:
    """Return the folded words of a text in their order, each cut to its first letters."""
    return [found[:MAX_WORD] for found in _WORD.findall(fold(text))]


def distinct(values: Iterable[str]) -> list[str]:
    """Return values without repeats, in the order they came first."""
    return list(dict.fromkeys(values))
