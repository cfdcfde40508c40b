"""Write SDP answers: ICE-lite, DTLS server, everything bundled on one port (RFC 8829, 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signaling.capabilities import OPUS, RED
from signaling.sdp import Direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from media.types import Candidate, Fingerprint, IceCredentials
    from signaling.capabilities import ChosenCodec, Negotiated
    from signaling.sdp import Offer, OfferedMedia

ICE_OPTIONS = ("trickle", "ice2")  # those we repeat when they are offered
# libwebrtc starts at 300 kbit/s and, without transport-wide feedback, needs most of a minute to
# make a slide sharp; a lesson's uplink is known to carry more. Others ignore the parameter.
START_BITRATE = 1500  # kbit/s
OPUS_PARAMETERS = (
    "minptime",
    "useinbandfec",
    "usedtx",
    "stereo",
    "sprop-stereo",
    "maxaveragebitrate",
    "maxplaybackrate",
)
H264_PARAMETERS = ("level-asymmetry-allowed", "packetization-mode", "profile-level-id")

HOST_PREFERENCE = 126  # RFC 8445 section 5.1.2.2
TCP_PREFERENCE = 90  # below every UDP candidate
MAX_LOCAL_PREFERENCE = 65_535


@dataclass(frozen=True, slots=True)
class Sending:
    """How a slot appears to its subscriber."""

    ssrc: int
    rtx_ssrc: int | None
    cname: str
    stream: str  # the MediaStream id: tracks of one stream are played in sync
    track: str


@dataclass(frozen=True, slots=True)
class Connection:
    """What the other end needs to reach one transport."""

    ice: IceCredentials
    fingerprint: Fingerprint
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class AnsweredMedia:
    """One m-line of the answer; `sending` is None when we only receive."""

    negotiated: Negotiated
    sending: Sending | None = None


def write_answer(
    offer: Offer, answered: Sequence[AnsweredMedia], connection: Connection, session_id: int
) -> str:
    """Return the answer; `answered` is in the order of the offer's active m-lines."""
    lines = [
        "v=0",
        f"o=- {session_id} 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        "a=group:BUNDLE " + " ".join(media.mid for media in offer.active),
    ]
    if offer.extmap_allow_mixed:
        lines.append("a=extmap-allow-mixed")
    remaining = iter(answered)
    for media in offer.media:
        if media.disabled:
            lines += _disabled(media)
        else:
            lines += _media(offer, next(remaining), connection)
    return _joined(lines)


def write_fragment(offer: Offer, connection: Connection) -> str:
    """Return the body that tells new ICE credentials (RFC 9725 section 4.3.3, RFC 8840)."""
    first = offer.active[0]
    lines = ["a=ice-lite", *_ice_options(offer)]
    lines.append("a=group:BUNDLE " + " ".join(media.mid for media in offer.active))
    lines += [f"m={first.kind} 9 {first.protocol} {first.formats[0]}", f"a=mid:{first.mid}"]
    return _joined([*lines, *_ice(connection)])


def candidate_lines(candidates: Iterable[Candidate]) -> Iterator[str]:
    """Yield one attribute for each host candidate, the most wanted first (RFC 8839, 5.1)."""
    for index, candidate in enumerate(candidates):
        kind = TCP_PREFERENCE if candidate.protocol == "tcp" else HOST_PREFERENCE
        local = MAX_LOCAL_PREFERENCE - index
        priority = (kind << 24) + (local << 8) + 255  # RFC 8445 section 5.1.2.1, component 1
        suffix = " tcptype passive" if candidate.protocol == "tcp" else ""
        yield (
            f"a=candidate:{index + 1} 1 {candidate.protocol} {priority} "
            f"{candidate.address} {candidate.port} typ host{suffix}"
        )


def _media(offer: Offer, answered: AnsweredMedia, connection: Connection) -> Iterator[str]:
    negotiated, sending = answered.negotiated, answered.sending
    media = negotiated.media
    yield f"m={media.kind} 9 {media.protocol} {_formats(negotiated)}"
    yield "c=IN IP4 0.0.0.0"
    yield f"a=mid:{media.mid}"
    yield "a=recvonly" if sending is None else "a=sendonly"
    yield from _ice_options(offer)
    yield from _ice(connection)
    yield f"a=fingerprint:{connection.fingerprint.algorithm} {connection.fingerprint.value}"
    yield "a=setup:passive"
    yield "a=rtcp-mux"
    if media.rtcp_rsize:
        yield "a=rtcp-rsize"
    yield from _extensions(negotiated)
    if negotiated.layers and sending is None:
        yield from (f"a=rid:{layer} recv" for layer in negotiated.layers)
        yield f"a=simulcast:recv {';'.join(negotiated.layers)}"
    for codec in negotiated.codecs:
        yield from _codec(codec, publishing=sending is None)
    if sending is not None:
        yield from _sending(sending)


