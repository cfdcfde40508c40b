"""A program of the bench in a process of its own, which tells where it is and waits for our end."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from bench.errors import BenchError


@contextlib.contextmanager
def running(module: str, *arguments: object) -> Iterator[tuple["subprocess.Popen[str]", Any]]:
    """Run `python -m MODULE ARGUMENTS` until the block ends; yield it and its first line."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, read_line(process)
    finally:
        process.communicate()


def read_line(process: "subprocess.Popen[str]") -> Any:
    """Return what the process says next; raises BenchError when it has ended."""
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        raise BenchError("a process of the bench has ended; see its message above")
    return json.loads(line)
