"""A disk that is full at the start: one sentence, and nothing broken."""

from __future__ import annotations

import os
import resource
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent.parent
SERVE = [sys.executable, "-m", "server", "serve"]
PATIENCE = 90  # s; a start imports everything, on a machine that is busy with other tests
FIXED = {
    "DARSGOH_SERVER__PORT": "0",
    "DARSGOH_MEDIA__ADDRESS": "127.0.0.1",
    "DARSGOH_MEDIA__PORT": "0",
}
SMALL_DISK = "1m"
SMALL_FILE = 8192  # bytes; less than the first table needs


def refused(
    directory: Path,
    command: list[str] | None = None,
    setup: Callable[[], None] | None = None,
) -> str:
    """Start a server that must not come up, and return the one sentence it says."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("DARSGOH_")}
    ended = subprocess.run(
        command or SERVE,
        cwd=ROOT,
        env={**inherited, **FIXED, "DARSGOH_DATA__DIRECTORY": str(directory)},
        preexec_fn=setup,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )  # fmt: skip
    said = [line for line in ended.stderr.splitlines() if line and not line.startswith("{")]
    assert ended.returncode == 1, ended.stderr
    assert "Traceback" not in ended.stderr, ended.stderr
    assert "is open at" not in ended.stdout
    assert len(said) == 1, ended.stderr
    return said[0]


def may_mount() -> bool:
    """Return whether this process may have mounts of its own."""
    unshare = shutil.which("unshare")
    if os.geteuid() != 0 or unshare is None:
        return False
    probe = "mount -t tmpfs none /mnt"
    done = subprocess.run(
        [unshare, "-m", "sh", "-c", probe], capture_output=True, timeout=PATIENCE, check=False
    )
    return done.returncode == 0


def on_disk(directory: Path, options: str) -> list[str]:
    """Return the command that serves from a disk of its own, which no other process sees."""
    mount = f"mount -t tmpfs -o {options} none {shlex.quote(str(directory))}"
    return ["unshare", "-m", "sh", "-c", f"{mount} && exec {shlex.join(SERVE)}"]


def limit_files(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    if may_mount():
        said = refused(tmp_path, on_disk(tmp_path, f"size={SMALL_DISK}"))
        assert "MiB are free" in said
        assert "are needed" in said
    else:  # without a disk of our own: every file ends where the first table would begin
        refused(tmp_path, setup=limit_files(SMALL_FILE))


def test_a_file_that_could_not_grow_is_well_at_the_next_start(tmp_path: Path) -> None:
    assert str(tmp_path) in refused(tmp_path, setup=limit_files(SMALL_FILE))
    check = [sys.executable, "-m", "server", "doctor", "--json"]
    ended = subprocess.run(
        check,
        cwd=ROOT,
        env={**os.environ, **FIXED, "DARSGOH_DATA__DIRECTORY": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "Traceback" not in ended.stderr
    assert '"database", "state": "good"' in ended.stdout, ended.stdout


def test_a_read_only_disk_is_named(tmp_path: Path) -> None:
    if may_mount():
        said = refused(tmp_path, on_disk(tmp_path, "size=100m,ro"))
    else:  # without rights to mount, a directory we may not write does as well
        tmp_path.chmod(0o500)
        said = refused(tmp_path)
    assert str(tmp_path) in said
