"""Folding: what is found whichever letters were at hand."""

import pytest

from server.folding import MAX_WORD, fold, words


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Ғафс, қанд, ҳаво, ҷавоб, ӯ, дӯсти", "гафс, канд, хаво, чавоб, у, дусти"),
        ("Чӣ хел? ЗАБОНӢ", "чи хел? забони"),
        ("Ёлка ёж", "елка еж"),
        ("ӢӮҒҚҲҶЁ", "иугкхче"),
        ("и\u0304 у\u0304 е\u0308", "и у е"),
        ("Café ＡＢＣ ﬁ", "cafe abc fi"),
        ("", ""),
    ],
)
def test_letters_fold_to_what_a_plain_keyboard_types(typed: str, folded: str) -> None:
    assert fold(typed) == folded
    assert fold(fold(typed)) == folded


def test_words_are_cut_and_free_of_signs() -> None:
    assert words("Чаро осмон — кабуд?! e=mc² a_b") == [
        "чаро", "осмон", "кабуд", "e", "mc2", "a", "b",
    ]  # fmt: skip
    assert words("я" * 100) == ["я" * MAX_WORD]
    assert words("🙂 \u200b …") == []
