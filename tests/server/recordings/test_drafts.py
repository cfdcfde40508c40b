"""Drafts of captions as jobs: real process, real sound, a stand-in for the model."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

import tests.recordings as beside
from server.recordings import drafts
from tests.media.waiting import PATIENCE
from tests.server.conftest import problem
from tests.server.recordings.conftest import Replay
from tests.server.recordings.test_captions import VTT, bring, listed, path, read

STAND_IN = Path(beside.__file__).parent / "stand_in"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-in where `pip install darsgoh[captions]` puts the real one."""
    monkeypatch.syspath_prepend(str(STAND_IN))
    monkeypatch.setattr(drafts, "MODULE", "tests.recordings.captioning_child")


async def over(replay: Replay, failures: int = 0) -> dict[str, Any]:
    """Wait until the newest job is over, or has failed so often."""
    async with asyncio.timeout(3 * PATIENCE):
        while True:
            answer = await replay.teacher.get(f"/api/jobs?lesson={replay.lesson}")
            jobs = [one for one in (await answer.json())["jobs"] if one["kind"] == drafts.KIND]
            newest = jobs[0]
            if newest["state"] in ("done", "failed") or 0 < failures <= newest["failures"]:
                return dict(newest)
            await asyncio.sleep(0.1)


async def ask(replay: Replay, language: str = "ru") -> Any:
    return await replay.teacher.post(path(replay, language, "/draft"))


@pytest.mark.usefixtures("installed")
async def test_a_draft_is_made_and_labelled_and_goes_on_after_a_kill(replay: Replay) -> None:
    facts = await (await replay.teacher.get(replay.api())).json()
    assert facts["drafts"] == {"installed": True, "languages": ["en", "ru"]}
    answer = await ask(replay)
    assert answer.status == 202, await answer.text()
    again = await ask(replay)
    assert (await again.json())["id"] == (await answer.json())["id"]
    # The first process dies in the middle; the runner tries again, in time.
    await over(replay, failures=1)
    replay.world.clock.pass_time(hours=1)
    replay.world.services.jobs.wake()
    job = await over(replay)
    assert (job["state"], job["progress"]) == ("done", 1.0), job
    assert await listed(replay.student, replay) == [{"language": "ru", "automatic": True}]
    (row,) = await listed(replay.teacher, replay)
    assert (row["by"], row["automatic"], row["cues"]) == (None, True, 3)
    text = await read(replay.student, replay, "ru")
    assert "NOTE Automatic draft" in text
    assert "ru &lt;b&gt;2&lt;/b&gt;" in text, "what a model says is text, too"
    assert not list((replay.made.folder / "captions").glob("*.jsonl"))
    # a person reads it over and brings it: it is no draft any more, and stays
    await bring(replay.teacher, replay, VTT, "ru")
    assert await listed(replay.student, replay) == [{"language": "ru", "automatic": False}]
    assert await problem(await ask(replay)) == (409, "captions-there")


@pytest.mark.usefixtures("installed")
async def test_a_draft_never_takes_the_place_of_what_a_person_brings_meanwhile(
    replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(*_: object) -> None:
        assert (await bring(replay.teacher, replay, VTT, "ru")).status == 200
        line = '{"model":"small","run":"voice-0001","at":0,"cues":[[0,900,"late"]]}\n'
        file = replay.made.folder / "captions" / "ru.draft.jsonl"
        file.write_text(line)

    monkeypatch.setattr(drafts, "run_child", slow)
    await ask(replay)
    job = await over(replay)
    assert (job["state"], job["reason"]) == ("failed", "captions-there")
    assert "Салом" in await read(replay.student, replay, "ru")


async def test_without_the_extra_or_a_model_it_says_so(
    replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "find_spec", lambda _name: None)
    assert await problem(await ask(replay)) == (409, "captions-not-installed")
    facts = await (await replay.teacher.get(replay.api())).json()
    assert facts["drafts"]["installed"] is False
    monkeypatch.setattr(drafts, "find_spec", lambda name: name)
    assert await problem(await ask(replay, "tg")) == (409, "captions-no-model")
    assert (await replay.student.post(path(replay, "ru", "/draft"))).status == 403
    assert (await replay.outsider.post(path(replay, "ru", "/draft"))).status == 404


async def test_a_server_without_the_extra_ends_an_old_job_with_its_reason(
    replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "find_spec", lambda name: name)
    assert (await ask(replay)).status == 202
    job = await over(replay)
    assert (job["state"], job["reason"]) == ("failed", "captions-not-installed")
    assert "pip install" in job["log"][-1]["text"]
