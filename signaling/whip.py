"""Publish over WHIP (RFC 9725): which sources a door takes, and how an offer becomes them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from media.types import Source
from signaling.answers import AnsweredMedia
from signaling.capabilities import negotiate
from signaling.errors import SdpError, Unprocessable
from signaling.grants import Right
from signaling.sdp import Direction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from media.room import Publication, Room
    from media.types import Kind
    from signaling.capabilities import Negotiated
    from signaling.grants import Grant
    from signaling.sdp import Offer, OfferedMedia


class Entrance(StrEnum):
    """The last part of a publishing address."""

    CAMERA = "camera"
    SCREEN = "screen"
    GUEST = "guest"


SOURCES: Mapping[Entrance, Mapping[Kind, Source]] = {
    Entrance.CAMERA: {"video": Source.CAMERA, "audio": Source.VOICE},
    Entrance.SCREEN: {"video": Source.SCREEN},
    Entrance.GUEST: {"video": Source.GUEST_CAMERA, "audio": Source.GUEST_VOICE},
}
RIGHTS: Mapping[Entrance, frozenset[Right]] = {
    Entrance.CAMERA: frozenset({Right.PUBLISH}),
    Entrance.SCREEN: frozenset({Right.PUBLISH}),
    Entrance.GUEST: frozenset({Right.PUBLISH, Right.SPEAK}),
}
OFFERED_DIRECTIONS = frozenset({Direction.SENDONLY, Direction.SENDRECV})  # RFC 9725 section 4.2


def publish(
    room: Room, grant: Grant, entrance: Entrance, offer: Offer, video_codecs: Sequence[str]
) -> tuple[Publication, list[AnsweredMedia]]:
    """Start a publication and return it with the m-lines to answer.

    Raises SdpError or Unprocessable for the offer, MediaError for the room.
    """
    tracks = assign_sources(entrance, [negotiate(m, video_codecs) for m in _sending(offer)])
    publication = room.add_publisher(
        grant.participant,
        {source: negotiated.track() for source, negotiated in tracks.items()},
        turn=grant.turn,
    )
    return publication, [AnsweredMedia(negotiated) for negotiated in tracks.values()]


def assign_sources(entrance: Entrance, tracks: Sequence[Negotiated]) -> dict[Source, Negotiated]:
    """Return which source each track is; raise Unprocessable for one too many or out of place."""
    sources: dict[Source, Negotiated] = {}
    for track in tracks:
        source = SOURCES[entrance].get(track.kind)
        if source is None:
            raise Unprocessable("media-unexpected", f"The {entrance} takes no {track.kind}.")
        if source in sources:
            raise Unprocessable("too-many-media", f"One {track.kind} track is enough here.")
        if not track.media.ssrcs and not any(e.uri.endswith(":mid") for e in track.extensions):
            raise Unprocessable("track-unnamed", "Name a=ssrc or offer the mid header extension.")
        sources[source] = track
    return sources


def _sending(offer: Offer) -> list[OfferedMedia]:
    for media in offer.active:
        if media.direction not in OFFERED_DIRECTIONS:
            raise SdpError(
                "direction-wrong", f"A publisher offers sendonly, not {media.direction}."
            )
    return list(offer.active)
