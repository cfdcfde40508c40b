"""The real process that drafts captions, with the stand-in model where the package would be."""

import sys
from pathlib import Path

from recordings.captioning import work
from recordings.work import run

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent / "stand_in"))
    run(work)
