"""Hold the checklist of the SFU to the tests it names."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGINE = ROOT / "media" / "engine"
CHECKLIST = ROOT / "docs" / "sfu-checklist.md"

ITEM = re.compile(r"^- \[(.)\] (.+?)(?=^- \[|^#|\Z)", re.MULTILINE | re.DOTALL)
TEST = re.compile(r"`([\w/]+\.(?:rs|py))::(\w+)`")


def items() -> list[tuple[str, str]]:
    """Return the mark and the text of every line of the list."""
    return [(mark, text) for mark, text in ITEM.findall(CHECKLIST.read_text(encoding="utf-8"))]


def exists(file: str, name: str) -> bool:
    """Say whether a file has a test of this name."""
    rust = file.endswith(".rs")
    path = (ENGINE if rust else ROOT) / file
    keyword = "fn" if rust else "def"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return re.search(rf"^\s*(?:async )?{keyword} {name}\(", text, re.MULTILINE) is not None


def test_every_test_that_is_named_exists() -> None:
    named = [test for _, text in items() for test in TEST.findall(text)]
    assert len(named) > 100
    assert [f"{file}::{name}" for file, name in named if not exists(file, name)] == []


@pytest.mark.parametrize(
    ("mark", "fault"),
    [("x", "is ticked without a test"), (" ", "is open and names a test: tick it")],
)
def test_a_line_is_ticked_where_a_test_shows_it_and_only_there(mark: str, fault: str) -> None:
    wrong = [
        text
        for found, text in items()
        if found == mark and bool(TEST.search(text)) == (mark == " ")
    ]
    assert wrong == [], fault


def test_a_line_is_done_open_or_left_out_for_a_reason() -> None:
    assert {mark for mark, _ in items()} <= {"x", " ", "-"}
    assert [text for mark, text in items() if mark == "-" and ":" not in text] == []


def test_the_check_would_notice() -> None:
    assert not exists("tests/fuzz_brief.rs", "nothing_of_this_name")
    assert not exists("tests/no_such_file.py", "test_anything")
