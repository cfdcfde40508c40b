"""The side of the child in the work of a background job: what it says, and when it ends itself.

One JSON object a line on standard output: `{"progress": 0.5, "line": "…"}`, and at the end of what
can not be done `{"failed": "code", "line": "…"}`, or `{"errno": 28, "line": "…"}` when the system
has refused something. Standard input ends when the server does: nobody would hear of the work.
"""

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SAY_SECONDS = 0.5  # between reports of progress; people look once a second
# When memory runs out the kernel takes this process rather than the server.
OOM_FILE, OOM_SCORE = Path("/proc/self/oom_score_adj"), "900"


class Hopeless(Exception):  # noqa: N818  (the name says what happened)
    """The work can not be done, however often it is tried; `code` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Teller:
    """Says how far the work is."""

    def __init__(self) -> None:
        self._said = float("-inf")

    def __call__(self, progress: float, line: str | None = None) -> None:
        """Say a progress, 0 to 1; without a line now and then only."""
        now = time.monotonic()
        if line is None and now - self._said < SAY_SECONDS:
            return
        self._said = now
        _say({"progress": round(progress, 4), **({} if line is None else {"line": line})})


def run(work: Callable[[Teller], None]) -> None:
    """Do the work of this process; ends it."""
    threading.Thread(target=_end_with_server, daemon=True).start()
    with contextlib.suppress(OSError):
        OOM_FILE.write_text(OOM_SCORE, encoding="ascii")
    try:
        work(Teller())
    except Hopeless as error:
        _say({"failed": error.code, "line": str(error)})
    except OSError as error:
        _say({"errno": error.errno or 0, "line": str(error)})


def _end_with_server() -> None:
    while os.read(0, 1):  # not sys.stdin, which is locked while it is read
        pass
    os._exit(1)


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()
