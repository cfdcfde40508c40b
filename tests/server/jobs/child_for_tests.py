"""A child of a job that behaves as its first argument says."""

import os
import sys
import time
from pathlib import Path

from recordings.work import Hopeless, Teller, run


def work(tell: Teller) -> None:
    match sys.argv[1]:
        case "fine":
            _wait_for_niceness()
            tell(0.5, f"half, niceness {os.nice(0)}")
        case "hopeless":
            raise Hopeless("no-use", "There is nothing to do.")
        case "full":
            raise OSError(28, "No space left on device")
        case "mistake":
            raise ValueError("a mistake")
        case "nonsense":
            sys.stdout.write("no JSON\n")
        case "forever":
            Path(sys.argv[2]).write_text(f"{os.getpid()}\n")
            while True:
                time.sleep(0.1)


def _wait_for_niceness() -> None:
    end = time.monotonic() + 20
    while os.nice(0) == 0 and time.monotonic() < end:
        time.sleep(0.01)


if __name__ == "__main__":
    run(work)
