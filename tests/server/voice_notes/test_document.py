"""docs/voice-notes-protocol.md says what the code does."""

import re
from pathlib import Path

import pytest

from server.voice_notes import sound, uploads
from server.voice_notes.commands import COMMANDS
from server.voice_notes.states import Reason, State

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "voice-notes-protocol.md").read_text(encoding="utf-8")
CODE = "\n".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "server/voice_notes").glob("*.py")
)


def rows(heading: str) -> list[str]:
    """Return the first cells of the table under a heading."""
    part = re.split(r"^##+ ", DOCUMENT.split(f"# {heading}\n")[1], flags=re.MULTILINE)[0]
    return [row.split("|")[1].strip(" `") for row in part.splitlines() if row.startswith("| `")]


def test_every_command_and_event_is_described_and_no_other() -> None:
    assert set(rows("Commands")) == set(COMMANDS)
    assert set(rows("Events")) == set(re.findall(r'"(note\.[a-z]+)"', CODE)) - {"note.state"}


@pytest.mark.parametrize("word", [*State, *Reason])
def test_every_word_is_in_it(word: str) -> None:
    assert f"`{word}`" in DOCUMENT


@pytest.mark.parametrize("code", [*rows("Sending"), "note-unknown", "guest-on-air"])
def test_every_code_is_used(code: str) -> None:
    assert f'"{code}"' in CODE


def test_the_numbers_are_those_of_the_code() -> None:
    assert set(uploads.REFUSALS) <= set(rows("Sending"))
    assert f"at most {uploads.MAX_SIZE:,}" in DOCUMENT
    assert f"more than {sound.MAX_MS // 1000} s" in DOCUMENT
    assert f"less than {sound.MIN_MS / 1000} s" in DOCUMENT
    assert f"{uploads.MAX_WAITING} notes of this person" in DOCUMENT
    assert f"or {uploads.MAX_IN_LESSON} are in this lesson" in DOCUMENT
