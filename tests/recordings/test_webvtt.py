"""WebVTT: what is taken, what is refused with its line; nothing but words comes through."""

import re
from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.webvtt import MAX_CUES, MAX_SIZE, Cue, WebVttError, parse_webvtt, to_webvtt

HEAD = "WEBVTT\n\n"
TIMES = "00:01.000 --> 00:04.500\n"


def read(text: str) -> list[Cue]:
    return parse_webvtt(text.encode())


def test_a_file_is_read_as_it_stands_in_the_specification() -> None:
    file = (
        "\ufeffWEBVTT - a lesson\r\nKind: captions\r\n\r\nNOTE\r\nby Zarina\r\n\r\n"
        "STYLE\r\n::cue { background: url(https://evil.example) }\r\n\r\n"
        "REGION\r\nid:a\r\n\r\n"
        "1\r\n00:01.000 --> 00:04.500 align:start position:0%\r\n"
        "<v.loud Зарина>Як <b>байт</b> — ҳашт бит.\r\nНа камтар.</v>\r\n\r\n"
        "01:00:00.000\t-->\t100:00:00.250\r\n1 &lt; 2 &amp; 3\r\n"
    )
    assert read(file) == [
        Cue(1000, 4500, "Зарина: Як байт — ҳашт бит.\nНа камтар."),
        Cue(3_600_000, 360_000_250, "1 < 2 & 3"),
    ]


@pytest.mark.parametrize(
    ("file", "line", "reason"),
    [
        ("", 1, "does not begin with WEBVTT"),
        ("1\n00:00:01,000 --> 00:00:02,000\nSubRip\n", 1, "does not begin with WEBVTT"),
        ("WEBVTTX\n", 1, "does not begin with WEBVTT"),
        (HEAD + "00:00:01,000 --> 00:00:02,000\nComma\n", 3, "should be times"),
        (HEAD + "00:61.000 --> 00:70.000\nSeconds\n", 3, "should be times"),
        (HEAD + "-1:00.000 --> 00:02.000\nBefore\n", 3, "should be times"),
        (HEAD + "٠٠:٠١.٠٠٠ --> ٠٠:٠٢.٠٠٠\nDigits\n", 3, "should be times"),
        (HEAD + "only words\nand more\n", 4, "should be times"),
        (HEAD + "only words\n", 4, "should be times"),
        (HEAD + "00:04.000 --> 00:04.000\nNothing\n", 3, "ends before it begins"),
        (HEAD + "00:04.000 --> 00:01.000\nBack\n", 3, "ends before it begins"),
        (HEAD + "999:00:00.000 --> 999:00:01.000\nFar\n", 3, "later than any lesson"),
        (HEAD + TIMES + "One\n\n00:00.500 --> 00:00.600\nTwo\n", 6, "before the one before"),
        (HEAD + TIMES + "One\n" + TIMES + "Two\n", 3, "arrow stands in a text"),
        (HEAD + TIMES + "One\0Two\n", 4, "control character"),
        (HEAD + TIMES + "\x1b[31mred\n", 4, "control character"),
        (HEAD + TIMES + "a" * 1001, 3, "more than 1000 characters"),
        (HEAD + (TIMES + "x\n\n") * (MAX_CUES + 1), 3 * MAX_CUES + 3, "more than 20000 cues"),
        (HEAD + "\n" * MAX_SIZE, 1, "more than"),
    ],
    ids=range(19),
)
def test_what_is_wrong_is_named_with_its_line(file: str, line: int, reason: str) -> None:
    with pytest.raises(WebVttError, match=reason) as caught:
        read(file)
    assert caught.value.line == line


def test_another_encoding_is_named_with_its_line() -> None:
    with pytest.raises(WebVttError, match=r"line 4: this is not UTF-8"):
        parse_webvtt((HEAD + TIMES).encode() + "байт".encode("cp1251"))


@pytest.mark.parametrize(
    "words",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>picture",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "&#60;script&#62;alert(1)",
        "<scr<b>ipt>alert(1)</scr</b>ipt>",
        "\u202e<i>txet</i>",
        "&#8238;txet&#0;&#27;",
    ],
)
def test_no_markup_and_no_control_comes_through(words: str) -> None:
    (cue,) = read(HEAD + TIMES + words + "\n")
    written = to_webvtt([cue])
    payload = written.split("\n")[-2]
    assert not re.search("[<>\u202a-\u202e\x00-\x08\x1b]", payload), payload


def test_what_is_written_is_read_again() -> None:
    cues = [Cue(0, 1, "a & b <c> --> d"), Cue(1, 7_200_000, "Ду\nсатр")]
    assert parse_webvtt(to_webvtt(cues, "Automatic draft").encode()) == cues


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_are_captions_or_refused(data: bytes) -> None:
    for file in (data, b"WEBVTT\n\n" + data, (HEAD + TIMES).encode() + data):
        try:
            cues = parse_webvtt(file)
        except WebVttError:
            continue
        assert all(cue.at < cue.to and cue.text for cue in cues)
        assert [cue.at for cue in cues] == sorted(cue.at for cue in cues)


@pytest.mark.parametrize(
    "piece", ["<v ", "<v  ", "<", "<v.a", "&", "&#", " ", "\t-->", "00:00.000 ", "-->\n"]
)
def test_a_file_made_to_be_slow_is_not(piece: str) -> None:
    data = (HEAD + TIMES + piece * (MAX_SIZE // len(piece) - 100)).encode()
    before = process_time()
    with suppress(WebVttError):
        parse_webvtt(data)
    assert process_time() - before < 30  # seconds; a quadratic reader takes hours
