"""The child process of a job: what it says is heard, and it never outlives the server."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from server.jobs.child import ROOT, run_child
from server.jobs.runner import JobFailed, JobGone
from tests.media.waiting import PATIENCE

MODULE = "tests.server.jobs.child_for_tests"


class Heard:
    def __init__(self) -> None:
        self.told: list[tuple[float, str | None]] = []
        self.gone = False

    async def report(self, progress: float, line: str | None = None) -> None:
        self.told.append((progress, line))
        if self.gone:
            raise JobGone


async def test_a_child_is_heard_and_runs_at_low_priority() -> None:
    heard = Heard()
    await run_child(MODULE, ["fine"], heard.report)
    assert heard.told[0] == (0.5, "half, niceness 19")
    with pytest.raises(JobFailed) as refused:
        await run_child(MODULE, ["hopeless"], heard.report)
    assert refused.value.reason == "no-use"
    with pytest.raises(OSError, match="No space") as full:
        await run_child(MODULE, ["full"], heard.report)
    assert full.value.errno == 28
    with pytest.raises(RuntimeError, match="a mistake"):
        await run_child(MODULE, ["mistake"], heard.report)
    with pytest.raises(ValueError, match="Expecting"):
        await run_child(MODULE, ["nonsense"], heard.report)


async def test_a_child_is_killed_with_its_job(tmp_path: Path) -> None:
    heard = Heard()
    job = asyncio.create_task(run_child(MODULE, ["forever", str(tmp_path / "pid")], heard.report))
    pid = await asyncio.to_thread(_pid, tmp_path / "pid")
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert not _lives(pid)


def test_a_child_ends_when_the_server_is_killed(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\n"
        "from server.jobs.child import run_child\n"
        "async def report(progress, line=None): pass\n"
        "asyncio.run(run_child(sys.argv[1], sys.argv[2:], report))\n"
    )
    arguments = [sys.executable, "-c", code, MODULE, "forever", str(tmp_path / "pid")]
    server = subprocess.Popen(arguments, cwd=ROOT)
    pid = _pid(tmp_path / "pid")
    server.kill()
    server.wait()
    end = time.monotonic() + PATIENCE
    while _lives(pid):
        assert time.monotonic() < end
        time.sleep(0.05)


def _pid(path: Path) -> int:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if path.exists() and (text := path.read_text()).endswith("\n"):
            return int(text)
        time.sleep(0.02)
    raise AssertionError("the child did not begin")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")
