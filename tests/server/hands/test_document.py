"""docs/speaking-protocol.md says what the code does."""

import re
from pathlib import Path

import pytest

from server.hands import queue, store
from server.hands.commands import COMMANDS, MAX_LIMIT, MIN_LIMIT, MIN_MORE
from server.hands.floor import AWAY_MS, INVITED_MS
from server.hands.states import Reason, State, Verdict

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "speaking-protocol.md").read_text(encoding="utf-8")
CODE = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "server/hands").glob("*.py"))


def rows(heading: str) -> list[str]:
    """Return the first cells of the table under a heading."""
    part = re.split(r"^##+ ", DOCUMENT.split(f"# {heading}\n")[1], flags=re.MULTILINE)[0]
    return [row.split("|")[1] for row in part.splitlines() if row.startswith("| `")]


def test_every_command_is_described_and_no_other() -> None:
    assert {cell.strip(" `") for cell in rows("Commands")} == set(COMMANDS)


def test_every_event_is_described_and_no_other() -> None:
    described = set(re.findall(r"`([a-z.]+)`", "".join(rows("Events"))))
    assert described == set(re.findall(r'"((?:hand|hands|turn)\.[a-z]+)"', CODE))


@pytest.mark.parametrize("code", ["hand-unknown", "hand-state", "hands-paused", "too-many-hands"])
def test_every_code_is_described_and_used(code: str) -> None:
    assert f"| `{code}` |" in DOCUMENT
    assert f'"{code}"' in CODE


@pytest.mark.parametrize("word", [*State, *Reason, *Verdict])
def test_every_word_is_in_it(word: str) -> None:
    assert word in DOCUMENT


def test_the_numbers_are_those_of_the_code() -> None:
    assert f"`limit?` ({MIN_LIMIT} to {MAX_LIMIT:,} s or null)" in DOCUMENT
    assert f"`seconds` ({MIN_MORE} to {MAX_LIMIT:,})" in DOCUMENT
    assert f"First {store.FIRST_LIMIT} s" in DOCUMENT
    assert f"{queue.MAX_HANDS} hands are up" in DOCUMENT
    assert f"at most {queue.MAX_HANDS}" in DOCUMENT
    assert f"- {queue.FIRST_LIFT_MS:,} if" in DOCUMENT
    assert f"as far back as {queue.BACKDATE_MS // 1000} s" in DOCUMENT
    assert f"| {AWAY_MS // 1000} s without a page" in DOCUMENT
    assert f"| {INVITED_MS // 1000} s without an answer" in DOCUMENT
