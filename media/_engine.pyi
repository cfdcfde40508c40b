"""The joint between Python and the engine: commands go down, events come up.

Every id is chosen by the caller and unique for the life of the engine. A command is queued and
returns at once; a command that names something gone is ignored, because closing crosses events on
the way. Arguments of the wrong shape raise ValueError. Positions in time never cross the joint.
"""

from typing import Literal, TypedDict, final

VideoCodec = Literal["VP8", "H264"]
AudioCodec = Literal["opus", "red"]  # red (RFC 2198) only beside the Opus that it carries
SrtpProfile = Literal["AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"]
Kind = Literal["audio", "video"]

class CodecParameters(TypedDict):
    """One payload type of an m-line."""

    name: str  # VideoCodec or AudioCodec
    payload_type: int
    clock_rate: int
    rtx_payload_type: int | None  # the payload type whose apt names this one

class ExtensionIds(TypedDict, total=False):
    """Negotiated RTP header extension ids (RFC 8285); an absent key was not negotiated."""

    mid: int
    audio_level: int
    abs_send_time: int
    video_orientation: int
    playout_delay: int
    content_type: int
    color_space: int
    transport_cc: int
    rid: int
    repaired_rid: int

class ProducerParameters(TypedDict):
    kind: Kind
    mid: str
    ssrcs: list[int]  # those the SDP names for media; may be empty, then MID binds them
    rtx_ssrcs: list[int]  # ssrcs[i] is repaired by rtx_ssrcs[i]; may be empty
    rids: list[str]  # its layers, which only rid binds (RFC 8853); empty when it has one encoding
    codecs: list[CodecParameters]
    extensions: ExtensionIds
    nack: bool
    pli: bool
    remb: bool  # whether the publisher leaves the estimate of its path to us, with abs_send_time

class ConsumerParameters(TypedDict):
    kind: Kind
    mid: str
    ssrc: int
    rtx_ssrc: int | None
    cname: str
    codecs: list[CodecParameters]
    extensions: ExtensionIds
    nack: bool
    remb: bool

# --- events, as tuples whose first element is the name -------------------------------------

#   ("transport_connected", transport, "ip:port")    first authenticated check, or back again;
#                                                    over TCP it is "ip:port/tcp"
#   ("transport_migrated", transport, "ip:port")     authenticated traffic moved to another address
#   ("transport_disconnected", transport)            nothing for DISCONNECTED_AFTER; may come back
#   ("transport_expired", transport)                 consent ended (RFC 7675); it is gone for good
#   ("dtls_received", transport, datagram)           first byte 20..63, from a checked address
#   ("producer_started", producer, ssrc)             first valid packet of the source
#   ("producer_stalled", producer)                   no packet for STALLED_AFTER (video and audio)
#   ("producer_resumed", producer)
#   ("audio_levels", [(producer, level), ...])       RFC 6464, 0 loud .. 127 silent; ≤ 5 a second
#   ("estimates", [(transport, bits_per_second), ...])  what the path toward a peer carries, when it
#                                                    has changed by 5 %; by transport_cc, else REMB
#   ("layers", [(producer, [(width, height, bits_per_second, number), ...]), ...])  what comes of a
#                                                    picture, smallest first; ≤ 1 a second, on news;
#                                                    the number is a layer's place among the rids
#   ("keyframe_requested", producer)                 a direct transport's producer should send one
#   ("packets_received", transport, consumer, [packet, ...])  a direct transport's plain RTP;
#                                                    sender reports come as plain RTCP (RFC 5761 §4)
#   ("room_failed", router, message)                 a panic was caught; the thread where it was has
#                                                    forgotten this router, and only this one
Event = tuple[object, ...]

class TransportStats(TypedDict):
    address: str | None  # as in the events
    packets_received: int
    bytes_received: int
    packets_sent: int
    bytes_sent: int
    packets_rejected: int  # failed authentication, replayed or malformed
    packets_dropped: int  # by this subscriber's bound
    nacks_received: int
    nacks_sent: int
    retransmitted: int
    keyframes_requested: int
    round_trip_ms: float | None
    fraction_lost: float | None  # from the newest receiver report, 0..1
    estimate: int | None  # bits a second that the path toward the peer carries

