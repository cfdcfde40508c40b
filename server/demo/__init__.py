"""A lesson that is really live, for newcomers: `darsgoh demo`.

The stage (people, a course, a live lesson) is made in the same tables as any other; the teacher is
a process of its own that signs in and publishes over WHIP like any encoder.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.settings import Settings


async def run(settings: "Settings", video: Path | None = None) -> None:
    """Serve the demo until SIGINT or SIGTERM; raises StartError."""
    from server.demo import show  # noqa: PLC0415 - the teacher's process needs none of it

    await show.run(settings, video)
