"""Choose what we take of an offer: codecs, retransmission, header extensions, feedback."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from media.types import Codec, ExtensionIds, SlotParameters, TrackParameters
from signaling.errors import Unprocessable
from signaling.sdp import Direction

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from media.types import Kind
    from signaling.sdp import OfferedCodec, OfferedExtension, OfferedMedia

VIDEO_CODECS = ("H264", "VP8")  # most wanted first; what is H.264 is recorded as it comes
OPUS = "opus"
RED = "red"  # RFC 2198: sound with copies of earlier sound, for those who lose packets
OPUS_CLOCK_RATE = 48_000  # Hz, RFC 7587 section 4.1
VIDEO_CLOCK_RATE = 90_000  # Hz, RFC 7741 and RFC 6184

H264_DEFAULT_PROFILE = "42000a"  # RFC 6184: what a missing profile-level-id means
H264_PACKETIZATION_MODE = "1"  # non-interleaved: frames may be larger than a datagram

MAX_LAYERS = 3  # of one picture; what browsers send, and more would only cost uplink

FEEDBACK = ("nack", "nack pli", "ccm fir")  # for video
TRANSPORT_CC = "transport-cc"  # draft-holmer-rmcat-transport-wide-cc-extensions-01, section 4.1
REMB = "goog-remb"  # draft-alvestrand-rmcat-remb-03: whoever receives makes the estimate
TRANSPORT_CC_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
ABS_SEND_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
AUDIO_EXTENSIONS = {
    MID_URI: "mid",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": "audio_level",
    ABS_SEND_TIME_URI: "abs_send_time",
    TRANSPORT_CC_URI: "transport_cc",
}
LAYER_EXTENSIONS = {
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id": "rid",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id": "repaired_rid",
}
VIDEO_EXTENSIONS = {
    MID_URI: "mid",
    ABS_SEND_TIME_URI: "abs_send_time",
    "urn:3gpp:video-orientation": "video_orientation",
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay": "playout_delay",
    "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type": "content_type",
    "http://www.webrtc.org/experiments/rtp-hdrext/color-space": "color_space",
    TRANSPORT_CC_URI: "transport_cc",
}


@dataclass(frozen=True, slots=True)
class ChosenCodec:
    """A payload type of the offer that we take, with the one that repairs it."""

    offered: OfferedCodec
    rtx_payload_type: int | None
    feedback: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the codec's name as we write it."""
        return canonical_name(self.offered.name)


@dataclass(frozen=True, slots=True)
class Negotiated:
    """One m-line with what we take of it; the numbers are the offer's."""

    media: OfferedMedia
    codecs: tuple[ChosenCodec, ...]
    extensions: tuple[OfferedExtension, ...]
    layers: tuple[str, ...] = ()  # rids of the encodings that we take at once, in offered order

    @property
    def kind(self) -> Kind:
        """Return the medium of the m-line."""
        return cast("Kind", self.media.kind)

    @property
    def repaired(self) -> bool:
        """Say whether lost packets can come again on an SSRC of their own (RFC 4588)."""
        return any(codec.rtx_payload_type is not None for codec in self.codecs)

    def track(self) -> TrackParameters:
        """Return how the offerer sends this track."""
        repairs = self.media.repairs if self.repaired else {}
        ssrcs = () if self.layers else self.media.ssrcs[:1]  # rid alone tells layers apart
        return TrackParameters(
            kind=self.kind,
            mid=self.media.mid,
            codecs=self._codecs(),
            ssrcs=ssrcs,
            rtx_ssrcs=tuple(repairs[ssrc] for ssrc in ssrcs if ssrc in repairs),
            rids=self.layers,
            extensions=self._extension_ids(),
            nack=self._has("nack"),
            pli=self._has("nack pli"),
            remb=self._has(REMB),
        )

    def slot(self, ssrc: int, rtx_ssrc: int | None, cname: str) -> SlotParameters:
        """Return how we send this m-line to the offerer."""
        return SlotParameters(
            kind=self.kind,
            mid=self.media.mid,
            ssrc=ssrc,
            cname=cname,
            codecs=self._codecs(),
            rtx_ssrc=rtx_ssrc,
            extensions=self._extension_ids(),
            nack=self._has("nack"),
            remb=self._has(REMB),
        )

    def _codecs(self) -> tuple[Codec, ...]:
        return tuple(
            Codec(
                name=codec.name,
                payload_type=codec.offered.payload_type,
                clock_rate=codec.offered.clock_rate,
                rtx_payload_type=codec.rtx_payload_type,
            )
            for codec in self.codecs
        )

    def _extension_ids(self) -> ExtensionIds:
        names = AUDIO_EXTENSIONS if self.kind == "audio" else VIDEO_EXTENSIONS | LAYER_EXTENSIONS
        return ExtensionIds(**{names[extension.uri]: extension.id for extension in self.extensions})

    def _has(self, message: str) -> bool:
        return any(message in codec.feedback for codec in self.codecs)


