"""docs/class-protocol.md says what the code does."""

import re
from pathlib import Path

import pytest

from server import health
from server.health import Health
from server.polls import live, pulse, store, tables
from server.polls.events import COMMANDS
from server.polls.states import State

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "class-protocol.md").read_text(encoding="utf-8")
CODE = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "server/polls").glob("*.py"))


def test_every_command_is_described_and_no_other() -> None:
    assert set(re.findall(r"^\| `(poll_\w+)` \|", DOCUMENT, re.MULTILINE)) == set(COMMANDS)


def test_every_event_is_described_and_no_other() -> None:
    described = set(re.findall(r"`(poll\.\w+)`", DOCUMENT))
    assert described == set(re.findall(r'"(poll\.\w+)"', CODE))


@pytest.mark.parametrize(
    "code",
    [
        "poll-unknown",
        "poll-state",
        "poll-open",
        "choice-unknown",
        "choice-single",
        "too-many-polls",
    ],
)
def test_every_code_is_described_and_used(code: str) -> None:
    assert f"| `{code}` |" in DOCUMENT
    assert f'"{code}"' in CODE


@pytest.mark.parametrize("word", [*State, *Health])
def test_every_word_is_in_it(word: str) -> None:
    assert word.replace("-", " ") in DOCUMENT


def test_the_numbers_are_those_of_the_code() -> None:
    assert f"no report for {health.REPORT_MS // 1000} s" in DOCUMENT
    assert f"loss of {health.LOSS_SOUND:.0%}".replace("%", " %") in DOCUMENT
    assert f"loss of {health.LOSS_SLOW:.0%}".replace("%", " %") in DOCUMENT
    assert f"until below {health.LOSS_BETTER:.0%}".replace("%", " %") in DOCUMENT
    assert f"over {health.SLOW_TRIP_MS} ms" in DOCUMENT
    assert f"at most {health.MAX_DEVICES} pages" in DOCUMENT
    assert f"0 to {health.MAX_MS:,}" in DOCUMENT
    assert f"0 to {health.MAX_FRAMES:,}" in DOCUMENT
    assert f"looked at every {live.LOOK_SECONDS:.0f} s" in DOCUMENT
    assert f"whole for {pulse.FRESH_MS // 1000} s" in DOCUMENT
    assert f"after {pulse.GONE_MS // 1000} s" in DOCUMENT
    assert f"up to {tables.TEXT_LENGTH} characters" in DOCUMENT
    assert f"{tables.MIN_OPTIONS} to {tables.MAX_OPTIONS} options" in DOCUMENT
    assert f"up to {tables.OPTION_LENGTH} each" in DOCUMENT
    assert f"| {store.MAX_POLLS} polls are in" in DOCUMENT