@final
class Engine:
    def __init__(
        self,
        *,
        address: str = "0.0.0.0",
        port: int = 0,
        threads: int = 1,
        tcp_ports: list[int] = [],
        marks: bool = True,
    ) -> None:
        """Bind the media port, on TCP as well (RFC 6544), and start the worker threads.

        A TCP port of 0 has the number of the UDP port. `marks` is whether packets carry a DSCP,
        EF for sound and AF42 for the rest (RFC 8837). Raises OSError when a port is taken or the
        address is not ours.
        """

    @property
    def port(self) -> int:
        """Return the bound UDP port."""

    @property
    def tcp_ports(self) -> list[int]:
        """Return the bound TCP ports."""

    @property
    def event_fd(self) -> int:
        """Return a file descriptor that is readable while events wait."""

    def poll_events(self) -> list[Event]:
        """Take every waiting event; never blocks."""

    def close(self) -> None:
        """Stop the threads and close the port; safe to call twice."""

    # routers: one per Room; packets never cross from one to another
    def router_create(self, router: int) -> None: ...
    def router_close(self, router: int) -> None: ...

    # transports
    def transport_create(self, transport: int, router: int, ice_ufrag: str, ice_pwd: str) -> None:
        """Expect a remote peer whose STUN checks carry our ufrag and password."""

    def direct_transport_create(self, transport: int, router: int) -> None:
        """Open an end without network: plain RTP in by packets_send, out by packets_received."""

    def transport_restart_ice(self, transport: int, ice_ufrag: str, ice_pwd: str) -> None:
        """Accept new credentials beside the old until the first check that uses them."""

    def transport_set_keys(
        self,
        transport: int,
        profile: SrtpProfile,
        send_key: bytes,
        send_salt: bytes,
        receive_key: bytes,
        receive_salt: bytes,
    ) -> None:
        """Begin SRTP; key and salt have 16 and 12 bytes (RFC 7714) or 16 and 14 (RFC 3711)."""

    def transport_probe(self, transport: int, bits: int | None) -> None:
        """Find out whether the path toward the peer carries so many bits a second; None ends that.

        Probes are packets sent again and padding, a bounded number of bytes; what they tell becomes
        part of the estimate. Needs a slot with transport_cc and a repair stream, else nothing is
        sent.
        """

    def transport_close(self, transport: int) -> None:
        """End the transport with its producers and consumers."""

    def dtls_send(self, transport: int, datagram: bytes) -> None:
        """Send DTLS records to the transport's selected address; dropped if there is none."""

    # producers: a published track
    def producer_create(
        self, producer: int, transport: int, parameters: ProducerParameters
    ) -> None: ...
    def producer_close(self, producer: int) -> None: ...
    def keyframe_request(self, producer: int) -> None:
        """Ask the publisher for a keyframe, throttled like subscribers' requests."""

    # consumers: one slot of one subscriber
    def consumer_create(
        self, consumer: int, transport: int, parameters: ConsumerParameters
    ) -> None:
        """Open a slot; it sends nothing until it is given a producer."""

    def consumer_set_producer(self, consumer: int, producer: int | None) -> None:
        """Put a source into the slot, or empty it; sequence numbers and timestamps go on."""

    def consumer_set_limit(self, consumer: int, limit: int | None) -> None:
        """Send the largest layer of at most so many pixels, 0 for no picture, None for the largest.

        Where no layer is so small, the smallest is sent. A layer changes at its next keyframe,
        which is asked for; the one before goes on until then.
        """

    def consumer_close(self, consumer: int) -> None: ...

    # direct transports
    def packets_send(self, producer: int, packets: list[bytes]) -> None:
        """Feed plain RTP or RTCP packets as if this direct transport's peer had sent them."""

    # what it is doing
    def counters(self) -> dict[str, int]:
        """Return engine-wide totals since start (datagrams, bytes, drops, errors by reason)."""

    def transport_stats(self, transport: int) -> TransportStats | None:
        """Return one transport's totals, or None when it is gone; may wait up to 50 ms."""

def srtp_protect(
    profile: SrtpProfile, key: bytes, salt: bytes, packet: bytes, rollover: int = 0
) -> bytes:
    """Return one RTP packet as SRTP; for tests that hold another implementation beside ours."""

def srtp_unprotect(
    profile: SrtpProfile, key: bytes, salt: bytes, packets: list[bytes]
) -> list[bytes | None]:
    """Return each SRTP packet of one session opened, or None where it was refused; for tests."""
