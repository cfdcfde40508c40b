"""What happens in a room, told in the order in which it happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from media.types import CloseReason, Slot, Source


@dataclass(frozen=True, slots=True)
class SourceAdded:
    """The first packet of a source arrived."""

    source: Source
    participant: str


@dataclass(frozen=True, slots=True)
class SourceStalled:
    """No packets arrive; students keep the last picture."""

    source: Source
    participant: str


@dataclass(frozen=True, slots=True)
class SourceResumed:
    """Packets arrive again, perhaps over another transport of the same participant."""

    source: Source
    participant: str


@dataclass(frozen=True, slots=True)
class SourceRemoved:
    """The source has ended."""

    source: Source
    participant: str
    reason: CloseReason


@dataclass(frozen=True, slots=True)
class SlotChanged:
    """Every student's slot shows another source, or none."""

    slot: Slot
    source: Source | None


@dataclass(frozen=True, slots=True)
class LayersRest:
    """The publisher of a source need not send these layers just now; told again while it holds."""

    source: Source
    participant: str
    rids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublisherConnected:
    """A publisher's transport can carry media."""

    participant: str


@dataclass(frozen=True, slots=True)
class PublisherGone:
    """A publisher's transport ended."""

    participant: str
    reason: CloseReason


@dataclass(frozen=True, slots=True)
class SubscriberConnected:
    """A subscriber's transport can carry media."""

    participant: str


@dataclass(frozen=True, slots=True)
class SubscriberGone:
    """A subscriber's transport ended."""

    participant: str
    reason: CloseReason


RoomEvent = (
    SourceAdded
    | SourceStalled
    | SourceResumed
    | SourceRemoved
    | SlotChanged
    | LayersRest
    | PublisherConnected
    | PublisherGone
    | SubscriberConnected
    | SubscriberGone
)
