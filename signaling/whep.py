"""Watch over WHEP (draft-ietf-wish-whep): which slot each offered m-line is, and its answer."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from media.types import Slot
from signaling.answers import AnsweredMedia, Sending
from signaling.capabilities import negotiate
from signaling.errors import SdpError, Unprocessable
from signaling.sdp import Direction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from media.room import Room, Subscription
    from media.types import SlotParameters
    from signaling.sdp import Offer

PLAIN: Mapping[str, Sequence[Slot]] = {"video": (Slot.STAGE,), "audio": (Slot.LOUDEST,)}
CLASSROOM: Mapping[str, Sequence[Slot]] = {
    "video": (Slot.SCREEN, Slot.CAMERA, Slot.GUEST),
    "audio": (Slot.VOICE, Slot.GUEST_VOICE),
}
# Browsers keep the tracks of one MediaStream in sync: a mouth with its voice, but the screen,
# which may come from another machine, alone.
STREAMS: Mapping[Slot, str] = {
    Slot.STAGE: "stage",
    Slot.LOUDEST: "stage",
    Slot.SCREEN: "screen",
    Slot.CAMERA: "teacher",
    Slot.VOICE: "teacher",
    Slot.GUEST: "guest",
    Slot.GUEST_VOICE: "guest",
}
OFFERED_DIRECTIONS = frozenset({Direction.RECVONLY, Direction.SENDRECV})
CNAME_BYTES = 12  # 96 random bits, RFC 7022 section 4.2


def subscribe(
    room: Room, participant: str, offer: Offer, *, rehearsal: bool, video_codecs: Sequence[str]
) -> tuple[Subscription, list[AnsweredMedia]]:
    """Start a subscription and return it with the m-lines to answer.

    Raises SdpError or Unprocessable for the offer, MediaError for the room.
    """
    slots = assign_slots([media.kind for media in offer.active])
    _check_directions(offer)
    cname = secrets.token_urlsafe(CNAME_BYTES)
    numbers = _distinct_ssrcs(2 * len(slots))
    answered: list[AnsweredMedia] = []
    wanted: list[tuple[Slot, SlotParameters]] = []
    for slot, media in zip(slots, offer.active, strict=True):
        negotiated = negotiate(media, video_codecs)
        ssrc, rtx_ssrc = numbers.pop(), numbers.pop() if negotiated.repaired else None
        sending = Sending(ssrc, rtx_ssrc, cname, STREAMS[slot], slot.value)
        answered.append(AnsweredMedia(negotiated, sending))
        wanted.append((slot, negotiated.slot(ssrc, rtx_ssrc, cname)))
    return room.add_subscriber(participant, wanted, rehearsal=rehearsal), answered


def assign_slots(kinds: Sequence[str]) -> list[Slot]:
    """Return the slot of each m-line; raise Unprocessable for more than there are.

    One video is the stage; more are the classroom's. One audio beside at most one video is the
    loudest voice; otherwise they are the classroom's.
    """
    videos, audios = kinds.count("video"), kinds.count("audio")
    if videos + audios < len(kinds):
        raise Unprocessable("media-unsupported", "We carry audio and video only.")
    names = {
        "video": (PLAIN if videos <= 1 else CLASSROOM)["video"],
        "audio": (PLAIN if videos <= 1 and audios <= 1 else CLASSROOM)["audio"],
    }
    if videos > len(names["video"]) or audios > len(names["audio"]):
        raise Unprocessable("too-many-media", "A player may have three video and two audio tracks.")
    left = {kind: list(slots) for kind, slots in names.items()}
    return [left[kind].pop(0) for kind in kinds]


def _check_directions(offer: Offer) -> None:
    for media in offer.active:
        if media.direction not in OFFERED_DIRECTIONS:
            raise SdpError("direction-wrong", f"A player offers recvonly, not {media.direction}.")


def _distinct_ssrcs(count: int) -> list[int]:
    numbers: set[int] = set()
    while len(numbers) < count:
        numbers.add(secrets.randbelow(0xFFFFFFFF) + 1)  # never 0, which means none
    return list(numbers)
