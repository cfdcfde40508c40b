"""Choose what we take of an offer: codecs, retransmission, header extensions, feedback."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from media.types import Codec, ExtensionIds, SlotParameters, TrackParameters
from signaling.errors import Unprocessable
from signaling.sdp import Direction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from media.types import Kind
    from signaling.sdp import OfferedCodec, OfferedExtension, OfferedMedia

VIDEO_CODECS = ("VP8", "H264")  # most wanted first; VP8 is what every browser encodes well
OPUS = "opus"
OPUS_CLOCK_RATE = 48_000  # Hz, RFC 7587 section 4.1
VIDEO_CLOCK_RATE = 90_000  # Hz, RFC 7741 and RFC 6184

H264_DEFAULT_PROFILE = "42000a"  # RFC 6184: what a missing profile-level-id means
H264_PACKETIZATION_MODE = "1"  # non-interleaved: frames may be larger than a datagram

FEEDBACK = ("nack", "nack pli", "ccm fir")  # for video
AUDIO_EXTENSIONS = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": "mid",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": "audio_level",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time": "abs_send_time",
}
VIDEO_EXTENSIONS = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": "mid",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time": "abs_send_time",
    "urn:3gpp:video-orientation": "video_orientation",
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay": "playout_delay",
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
        ssrcs = self.media.ssrcs[:1]  # one encoding: no simulcast is negotiated
        return TrackParameters(
            kind=self.kind,
            mid=self.media.mid,
            codecs=self._codecs(),
            ssrcs=ssrcs,
            rtx_ssrcs=tuple(repairs[ssrc] for ssrc in ssrcs if ssrc in repairs),
            extensions=self._extension_ids(),
            nack=self._has("nack"),
            pli=self._has("nack pli"),
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
        names = AUDIO_EXTENSIONS if self.kind == "audio" else VIDEO_EXTENSIONS
        return ExtensionIds(**{names[extension.uri]: extension.id for extension in self.extensions})

    def _has(self, message: str) -> bool:
        return any(message in codec.feedback for codec in self.codecs)


def negotiate(media: OfferedMedia, video_codecs: Sequence[str] = VIDEO_CODECS) -> Negotiated:
    """Return what we take of an m-line; raise Unprocessable when there is nothing to take."""
    if media.kind == "audio":
        codecs = _audio_codecs(media)
    elif media.kind == "video":
        codecs = _video_codecs(media, video_codecs)
    else:
        raise Unprocessable("media-unsupported", f"We carry audio and video, not {media.kind}.")
    if not codecs:
        wanted = OPUS if media.kind == "audio" else " or ".join(video_codecs)
        raise Unprocessable("no-common-codec", f"For {media.kind} we understand {wanted}.")
    return Negotiated(media, codecs, _extensions(media))


def canonical_name(name: str) -> str:
    """Return a codec's name in our spelling; encoding names ignore case (RFC 8866, 6.6)."""
    return OPUS if name.lower() == OPUS else name.upper()


def _audio_codecs(media: OfferedMedia) -> tuple[ChosenCodec, ...]:
    for codec in media.codecs:
        if canonical_name(codec.name) == OPUS and codec.clock_rate == OPUS_CLOCK_RATE:
            return (ChosenCodec(codec, None, ()),)
    return ()


def _video_codecs(media: OfferedMedia, wanted: Sequence[str]) -> tuple[ChosenCodec, ...]:
    best = [_best(media, name) for name in wanted]
    return tuple(
        ChosenCodec(
            codec,
            _rtx(media, codec.payload_type),
            tuple(message for message in FEEDBACK if message in codec.feedback),
        )
        for codec in best
        if codec is not None
    )


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


def _extensions(media: OfferedMedia) -> tuple[OfferedExtension, ...]:
    known = AUDIO_EXTENSIONS if media.kind == "audio" else VIDEO_EXTENSIONS
    chosen: dict[str, OfferedExtension] = {}
    for extension in media.extensions:
        if extension.uri in known and extension.direction is not Direction.INACTIVE:
            chosen.setdefault(extension.uri, extension)
    return tuple(chosen.values())
