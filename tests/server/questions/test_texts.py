"""Texts: what is taken out, what is kept, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import Invalid
from server.questions.texts import MAX_TEXT, clean, clean_label, clean_text


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("  Чаро?\r\nЗеро…\r ", "Чаро?\nЗеро…"),
        ("a\0b\x07c\x1b[31m", "abc[31m"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("cut emoji \ud83d!", "cut emoji !"),
        ("whole 👩‍🏫 🇹🇯", "whole 👩‍🏫 🇹🇯"),
        ("سلام\u200f", "سلام\u200f"),
        ("и\u0304", "ӣ"),
        ("z" + "\u0301" * 50, "ź\u0301\u0301\u0301\u0301"),
        ("\ufffe\uffff\ufdd0x\ue000", "x"),
        ("<script>alert(1)</script> & 'x' \"y\"", "<script>alert(1)</script> & 'x' \"y\""),
    ],
)
def test_only_what_harms_is_taken_out(sent: str, kept: str) -> None:
    assert clean_text(sent) == kept


@pytest.mark.parametrize("sent", ["", " ", "\n\t", "\0", "\u202e", "\u200b\u200d", "\ud800"])
def test_nothing_to_read_is_refused(sent: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_text(sent)
    assert refused.value.code == "text-empty"


@pytest.mark.parametrize("sent", ["я" * (MAX_TEXT + 1), "a\n" * 40 + "a"])
def test_too_much_is_refused(sent: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_text(sent)
    assert refused.value.code == "text-too-long"


def test_the_limit_itself_is_allowed() -> None:
    assert clean_text("я" * MAX_TEXT) == "я" * MAX_TEXT


def test_labels_are_one_line() -> None:
    assert clean_label(" home \n work ", 40) == "home work"
    assert clean_label(" \u202e ", 40) is None
    with pytest.raises(Invalid):
        clean_label("x" * 41, 40)


@given(st.text(st.characters(), max_size=200))
def test_cleaned_text_is_clean_and_can_be_kept(sent: str) -> None:
    cleaned = clean(sent)
    assert clean(cleaned) == cleaned
    assert "\0" not in cleaned
    cleaned.encode("utf-8")
