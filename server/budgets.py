"""Obey what students are ready to spend: count what each was sent, and send less in time."""

from typing import TYPE_CHECKING

from media.rooms import Rooms
from media.transport import stats_of

if TYPE_CHECKING:
    from media._engine import TransportStats

LOOK_SECONDS = 5.0  # between two looks; at 3 Mbit/s two megabytes go by
HEADERS = 28  # bytes of IPv4 and UDP around each packet, which are paid for, too


async def look(rooms: Rooms) -> None:
    """Take into account what everybody with a budget has been sent."""
    watched = [one for room in rooms for one in room.subscriptions() if one.left is not None]
    found = await stats_of([one.transport for one in watched])
    for one, stats in zip(watched, found, strict=True):
        if stats is not None:
            one.note_sent(on_the_wire(stats))


def on_the_wire(stats: "TransportStats") -> int:
    """Return the bytes that a subscriber's network has counted."""
    return stats["bytes_sent"] + HEADERS * stats["packets_sent"]
