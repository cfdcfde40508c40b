"""Values that media, signaling, recordings and server share; nothing here does anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Kind = Literal["audio", "video"]


class Source(StrEnum):
    """What a Producer shows."""

    CAMERA = "camera"
    SCREEN = "screen"
    VOICE = "voice"
    GUEST_CAMERA = "guest-camera"
    GUEST_VOICE = "guest-voice"

    @property
    def kind(self) -> Kind:
        """Return the medium of the source."""
        return "audio" if self in (Source.VOICE, Source.GUEST_VOICE) else "video"


class Slot(StrEnum):
    """A fixed m-line of a subscriber, into which the room puts sources."""

    STAGE = "stage"  # a plain WHEP player's video: the screen if there is one, else the camera
    SCREEN = "screen"
    CAMERA = "camera"
    GUEST = "guest"
    VOICE = "voice"
    GUEST_VOICE = "guest-voice"
    LOUDEST = "loudest"  # a plain WHEP player's audio

    @property
    def kind(self) -> Kind:
        """Return the medium of the slot."""
        audio = (Slot.VOICE, Slot.GUEST_VOICE, Slot.LOUDEST)
        return "audio" if self in audio else "video"


class TransportState(StrEnum):
    """Where a transport is in its life; FAILED and CLOSED are final."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"  # no datagram for a while; it may come back
    FAILED = "failed"
    CLOSED = "closed"

    @property
    def final(self) -> bool:
        """Say whether nothing can follow."""
        return self in (TransportState.FAILED, TransportState.CLOSED)


class CloseReason(StrEnum):
    """Who ended something, and why."""

    LEFT = "left"  # the participant said so (DELETE)
    PEER_CLOSED = "peer-closed"  # the other end sent close_notify
    EXPIRED = "expired"  # consent ended, RFC 7675
    HANDSHAKE_FAILED = "handshake-failed"  # DTLS refused, e.g. a wrong fingerprint
    TIMEOUT = "timeout"  # it never connected
    REPLACED = "replaced"  # the same participant published the source again
    TRANSPORT_CLOSED = "transport-closed"
    ROOM_CLOSED = "room-closed"
    WORKER_CLOSED = "worker-closed"
    ROOM_FAILED = "room-failed"  # a bug in the engine; the room has begun anew


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type of an m-line; `rtx_payload_type` is the one whose apt names it."""

    name: str  # "VP8", "H264", "opus", or "red" beside it (RFC 2198)
    payload_type: int
    clock_rate: int
    rtx_payload_type: int | None = None


@dataclass(frozen=True, slots=True)
class ExtensionIds:
    """Negotiated RTP header extension ids (RFC 8285); None was not negotiated."""

    mid: int | None = None
    audio_level: int | None = None
    abs_send_time: int | None = None
    video_orientation: int | None = None
    playout_delay: int | None = None
    content_type: int | None = None
    color_space: int | None = None
    transport_cc: int | None = None
    rid: int | None = None
    repaired_rid: int | None = None


@dataclass(frozen=True, slots=True)
class TrackParameters:
    """How a publisher sends one track."""

    kind: Kind
    mid: str
    codecs: tuple[Codec, ...]
    ssrcs: tuple[int, ...] = ()  # those the SDP names; empty means MID binds them
    rtx_ssrcs: tuple[int, ...] = ()  # rtx_ssrcs[i] repairs ssrcs[i]
    rids: tuple[str, ...] = ()  # its layers, which only rid binds; empty when it has one encoding
    extensions: ExtensionIds = field(default_factory=ExtensionIds)
    nack: bool = False
    pli: bool = False
    remb: bool = False  # whether it leaves the estimate of its path to us


@dataclass(frozen=True, slots=True)
class SlotParameters:
    """How one slot is sent to a subscriber."""

    kind: Kind
    mid: str
    ssrc: int
    cname: str
    codecs: tuple[Codec, ...]
    rtx_ssrc: int | None = None
    extensions: ExtensionIds = field(default_factory=ExtensionIds)
    nack: bool = False
    remb: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """One encoding of a picture, as it comes now."""

    width: int
    height: int
    bits: int  # a second, on the wire
    number: int = 0  # its place among the track's rids

    @property
    def pixels(self) -> int:
        """Return how many there are, which is how the engine's limits are told."""
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A certificate's digest as in `a=fingerprint` (RFC 8122), e.g. ("sha-256", "AB:CD:...")."""

    algorithm: str
    value: str


@dataclass(frozen=True, slots=True)
class IceCredentials:
    """The ufrag and password of one ICE generation (RFC 8445 section 5.3)."""

    ufrag: str
    pwd: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A host candidate of the media port."""

    address: str
    port: int
    protocol: Literal["udp", "tcp"] = "udp"


class Activity(StrEnum):
    """Whether packets of a source arrive."""

    ACTIVE = "active"
    STALLED = "stalled"


@dataclass(frozen=True, slots=True)
class Turns:
    """Whose guest sources a room takes: one turn is on air, others are tested in silence."""

    on_air: str | None = None
    testing: frozenset[str] = frozenset()

    def __contains__(self, turn: str) -> bool:
        return turn == self.on_air or turn in self.testing


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source of a room, and whose it is."""

    activity: Activity
    participant: str
