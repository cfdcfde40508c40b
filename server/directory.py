"""The data directory: made, with space left on its disk, and ours alone."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from server.errors import StartError
from server.settings import Settings

LOCK_FILE = "lock"
MIN_FREE = 64 * 1024 * 1024  # bytes; below, the database could not even take a lesson's events
LOW_DISK = 256 * 1024 * 1024  # bytes kept for the database, so that full disks hurt recordings only


def prepare_directory(settings: Settings) -> Path:
    """Make the data directory; raises StartError when it can not be used or its disk is full."""
    directory = settings.data.directory
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o750)
        free = shutil.disk_usage(directory).free
    except OSError as error:
        raise StartError(
            f"The data directory {directory} can not be made: {error.strerror}; "
            "set data.directory to one that can be written."
        ) from error
    if free < MIN_FREE:
        raise StartError(
            f"Only {free // 1024**2} MiB are free on the disk of {directory}; "
            f"at least {MIN_FREE // 1024**2} MiB are needed."
        )
    return directory


@contextmanager
def hold_directory(directory: Path) -> Iterator[None]:
    """Keep a second server from using the same data; raises StartError if one does."""
    with _open_lock(directory / LOCK_FILE) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartError(f"Another Darsgoh is already running on {directory}.") from error
        yield


def _open_lock(path: Path) -> TextIO:
    try:
        return path.open("w")
    except OSError as error:
        raise StartError(
            f"The file {path} can not be written: {error.strerror}; check its owner and its disk."
        ) from error


def disk_trouble(directory: Path) -> str | None:
    """Return what is wrong with the disk the data lies on, as a sentence."""
    try:
        free = shutil.disk_usage(directory).free
    except OSError as error:
        return f"The data directory can not be used: {error.strerror}."
    if not os.access(directory, os.W_OK):
        return "The data directory can not be written."
    if free < LOW_DISK:
        return f"Only {free // 1024**2} MiB are free on the data disk."
    return None
