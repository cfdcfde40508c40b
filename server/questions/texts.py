"""Text of questions and answers: kept as it was meant, without what only does harm."""

import unicodedata

from server.errors import Invalid

MAX_TEXT = 1000  # characters of a question or an answer: read aloud in a minute
MAX_SENT = 4 * MAX_TEXT  # characters accepted before cleaning; far more than cleaning takes out
_MAX_LINES = 40  # more would push everybody else's questions off the page
_MAX_MARKS = 4  # combining marks in a row; Vietnamese and Arabic need two or three
# Directions that would turn the text around it as well (Unicode TR 36), and line separators.
_HARMFUL = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\ufeff")
_KEPT = frozenset("\t\n")
_HIDDEN = frozenset({"Cc", "Cs", "Co"})


def _is_kept(character: str) -> bool:
    if character in _KEPT:
        return True
    code = ord(character)
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:  # noncharacters: no file keeps them
        return False
    return character not in _HARMFUL and unicodedata.category(character) not in _HIDDEN


def _few_marks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def clean(text: str) -> str:
    """Return text without NUL, lone surrogates, controls, direction overrides and stacked marks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(one for one in lines if _is_kept(one))
    return _few_marks(unicodedata.normalize("NFC", kept)).strip()


def _is_empty(text: str) -> bool:
    return not any(unicodedata.category(one)[0] in "LNPS" for one in text)


def clean_text(text: str) -> str:
    """Return a question's or an answer's text; raises Invalid when nothing or too much is left."""
    cleaned = clean(text)
    if _is_empty(cleaned):
        raise Invalid("text-empty", "There is nothing to read in this.", field="text")
    if len(cleaned) > MAX_TEXT or cleaned.count("\n") >= _MAX_LINES:
        raise Invalid(
            "text-too-long",
            f"A text may have {MAX_TEXT} characters in {_MAX_LINES} lines.",
            field="text",
        )
    return cleaned


def clean_label(text: str, longest: int) -> str | None:
    """Return a label of one line, or None for an empty one; raises Invalid."""
    line = " ".join(clean(text).split())
    if len(line) > longest:
        raise Invalid("text-too-long", f"A label may have {longest} characters.", field="label")
    return None if _is_empty(line) else line
