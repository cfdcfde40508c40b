"""`darsgoh recordings` beside a running server: list, verify, export, prune."""

import asyncio
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import pytest
import structlog
from typer.testing import CliRunner, Result

from server.__main__ import app
from server.recordings.tables import Recording
from tests.server.recordings.conftest import Replay


@pytest.fixture(autouse=True)
def _own_logs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)  # where no config.toml lies
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


async def call(replay: Replay, *arguments: str) -> Result:
    """Run a command on the data of the server, in a loop of its own."""
    data = replay.world.services.settings.data.directory
    variables = {"DARSGOH_DATA__DIRECTORY": str(data)}
    return await asyncio.to_thread(
        CliRunner().invoke, app, ["recordings", *arguments], env=variables
    )


async def answer(replay: Replay, *arguments: str) -> Any:
    result = await call(replay, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


async def test_recordings_are_listed_while_one_is_made_and_after(on_air: Replay) -> None:
    (live,) = await answer(on_air, "list")
    assert (live["lesson"], live["state"], live["length"]) == (on_air.lesson, "recording", 6000)
    on_air.world.clock.pass_time(seconds=6)
    await on_air.end()
    (over,) = await answer(on_air, "list")
    assert (over["state"], over["published"]) == ("ready", True)
    assert over["bytes"] == live["bytes"]
    shown = await call(on_air, "list")
    assert on_air.lesson in shown.stdout
    assert "0:00:06" in shown.stdout


async def test_a_recording_is_verified_while_it_grows_and_damage_ends_with_1(
    on_air: Replay,
) -> None:
    (report,) = await answer(on_air, "verify", "--decode", "all")
    assert (report["runs"], report["flaws"]) == (2, [])
    (on_air.made.folder / f"{on_air.camera}.mp4").unlink()
    result = await call(on_air, "verify", on_air.lesson)
    assert result.exit_code == 1
    assert f"{on_air.camera} at 0.000 s: its file is missing" in result.stdout


async def test_a_lesson_is_exported_once(replay: Replay, tmp_path: Path) -> None:
    target = tmp_path / "out"
    (made,) = await answer(replay, "export", "--to", str(target))
    with av.open(made["file"], "r") as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
    again = await call(replay, "export", "--to", str(target))
    assert again.stdout.strip() == f"{made['file']} (was there)"
    forced = await call(replay, "export", "--to", str(target), "--force")
    assert forced.stdout.strip() == made["file"]
    single = await answer(
        replay, "export", replay.lesson, "--to", str(target), "--single", "--track", "voice"
    )
    assert [one["tracks"] for one in single] == [["voice"]]


@pytest.mark.parametrize("lesson", ["../../etc", "x", "0197a3b0-0000-7000-8000-000000000001"])
async def test_a_lesson_that_is_none_is_one_sentence(replay: Replay, lesson: str) -> None:
    for command in ("verify", "export"):
        result = await call(replay, command, lesson)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert len(result.stderr.strip().splitlines()) == 1
        assert lesson in result.stderr


async def test_a_directory_that_can_not_be_made_is_one_sentence(
    replay: Replay, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    result = await call(replay, "export", "--to", str(tmp_path / "file" / "out"))
    assert result.exit_code == 1
    assert "can not be made" in result.stderr


async def test_pruning_obeys_the_course_and_the_days_to_bring_back(replay: Replay) -> None:
    assert await answer(replay, "prune") == []
    services = replay.world.services
    async with services.database.write() as session:
        recording = await session.get(Recording, replay.id)
        assert recording is not None
        recording.deleted_at = datetime.now(UTC) - timedelta(days=8)
    (planned,) = await answer(replay, "prune", "--dry-run")
    assert (planned["lesson"], planned["step"]) == (replay.lesson, "delete")
    assert planned["bytes"] > 1000
    assert replay.made.folder.is_dir()
    assert await answer(replay, "prune") == [planned]
    assert not replay.made.folder.exists()
    assert (await call(replay, "prune")).stdout.strip() == "Nothing is to be pruned."