def negotiate(media: OfferedMedia, video_codecs: Sequence[str] = VIDEO_CODECS) -> Negotiated:
    """Return what we take of an m-line; raise Unprocessable when there is nothing to take."""
    tells = any(one.uri == TRANSPORT_CC_URI for one in media.extensions) and any(
        TRANSPORT_CC in codec.feedback for codec in media.codecs
    )
    feedback = (TRANSPORT_CC,) if tells else ()
    # a subscriber makes it; of a publisher's path we can, where its packets say when they left
    is_subscriber = media.direction is Direction.RECVONLY
    dated = any(one.uri == ABS_SEND_TIME_URI for one in media.extensions)
    estimate = (REMB,) if not tells and (is_subscriber or dated) else ()
    if media.kind == "audio":
        codecs = _audio_codecs(media, feedback)
    elif media.kind == "video":
        codecs = _video_codecs(media, video_codecs, (*FEEDBACK, *feedback, *estimate))
    else:
        raise Unprocessable("media-unsupported", f"We carry audio and video, not {media.kind}.")
    if not codecs:
        wanted = OPUS if media.kind == "audio" else " or ".join(video_codecs)
        raise Unprocessable("no-common-codec", f"For {media.kind} we understand {wanted}.")
    told = any(TRANSPORT_CC in codec.feedback for codec in codecs)
    layers = _layers(media)
    unused = (set() if told else {TRANSPORT_CC_URI}) | (set() if layers else set(LAYER_EXTENSIONS))
    return Negotiated(media, codecs, _extensions(media, unused), layers)


def canonical_name(name: str) -> str:
    """Return a codec's name in our spelling; encoding names ignore case (RFC 8866, 6.6)."""
    return name.lower() if name.lower() in (OPUS, RED) else name.upper()


def _audio_codecs(media: OfferedMedia, feedback: Sequence[str]) -> tuple[ChosenCodec, ...]:
    """Return Opus, and what carries it with copies, in the order of the offer.

    A browser sends what comes first: Opus alone, unless its page has asked for copies.
    """
    sound = [codec for codec in media.codecs if codec.clock_rate == OPUS_CLOCK_RATE]
    opus = next((codec for codec in sound if canonical_name(codec.name) == OPUS), None)
    if opus is None:
        return ()
    red = next((codec for codec in sound if _carries(codec, opus)), None)
    chosen = [codec for codec in sound if codec in (opus, red)]
    return tuple(ChosenCodec(codec, None, _kept(codec, feedback)) for codec in chosen)


def _carries(codec: OfferedCodec, carried: OfferedCodec) -> bool:
    """Say whether every block of a RED payload type is of the codec (RFC 2198, section 5)."""
    blocks = "/".join(codec.parameters).split("/")
    of_it = len(blocks) > 1 and set(blocks) == {str(carried.payload_type)}
    return canonical_name(codec.name) == RED and of_it


def _video_codecs(
    media: OfferedMedia, wanted: Sequence[str], feedback: Sequence[str]
) -> tuple[ChosenCodec, ...]:
    best = [_best(media, name) for name in wanted]
    return tuple(
        ChosenCodec(codec, _rtx(media, codec.payload_type), _kept(codec, feedback))
        for codec in best
        if codec is not None
    )


def _kept(codec: OfferedCodec, feedback: Sequence[str]) -> tuple[str, ...]:
    return tuple(message for message in feedback if message in codec.feedback)


def _best(media: OfferedMedia, name: str) -> OfferedCodec | None:
    """Return one payload type for a codec: two of the same could not be told apart later."""
    same = [
        codec
        for codec in media.codecs
        if canonical_name(codec.name) == name and codec.clock_rate == VIDEO_CLOCK_RATE
    ]
    if name == "H264":
        same = sorted(
            (codec for codec in same if _h264_rank(codec) is not None),
            key=lambda codec: _h264_rank(codec) or 0,
        )
    return same[0] if same else None


def _h264_rank(codec: OfferedCodec) -> int | None:
    """Return 0 for constrained baseline, which every decoder has, 1 for baseline, else None.

    RFC 6184 section 8.1, table 5: several profile bytes mean the same.
    """
    level = codec.parameters.get("profile-level-id", H264_DEFAULT_PROFILE)
    mode = codec.parameters.get("packetization-mode", "0")
    if mode != H264_PACKETIZATION_MODE or not re.fullmatch(r"[0-9A-Fa-f]{6}", level):
        return None
    profile, constraints = int(level[:2], 16), int(level[2:4], 16)
    if (
        (profile == 0x42 and constraints & 0x40)
        or (profile == 0x4D and constraints & 0x80)
        or (profile == 0x58 and constraints & 0xC0 == 0xC0)
    ):
        return 0
    return 1 if profile == 0x42 or (profile == 0x58 and constraints & 0x80) else None


def _rtx(media: OfferedMedia, payload_type: int) -> int | None:
    for codec in media.codecs:
        if codec.name.lower() == "rtx" and codec.parameters.get("apt") == str(payload_type):
            return codec.payload_type
    return None


def _layers(media: OfferedMedia) -> tuple[str, ...]:
    """Return the layers to take: none where they could not be told apart (RFC 8853, 5.3.1)."""
    offered = {one.uri for one in media.extensions if one.direction is not Direction.INACTIVE}
    needed = {MID_URI, *LAYER_EXTENSIONS}
    several = media.kind == "video" and len(media.layers) > 1 and needed <= offered
    return media.layers[:MAX_LAYERS] if several else ()


def _extensions(media: OfferedMedia, unused: Collection[str]) -> tuple[OfferedExtension, ...]:
    known = AUDIO_EXTENSIONS if media.kind == "audio" else VIDEO_EXTENSIONS | LAYER_EXTENSIONS
    chosen: dict[str, OfferedExtension] = {}
    for extension in media.extensions:
        wanted = extension.uri in known and extension.uri not in unused
        if wanted and extension.direction is not Direction.INACTIVE:
            chosen.setdefault(extension.uri, extension)
    return tuple(chosen.values())
