"""Chapters."""

from recordings.chapters import Answered, Chapter, Kind, Shown, chapter_cues, make_chapters, short
from recordings.webvtt import to_webvtt


def told(chapters: list[Chapter]) -> list[tuple[int, int, str]]:
    return [(one.at, one.to, one.title) for one in chapters]


def test_questions_stand_between_the_pieces_of_a_slide() -> None:
    found = make_chapters(
        [Answered(7, "Why?", 30_000, 50_000)],
        [Shown(1, "Light", 0), Shown(2, "Shadow", 90_000)],
        0,
        120_000,
    )
    assert told(found) == [
        (0, 30_000, "Light"),
        (30_000, 50_000, "Why?"),
        (50_000, 90_000, "Light"),
        (90_000, 120_000, "Shadow"),
    ]


def test_a_slide_passed_over_is_no_chapter_and_a_short_answer_is_one() -> None:
    found = make_chapters(
        [Answered(1, "Yes?", 20_000, 22_000)], [Shown(1, "A", 0), Shown(2, "B", 5000)], 0, 22_000
    )
    assert told(found) == [(5000, 20_000, "B"), (20_000, 22_000, "Yes?")]


def test_an_answer_under_way_reaches_to_the_end_and_overlaps_are_cut() -> None:
    found = make_chapters([Answered(1, "A", 0, None), Answered(2, "B", 5000, None)], [], 0, 9000)
    assert told(found) == [(0, 5000, "A"), (5000, 9000, "B")]


def test_chapters_lie_within_what_is_shown() -> None:
    found = make_chapters(
        [Answered(1, "Before", 0, 900)], [Shown(1, "A", 0), Shown(1, "A", 3000)], 1000, 50_000
    )
    assert told(found) == [(1000, 50_000, "A")]


def test_webvtt_can_not_be_broken_by_a_question() -> None:
    text = "<b>a</b> -->\n\n00:00:00.000 --> 00:00:09.000 & NOTE"
    file = to_webvtt(chapter_cues([Chapter(0, 3_723_004, short(text), Kind.QUESTION, 1)]))
    assert file.count("-->") == 1
    assert "00:00:00.000 --> 01:02:03.004\n&lt;b&gt;a&lt;/b&gt; --&gt;" in file


def test_a_long_title_is_cut_between_words() -> None:
    title = short("word " * 100)
    assert len(title) <= 120
    assert title.endswith("word…")
