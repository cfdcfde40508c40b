"""What of a recording an object store has, as `stored.jsonl` in its folder tells. Blocks.

A line is written once the store has the file and was asked for it again, so that a kill at any
moment costs at most a second sending.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from recordings.catalogue import INDEX_NAME, RUN_SUFFIX, Catalogue

if TYPE_CHECKING:
    from pathlib import Path

STORED_NAME: Final = "stored.jsonl"
DROPPED: Final = -1  # the size of what was deleted here, and in the store, too
FOLDERS: Final = ("stills", "captions")  # that go to the store with the runs and the index


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as the store has it: its name in the recording's folder, size and time in ns."""

    name: str
    size: int
    changed: int
    tag: str = ""


def read_stored(folder: Path) -> dict[str, Stored]:
    """Return what the store has of a recording, by name; a torn line is passed over."""
    found: dict[str, Stored] = {}
    try:
        lines = (folder / STORED_NAME).read_bytes().splitlines()
    except FileNotFoundError:
        return found
    for line in lines:
        try:
            one = Stored(**json.loads(line))
        except (TypeError, ValueError):
            continue
        found[one.name] = one
    return {name: one for name, one in found.items() if one.size != DROPPED}


def note_stored(folder: Path, one: Stored) -> None:
    """Note that the store has a file; raises OSError."""
    line = json.dumps(asdict(one), separators=(",", ":")).encode()
    with (folder / STORED_NAME).open("ab") as file:
        file.write(b"\n" + line + b"\n")  # what a kill tore off ends here
        file.flush()
        os.fdatasync(file.fileno())


def away(folder: Path) -> set[str]:
    """Return the runs that the store has and this disk has not."""
    names = {name.removesuffix(RUN_SUFFIX) for name in read_stored(folder) if _is_run(name)}
    return {name for name in names if not (folder / f"{name}{RUN_SUFFIX}").exists()}


def mark(folder: Path) -> tuple[int, ...]:
    """Return what changes when a recording does; cheap."""
    marks = []
    for name in (INDEX_NAME, *FOLDERS):
        try:
            marks.append((folder / name).stat().st_mtime_ns)
        except FileNotFoundError:
            marks.append(0)
    return tuple(marks)


def unsent(folder: Path) -> list[Stored]:
    """Return the files that are complete and not in the store as they are now."""
    catalogue = Catalogue()
    try:
        catalogue.feed((folder / INDEX_NAME).read_bytes())
    except FileNotFoundError:
        return []
    names = [
        f"{run.name}{RUN_SUFFIX}" for run in catalogue.runs.values() if catalogue.is_closed(run)
    ]
    names += [INDEX_NAME] if catalogue.ended else []
    for inner in FOLDERS:
        found = (folder / inner).iterdir() if (folder / inner).is_dir() else ()
        names += sorted(f"{inner}/{path.name}" for path in found if path.is_file())
    there, waiting = read_stored(folder), []
    for name in names:
        try:
            status = (folder / name).stat()
        except FileNotFoundError:
            continue
        known = there.get(name)
        if known is None or (known.size, known.changed) != (status.st_size, status.st_mtime_ns):
            waiting.append(Stored(name, status.st_size, status.st_mtime_ns))
    return waiting


def dropped(folder: Path) -> list[str]:
    """Return the captions that the store has and that people deleted here."""
    known = [name for name in read_stored(folder) if name.startswith("captions/")]
    return [name for name in known if not (folder / name).exists()]


def let_go(folder: Path, before: float) -> int:
    """Delete the runs of an ended recording that the store has; return how many bytes.

    Those that were written or brought back after `before`, in Unix seconds, stay.
    """
    catalogue, freed = Catalogue(), 0
    try:
        catalogue.feed((folder / INDEX_NAME).read_bytes())
    except FileNotFoundError:
        return 0
    if not catalogue.ended or unsent(folder):
        return 0
    for name, one in read_stored(folder).items():
        path = folder / name
        if _is_run(name) and path.exists() and path.stat().st_mtime < before:
            path.unlink()
            freed += one.size
    return freed


def _is_run(name: str) -> bool:
    return "/" not in name and name.endswith(RUN_SUFFIX)
