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
    assert negotiate(media).track().codecs[0] == Codec("opus", 111, 48000, None)
    without_opus = parse_offer(without(CHROME, "a=rtpmap:111")).media[0]
    with pytest.raises(Unprocessable, match="understand opus"):
        negotiate(without_opus)


def voice_types(offer: str) -> list[int]:
    return [codec.payload_type for codec in negotiate(parse_offer(offer).media[0]).track().codecs]


def test_sound_may_carry_copies_of_earlier_sound() -> None:
    assert negotiate(parse_offer(CHROME).media[0]).track().codecs[1] == Codec("red", 63, 48000)
    wanted = replaced(CHROME, "UDP/TLS/RTP/SAVPF 111 63", "UDP/TLS/RTP/SAVPF 63 111")
    assert voice_types(wanted) == [63, 111]


@pytest.mark.parametrize("blocks", ["111/0", "9/9", "111;111", "111/111;x=1", "", "63/63"])
def test_copies_of_anything_but_opus_are_not_taken(blocks: str) -> None:
    assert voice_types(replaced(CHROME, "a=fmtp:63 111/111", f"a=fmtp:63 {blocks}")) == [111]


def test_names_ignore_case() -> None:
    assert picture(CHROME.replace("VP8/90000", "vp8/90000")).codecs[0].name == "VP8"
    assert (
        negotiate(parse_offer(CHROME.replace("opus/", "OPUS/")).media[0]).codecs[0].name == "opus"
    )


def test_extension_ids_are_those_of_the_offer() -> None:
    voice, screen = (negotiate(media).track().extensions for media in parse_offer(CHROME).media)
    assert voice == ExtensionIds(mid=4, audio_level=1, abs_send_time=2, transport_cc=3)
    assert screen == ExtensionIds(
        mid=4,
        abs_send_time=2,
        video_orientation=13,
        playout_delay=5,
        content_type=6,
        color_space=8,
        transport_cc=3,
    )
    assert negotiate(parse_offer(recorded("obs_publish")).media[0]).extensions == ()


def test_transport_wide_feedback_goes_both_ways() -> None:
    for name, identifier in (("chrome_publish", 3), ("chrome_watch", 4)):
        for media in parse_offer(recorded(name)).media:
            told = negotiate(media)
            assert told.track().extensions.transport_cc == identifier
            media_codecs = [codec for codec in told.codecs if codec.name != "red"]
            assert all("transport-cc" in codec.feedback for codec in media_codecs)


@pytest.mark.parametrize("missing", ["extmap:3", "rtcp-fb"])
def test_transport_wide_feedback_needs_both_its_message_and_its_numbers(missing: str) -> None:
    for media in parse_offer(without(CHROME, f"a={missing}")).media:
        half = negotiate(media)
        assert half.track().extensions.transport_cc is None
        assert not any("transport-cc" in codec.feedback for codec in half.codecs)


def test_a_player_without_transport_wide_feedback_tells_its_own_estimate() -> None:
    player = recorded("chrome_watch")
    old = "".join(line for line in player.splitlines(True) if "transport-" not in line)
    videos = [media for media in parse_offer(old).media if media.kind == "video"]
    assert videos
    for media in videos:
        assert all("goog-remb" in codec.feedback for codec in negotiate(media).codecs)
    for media in parse_offer(player).media:
        assert not any("goog-remb" in codec.feedback for codec in negotiate(media).codecs)


def test_a_publisher_without_transport_wide_feedback_is_told_our_estimate() -> None:
    old = without(CHROME, "a=extmap:3")  # transport-wide numbers
    for media in parse_offer(old).media:
        chosen = negotiate(media)
        estimated = [codec for codec in chosen.codecs if "goog-remb" in codec.feedback]
        assert bool(estimated) is chosen.track().remb is (media.kind == "video")
    for media in parse_offer(CHROME).media:
        assert not negotiate(media).track().remb, "who hears what came when estimates"


def test_a_publisher_that_does_not_say_when_packets_left_is_promised_no_estimate() -> None:
    undated = "".join(line for line in CHROME.splitlines(True) if "abs-send-time" not in line)
    for media in parse_offer(without(undated, "a=extmap:3")).media:
        assert not any("goog-remb" in codec.feedback for codec in negotiate(media).codecs)


def test_feedback_is_what_both_know() -> None:
    assert picture(CHROME).codecs[0].feedback == ("nack", "nack pli", "ccm fir", "transport-cc")
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
    assert slot.codecs[1] == Codec("VP8", 96, 90000, 97)
    assert slot.extensions.mid == 9
    assert slot.nack


LAYERS = recorded("chrome_layers")


def test_layers_are_taken_by_rid_alone() -> None:
    track = picture(LAYERS).track()
    assert track.rids == ("low", "mid", "high")
    assert (track.ssrcs, track.rtx_ssrcs) == ((), ())
    assert (track.extensions.rid, track.extensions.repaired_rid) == (10, 11)


@pytest.mark.parametrize("uri", ["mid", "rtp-stream-id", "repaired-rtp-stream-id"])
def test_layers_that_could_not_be_told_apart_are_not_taken(uri: str) -> None:
    extensions = [line for line in LAYERS.split("\r\n") if line.endswith(f"sdes:{uri}")]
    track = picture(without(LAYERS, *extensions)).track()
    assert track.rids == ()
    assert (track.extensions.rid, track.extensions.repaired_rid) == (None, None)


def test_no_more_layers_are_taken_than_help() -> None:
    offer = replaced(LAYERS, "a=simulcast:send low;mid;high", "a=simulcast:send low;mid;high;huge")
    offer = replaced(offer, "a=rid:high send", "a=rid:high send\r\na=rid:huge send")
    assert picture(offer).track().rids == ("low", "mid", "high")
    one = replaced(LAYERS, "a=simulcast:send low;mid;high", "a=simulcast:send low")
    assert picture(one).track().rids == ()


def test_a_picture_of_one_layer_is_negotiated_as_ever() -> None:
    assert picture(CHROME).track().rids == ()
    assert picture(CHROME).track().extensions.rid is None
