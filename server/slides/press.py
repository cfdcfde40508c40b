"""Uploaded files become pages: one process each, watched, and killed when it takes too long."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from server.errors import Invalid, Unavailable
from server.slides.draw import MAX_PAGES, MAX_TEXT, kind_of

log = structlog.get_logger(__name__)

PROCESSES = 1  # at once: the lesson that is on needs the rest of the machine
MAX_WAITING = 8  # files; each has a teacher behind it who can try again
RETRY_SECONDS = 30
LOOK_SECONDS = 60.0  # until it says how many pages there are; half a second on a quiet machine
PAGE_SECONDS = 60.0  # for the next page; a fifth of a second, and its CPU time is bounded anyway
MAX_LINE = 8 * MAX_TEXT  # bytes; JSON writes a letter of Tajik in six
NICENESS = 10

REFUSALS = {
    "not-slides": "Slides are PDF, PNG or JPEG.",
    "unreadable": "This file is damaged or locked.",
    "too-many-pages": f"A document may have {MAX_PAGES} pages.",
    "too-many-pixels": "This picture is too large.",
    "bad-shape": "This is too long and narrow to be a slide.",
    "too-heavy": "This file takes too much memory or time to be shown.",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it lies in the folder: width, height and bytes of each picture, and its text."""

    number: int
    images: tuple[tuple[int, int, int], ...]
    text: str


def refusal(code: str) -> Invalid:
    """Return what a teacher is told of a file that can not be shown."""
    return Invalid(code, REFUSALS[code], field="file")


class Press:
    """Reads files, one process after the other."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(PROCESSES)
        self._waiting = 0

    async def read(
        self, path: Path, folder: Path, progress: Callable[[int, int], None] | None = None
    ) -> list[Page]:
        """Return the pages of a file, their pictures written into a folder.

        `progress` is told pages done and all. Raises Invalid with a code of REFUSALS, or
        Unavailable when too many wait.
        """
        if self._waiting >= MAX_WAITING:
            raise Unavailable("busy", "Many files arrive just now.", retry_after=RETRY_SECONDS)
        self._waiting += 1
        try:
            if kind_of(await asyncio.to_thread(_head, path)) is None:
                raise refusal("not-slides")  # without a process
            async with self._turn:
                return await _read(path, folder, progress or (lambda _done, _all: None))
        finally:
            self._waiting -= 1


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(16)


def _command(path: Path, folder: Path) -> list[str]:
    return [
        sys.executable,
        "-m",
        "server.slides.draw",
        str(path.absolute()),
        str(folder.absolute()),
    ]


async def _read(path: Path, folder: Path, progress: Callable[[int, int], None]) -> list[Page]:
    process = await asyncio.create_subprocess_exec(
        *_command(path, folder),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=MAX_LINE,
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ.get("PATH", ""), "OPENBLAS_NUM_THREADS": "1"},
    )
    try:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        return await _listen(process, progress)
    except (TimeoutError, ValueError, KeyError, TypeError) as error:
        log.info("a file takes too long or says nonsense", reason=repr(error))
        raise refusal("too-heavy") from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()


async def _listen(process: Any, progress: Callable[[int, int], None]) -> list[Page]:
    count = int((await _line(process, LOOK_SECONDS))["pages"])
    pages: list[Page] = []
    while len(pages) < count:
        progress(len(pages), count)
        said = await _line(process, PAGE_SECONDS)
        images = tuple((int(w), int(h), int(size)) for w, h, size in said["images"])
        pages.append(Page(int(said["page"]), images, str(said["text"])))
    progress(count, count)
    return pages


async def _line(process: Any, seconds: float) -> dict[str, Any]:
    async with asyncio.timeout(seconds):
        said = json.loads(await process.stdout.readline() or b'{"refused": "too-heavy"}')
    if said.get("refused") in REFUSALS:
        raise refusal(said["refused"])
    return dict(said)
