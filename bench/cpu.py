"""CPU time of other processes and threads, user and system together, in nanoseconds.

The kernel keeps it exactly; /proc/PID/stat shows the same sum only in hundredths of a second.
"""

import contextlib
import os
import time

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
