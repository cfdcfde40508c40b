"""Deleting the files of recordings."""

import uuid
from collections.abc import Iterable
from functools import partial

from server.services import Services


async def remove_files(services: Services, lessons: Iterable[uuid.UUID]) -> None:
    """Delete the files of recordings for good.

    Only what somebody deleted: a folder that the database does not know may be all that is left.
    """
    shelf = services.recordings
    for lesson in lessons:
        await shelf.run(partial(shelf.remove, lesson))
