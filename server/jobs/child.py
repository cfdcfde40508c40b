"""Work of a job in a child process of low priority, which says how far it is line by line.

The child is a module of ours. It says one JSON object a line on its standard output: `{"progress":
0.5}`, `{"progress": 0.5, "line": "…"}`, or `{"failed": "code", "line": "…"}` (or `errno` instead of
`failed`) and nothing after it.
It is killed when the job is cancelled, and when it says nothing for too long. Its standard input
ends when the server does, and it then ends itself (recordings/work.py is its side of all this).
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from server.jobs.runner import JobFailed, Report

NICENESS = 19  # the lessons that are on come first
SILENCE_SECONDS = 300.0  # a child says how far it is every second; a disk may stall for a minute
MAX_LINE = 64 * 1024  # bytes
TAIL = 300  # characters of what it said last on its standard error
ROOT = Path(__file__).parents[2]


async def run_child(module: str, arguments: Sequence[str], report: Report) -> None:
    """Run a module to its end; raises JobFailed, OSError or RuntimeError when it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=MAX_LINE,
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", ""), "OPENBLAS_NUM_THREADS": "1"},
        start_new_session=True,  # an interrupt from the terminal is the server's to pass on
    )
    errors = asyncio.create_task(_tail(process.stderr))
    try:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        await _listen(process, report)
        code = await process.wait()
        if code != 0:
            raise RuntimeError(f"the child ended with {code}: {await errors}")
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        errors.cancel()


async def _listen(process: Any, report: Report) -> None:
    while True:
        async with asyncio.timeout(SILENCE_SECONDS):
            line = await process.stdout.readline()
        if not line:
            return
        said = json.loads(line)
        if number := said.get("errno"):
            raise OSError(number, said["line"])
        if reason := said.get("failed"):
            raise JobFailed(reason, said["line"])
        await report(float(said["progress"]), said.get("line"))


async def _tail(stream: Any) -> str:
    """Return the end of what a stream says."""
    tail = b""
    while data := await stream.read(MAX_LINE):
        tail = (tail + data)[-4 * TAIL :]
    return tail.decode("utf-8", "replace").strip()[-TAIL:]
