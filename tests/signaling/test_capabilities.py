"""What we take of an offer: one VP8, one H.264 every decoder has, Opus, and what repairs them."""

from __future__ import annotations

import pytest

from media.types import Codec, ExtensionIds
from signaling.capabilities import Negotiated, negotiate
from signaling.errors import Unprocessable
from signaling.sdp import parse_offer
from tests.signaling.offers import only, recorded, replaced, without

CHROME = recorded("chrome_publish")


def picture(offer: str, *codecs: str) -> Negotiated:
    media = next(m for m in parse_offer(offer).media if m.kind == "video")
    return negotiate(media, codecs or ("VP8", "H264"))


def h264(profile: str, mode: str = "1") -> str:
    """Return an offer of H.264 alone in one profile."""
    offer = only(recorded("obs_publish"), "video")
    return replaced(offer, "42e01f;packetization-mode=1", f"{profile};packetization-mode={mode}")


def test_vp8_and_then_constrained_baseline_with_their_retransmission() -> None:
    assert picture(CHROME).track().codecs == (
        Codec("VP8", 96, 90000, 97),
        Codec("H264", 108, 90000, 109),
    )


def test_the_order_of_codecs_is_ours() -> None:
    assert [c.name for c in picture(CHROME, "H264", "VP8").codecs] == ["H264", "VP8"]
    assert [c.name for c in picture(recorded("safari_publish")).codecs] == ["VP8", "H264"]
    assert [c.name for c in picture(CHROME, "H264").codecs] == ["H264"]


@pytest.mark.parametrize("profile", ["42e01f", "42E01F", "42c01f", "424028", "4200ff", "58e00a"])
def test_h264_that_every_decoder_has(profile: str) -> None:
    assert [c.name for c in picture(h264(profile)).codecs] == ["H264"]


@pytest.mark.parametrize(
    ("profile", "mode"),
    [("64001f", "1"), ("4d001f", "1"), ("42e01f", "0"), ("42e01f", "2"), ("nonsense", "1")],
)
def test_h264_that_not_every_decoder_has(profile: str, mode: str) -> None:
    with pytest.raises(Unprocessable, match="VP8 or H264") as caught:
        picture(h264(profile, mode))
    assert caught.value.code == "no-common-codec"


def test_unknown_codecs_are_passed_over() -> None:
    only_vp9 = replaced(recorded("aiortc_publish"), "VP8/90000", "VP9/90000")
    assert [c.name for c in picture(only_vp9).codecs] == ["H264"]
    with pytest.raises(Unprocessable) as caught:
        picture(replaced(only_vp9, "H264/90000", "H265/90000"))
    assert caught.value.code == "no-common-codec"


def test_opus_is_the_only_voice() -> None:
    media = parse_offer(CHROME).media[0]
    assert negotiate(media).track().codecs == (Codec("opus", 111, 48000, None),)
    without_opus = parse_offer(without(CHROME, "a=rtpmap:111")).media[0]
    with pytest.raises(Unprocessable, match="understand opus"):
        negotiate(without_opus)


def test_names_ignore_case() -> None:
    assert picture(CHROME.replace("VP8/90000", "vp8/90000")).codecs[0].name == "VP8"
    assert (
        negotiate(parse_offer(CHROME.replace("opus/", "OPUS/")).media[0]).codecs[0].name == "opus"
    )


def test_extension_ids_are_those_of_the_offer() -> None:
    voice, screen = (negotiate(media).track().extensions for media in parse_offer(CHROME).media)
    assert voice == ExtensionIds(mid=4, audio_level=1, abs_send_time=2)
    assert screen == ExtensionIds(mid=4, abs_send_time=2, video_orientation=13, playout_delay=5)
    assert negotiate(parse_offer(recorded("obs_publish")).media[0]).extensions == ()


def test_feedback_is_what_both_know() -> None:
    assert picture(CHROME).codecs[0].feedback == ("nack", "nack pli", "ccm fir")
    quiet = picture(without(CHROME, "a=rtcp-fb"))
    assert not quiet.track().nack
    assert not quiet.track().pli


def test_a_retransmission_ssrc_needs_a_retransmission_payload_type() -> None:
    assert picture(CHROME).track().rtx_ssrcs == (4028959948,)
    assert picture(without(CHROME, "a=fmtp:97", "a=fmtp:109")).track().rtx_ssrcs == ()


def test_a_slot_has_the_numbers_of_the_player() -> None:
    media = parse_offer(recorded("chrome_watch")).media[0]
    slot = negotiate(media).slot(1234, 5678, "cname")
    assert (slot.mid, slot.ssrc, slot.rtx_ssrc, slot.cname) == ("0", 1234, 5678, "cname")
    assert slot.codecs[0] == Codec("VP8", 96, 90000, 97)
    assert slot.extensions.mid == 9
    assert slot.nack
