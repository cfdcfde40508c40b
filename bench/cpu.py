"""What other processes use: CPU time, user and system together, in nanoseconds; and memory.

The kernel keeps CPU time exactly; /proc/PID/stat shows it only in hundredths of a second.
"""

import contextlib
import os
import time
from pathlib import Path

from bench.errors import BenchError

_THREAD, _PROCESS = (
    6,
    2,
)  # CPUCLOCK_SCHED, with or without CPUCLOCK_PERTHREAD (linux/posix-timers.h)


def hurry() -> None:
    """Run before all ordinary programs where we may, so that they are not measured.

    Children follow. On a machine where nothing else runs it changes nothing.
    """
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def process_ns(pid: int) -> int:
    """Return the CPU time of all threads of a process."""
    return time.clock_gettime_ns(((~pid) << 3) | _PROCESS)


def thread_ns(tid: int) -> int:
    """Return the CPU time of one thread, of this process only."""
    return time.clock_gettime_ns(((~tid) << 3) | _THREAD)


def rss_kib(pid: int) -> float:
    """Return how much memory a process has in RAM, in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return float(line.split()[1])
    raise BenchError("the process has ended")