def _disabled(media: OfferedMedia) -> Iterator[str]:
    yield f"m={media.kind} 0 {media.protocol} {' '.join(media.formats)}"
    yield "c=IN IP4 0.0.0.0"
    if media.mid:
        yield f"a=mid:{media.mid}"
    yield "a=inactive"


def _formats(negotiated: Negotiated) -> str:
    numbers: list[int] = []
    for codec in negotiated.codecs:
        numbers.append(codec.offered.payload_type)
        if codec.rtx_payload_type is not None:
            numbers.append(codec.rtx_payload_type)
    return " ".join(map(str, numbers))


def _ice_options(offer: Offer) -> list[str]:
    options = [option for option in ICE_OPTIONS if option in offer.ice_options]
    return [f"a=ice-options:{' '.join(options)}"] if options else []


def _ice(connection: Connection) -> Iterator[str]:
    yield f"a=ice-ufrag:{connection.ice.ufrag}"
    yield f"a=ice-pwd:{connection.ice.pwd}"
    yield from candidate_lines(connection.candidates)
    yield "a=end-of-candidates"


def _extensions(negotiated: Negotiated) -> Iterator[str]:
    for extension in negotiated.extensions:
        direction = extension.direction
        suffix = "" if direction is None or direction is Direction.SENDRECV else direction.reverse
        yield f"a=extmap:{extension.id}{'/' if suffix else ''}{suffix} {extension.uri}"


def _codec(codec: ChosenCodec, *, publishing: bool) -> Iterator[str]:
    number, offered = codec.offered.payload_type, codec.offered
    channels = f"/{offered.channels}" if offered.channels > 1 else ""
    yield f"a=rtpmap:{number} {codec.name}/{offered.clock_rate}{channels}"
    if parameters := _format(codec, publishing=publishing):
        yield f"a=fmtp:{number} {parameters}"
    for message in codec.feedback:
        yield f"a=rtcp-fb:{number} {message}"
    if codec.rtx_payload_type is not None:
        yield f"a=rtpmap:{codec.rtx_payload_type} rtx/{offered.clock_rate}"
        yield f"a=fmtp:{codec.rtx_payload_type} apt={number}"


def _format(codec: ChosenCodec, *, publishing: bool) -> str:
    if codec.name == RED:
        return "/".join(codec.offered.parameters)  # the payload types of its blocks, nothing else
    parameters = _parameters(codec, publishing=publishing)
    return ";".join(f"{name}={value}" for name, value in parameters.items())


def _parameters(codec: ChosenCodec, *, publishing: bool) -> Mapping[str, str]:
    offered = codec.offered.parameters
    if codec.name == OPUS:
        # RFC 7587 section 7.1: the receiver says that it can use in-band FEC; we always can.
        return _kept(offered, OPUS_PARAMETERS) | {"useinbandfec": "1"}
    start = {"x-google-start-bitrate": str(START_BITRATE)} if publishing else {}
    return _kept(offered, H264_PARAMETERS) | start if codec.name == "H264" else start


def _kept(parameters: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Return the parameters we know, where their values are plain words."""
    return {
        name: parameters[name]
        for name in names
        if parameters.get(name, "").isalnum() and parameters[name].isascii()
    }


def _sending(sending: Sending) -> Iterator[str]:
    yield f"a=msid:{sending.stream} {sending.track}"
    if sending.rtx_ssrc is not None:
        # Firefox throws a slot's frames away without the group.
        yield f"a=ssrc-group:FID {sending.ssrc} {sending.rtx_ssrc}"
    for ssrc in (sending.ssrc, sending.rtx_ssrc):
        if ssrc is not None:
            yield f"a=ssrc:{ssrc} cname:{sending.cname}"
            yield f"a=ssrc:{ssrc} msid:{sending.stream} {sending.track}"


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\r\n" for line in lines)
