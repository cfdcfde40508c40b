"""Offers are read as they are meant, or refused with a code that says what is wrong."""

from __future__ import annotations

import pytest

from media.types import Fingerprint, IceCredentials
from signaling.errors import SdpError, SignalingError, Unprocessable
from signaling.sdp import MAX_LINE_LENGTH, MAX_SDP_LENGTH, Direction, parse_offer
from tests.signaling.offers import (
    PLAYERS,
    PUBLISHERS,
    only,
    recorded,
    replaced,
    with_lines,
    without,
)

CHROME = recorded("chrome_publish")
DIGITS = ":".join(["AB"] * 32)


@pytest.mark.parametrize("name", PUBLISHERS)
def test_every_recorded_publisher_offers_a_voice_and_a_picture(name: str) -> None:
    offer = parse_offer(recorded(name))
    assert [m.kind for m in offer.media] == ["audio", "video"]
    for media in offer.media:
        assert media.direction is Direction.SENDONLY
        assert len(media.ssrcs) == (0 if media.layers else 1)
    assert offer.fingerprints[0].algorithm == "sha-256"


@pytest.mark.parametrize("name", PLAYERS)
def test_every_recorded_player_only_receives(name: str) -> None:
    offer = parse_offer(recorded(name))
    assert all(m.direction is Direction.RECVONLY for m in offer.media)


def test_an_offer_becomes_values() -> None:
    offer = parse_offer(CHROME)
    voice, picture = offer.media
    assert offer.ice == IceCredentials("kBYw", "2BX7gbd4qyNIVKKDWWfsgfBv")
    assert offer.ice_options == ("trickle",)
    assert offer.extmap_allow_mixed
    assert (voice.mid, picture.mid) == ("0", "1")
    assert voice.codecs[0].name == "opus"
    assert (voice.codecs[0].clock_rate, voice.codecs[0].channels) == (48000, 2)
    assert voice.codecs[0].parameters == {"minptime": "10", "useinbandfec": "1"}
    assert picture.codecs[0].feedback == {
        "goog-remb",
        "transport-cc",
        "ccm fir",
        "nack",
        "nack pli",
    }
    assert picture.ssrcs == (1068270651,)
    assert picture.repairs == {1068270651: 4028959948}
    assert picture.rtcp_rsize


def test_a_bundled_m_line_with_port_0_is_not_switched_off() -> None:
    offer = parse_offer(recorded("firefox_watch"))
    assert len(offer.active) == 5


def test_an_m_line_that_is_switched_off_needs_nothing() -> None:
    offer = parse_offer(with_lines(CHROME, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"))
    assert [m.disabled for m in offer.media] == [False, False, True]
    assert len(offer.active) == 2


def test_session_level_ice_fingerprint_and_setup_hold_for_every_m_line() -> None:
    offer = parse_offer(recorded("obs_publish"))
    assert offer.ice.ufrag == "m8vF"
    assert len(offer.fingerprints) == 1


def test_every_fingerprint_is_kept_in_capitals() -> None:
    offer = parse_offer(recorded("aiortc_publish"))
    assert [f.algorithm for f in offer.fingerprints] == ["sha-256", "sha-384", "sha-512"]
    lower = parse_offer(
        only(with_lines(CHROME, f"a=fingerprint:SHA-256 {DIGITS.lower()}"), "video")
    )
    assert lower.fingerprints[-1] == Fingerprint("sha-256", DIGITS)


def test_line_feeds_alone_are_taken() -> None:
    assert parse_offer(CHROME.replace("\r\n", "\n")) == parse_offer(CHROME)


def test_the_first_extension_of_an_id_wins_and_forbidden_ids_are_ignored() -> None:
    offer = parse_offer(
        with_lines(CHROME, "a=extmap:4 urn:another", "a=extmap:15 urn:x", "a=extmap:4096 urn:y")
    )
    assert [e.uri for e in offer.media[1].extensions if e.id == 4] == [
        "urn:ietf:params:rtp-hdrext:sdes:mid"
    ]
    assert not {e.id for e in offer.media[1].extensions} & {15, 4096}


def test_two_byte_ids_need_extmap_allow_mixed() -> None:
    wide = with_lines(CHROME, "a=extmap:20 urn:wide")
    assert any(e.id == 20 for e in parse_offer(wide).media[1].extensions)
    narrow = parse_offer(without(wide, "a=extmap-allow-mixed"))
    assert not any(e.id == 20 for e in narrow.media[1].extensions)


@pytest.mark.parametrize(
    "candidate",
    [
        "1 1 udp 2122260223 10.0.0.1 5000 typ host",
        "1 1 udp 2122260223 127.0.0.1 22 typ host",
        "1 1 udp 2122260223 169.254.169.254 80 typ host",
        "1 1 udp 2122260223 0f9f3d7e-6a3c-4b57-8f7e-2f3f2c9f1a10.local 53217 typ host",
        "1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active",
        "1 1 udp 1 192.0.2.1 65536 typ host",
        "1 1 udp 1 192.0.2.1 0 typ relay raddr :: rport 0",
        "nonsense",
    ],
)
def test_whatever_a_candidate_names_is_ignored(candidate: str) -> None:
    assert parse_offer(with_lines(CHROME, f"a=candidate:{candidate}")) == parse_offer(CHROME)


def test_thousands_of_candidates_change_nothing() -> None:
    line = "a=candidate:1 1 udp 1 a.local 9 typ host"
    assert parse_offer(with_lines(CHROME, *[line] * 5000)) == parse_offer(CHROME)


def test_only_the_first_encoding_of_a_simulcast_group_is_taken() -> None:
    offer = with_lines(
        without(CHROME, "a=ssrc"),
        "a=ssrc-group:SIM 11 12 13",
        "a=ssrc-group:FID 11 21",
        "a=ssrc-group:FID 12 22",
        *(f"a=ssrc:{ssrc} cname:x" for ssrc in (11, 12, 13, 21, 22)),
    )
    picture = parse_offer(offer).media[1]
    assert (picture.ssrcs, picture.repairs) == ((11,), {11: 21})


@pytest.mark.parametrize("value", ["", " ", "FID", "SIM", "FID 1", "FID 1 1", "FID 1 2 3", "X 1 2"])
def test_a_group_of_ssrcs_that_says_nothing_is_ignored(value: str) -> None:
    assert parse_offer(with_lines(CHROME, f"a=ssrc-group:{value}")) == parse_offer(CHROME)


MALFORMED = {
    "empty": ("", "sdp-malformed"),
    "not sdp": ("hello", "sdp-malformed"),
    "json": ('{"type":"offer"}', "sdp-malformed"),
    "only a version": ("v=0\r\n", "media-missing"),
    "another version": (CHROME.replace("v=0", "v=1"), "sdp-malformed"),
    "no equals sign": (with_lines(CHROME, "a"), "sdp-malformed"),
    "NUL": (with_lines(CHROME, "a=x\0y"), "sdp-malformed"),
    "bare carriage return": (with_lines(CHROME, "a=x\ra=y"), "sdp-malformed"),
    "escape": (with_lines(CHROME, "a=\x1b[2J"), "sdp-malformed"),
    "too long": (with_lines(CHROME, *["a=x"] * (MAX_SDP_LENGTH // 5)), "sdp-too-long"),
    "long line": (with_lines(CHROME, "a=" + "x" * MAX_LINE_LENGTH), "sdp-malformed"),
    "many m-lines": (with_lines(CHROME, *["m=audio 0 RTP/AVP 0"] * 15), "too-many-media"),
    "port 65536": (replaced(CHROME, "m=audio 51856", "m=audio 65536"), "sdp-malformed"),
    "port of words": (replaced(CHROME, "m=audio 51856", "m=audio none"), "sdp-malformed"),
    "all switched off": (
        replaced(only(CHROME, "audio"), "m=audio 51856", "m=audio 0"),
        "media-missing",
    ),
    "payload type 999": (
        replaced(replaced(CHROME, "SAVPF 111 63", "SAVPF 999 63"), "rtpmap:111", "rtpmap:999"),
        "sdp-malformed",
    ),
    "clock rate": (replaced(CHROME, "opus/48000/2", "opus/-1/2"), "sdp-malformed"),
    "unicode digits": (replaced(CHROME, "opus/48000/2", "opus/４8000/2"), "sdp-malformed"),
    "many codecs": (replaced(CHROME, "SAVPF 111", "SAVPF 111" + " 1" * 128), "too-many-codecs"),
    "extmap id": (with_lines(CHROME, "a=extmap:x urn:y"), "sdp-malformed"),
    "extmap direction": (with_lines(CHROME, "a=extmap:9/up urn:y"), "sdp-malformed"),
    "ssrc of words": (with_lines(CHROME, "a=ssrc:x cname:y"), "sdp-malformed"),
    "ssrc too large": (with_lines(CHROME, "a=ssrc:4294967296 cname:y"), "sdp-malformed"),
    "ssrc 0": (with_lines(CHROME, "a=ssrc:0 cname:y"), "ssrc-malformed"),
    "many ssrcs": (with_lines(CHROME, *(f"a=ssrc:{n}" for n in range(1, 20))), "too-many-ssrcs"),
    "ssrc of another track": (with_lines(CHROME, "a=ssrc:287107431 cname:y"), "ssrc-repeated"),
    "no mid": (without(CHROME, "a=mid:1"), "mid-missing"),
    "long mid": (CHROME.replace("a=mid:1", "a=mid:" + "m" * 33), "mid-malformed"),
    "mid with a space": (CHROME.replace("a=mid:1", "a=mid:1 1"), "mid-malformed"),
    "same mid": (CHROME.replace("a=mid:1", "a=mid:0"), "mid-repeated"),
    "no fingerprint": (without(CHROME, "a=fingerprint"), "fingerprint-missing"),
    "short fingerprint": (
        with_lines(CHROME, "a=fingerprint:sha-256 AB:CD"),
        "fingerprint-malformed",
    ),
    "fingerprint of words": (
        with_lines(CHROME, "a=fingerprint:sha-256 " + DIGITS.replace("AB", "XY")),
        "fingerprint-malformed",
    ),
    "many fingerprints": (
        with_lines(CHROME, *(f"a=fingerprint:sha-256 {DIGITS[:-2]}{n:02X}" for n in range(9))),
        "too-many-fingerprints",
    ),
    "no ufrag": (without(CHROME, "a=ice-ufrag"), "ice-missing"),
    "no pwd": (without(CHROME, "a=ice-pwd"), "ice-missing"),
    "short ufrag": (CHROME.replace("kBYw", "kBY"), "ice-malformed"),
    "short pwd": (CHROME.replace("2BX7gbd4qyNIVKKDWWfsgfBv", "short"), "ice-malformed"),
    "ufrag with a colon": (CHROME.replace("kBYw", "kB:w"), "ice-malformed"),
}


@pytest.mark.parametrize("case", list(MALFORMED))
def test_what_is_no_offer_is_refused_with_400(case: str) -> None:
    text, code = MALFORMED[case]
    with pytest.raises(SdpError) as caught:
        parse_offer(text)
    assert caught.value.code == code
    assert caught.value.status == 400
    assert caught.value.detail.endswith(".")


UNSERVABLE = {
    "plain RTP": (CHROME.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), "protocol-unsupported"),
    "no rtcp-mux": (without(CHROME, "a=rtcp-mux"), "rtcp-mux-missing"),
    "passive": (CHROME.replace("setup:actpass", "setup:passive"), "setup-unusable"),
    "holdconn": (CHROME.replace("setup:actpass", "setup:holdconn"), "setup-unusable"),
    "no bundle": (without(CHROME, "a=group"), "bundle-missing"),
    "half a bundle": (CHROME.replace("BUNDLE 0 1", "BUNDLE 0"), "bundle-missing"),
    "only sha-1": (
        without(CHROME, "a=fingerprint") + "a=fingerprint:sha-1 " + ":".join(["AB"] * 20) + "\r\n",
        "fingerprint-missing",
    ),
}


@pytest.mark.parametrize("case", list(UNSERVABLE))
def test_what_we_cannot_serve_is_refused(case: str) -> None:
    text, code = UNSERVABLE[case]
    with pytest.raises(SignalingError) as caught:
        parse_offer(text)
    assert caught.value.code == code


def test_a_fingerprint_of_an_unknown_algorithm_alone_is_not_enough() -> None:
    text = only(CHROME, "video")
    text = without(text, "a=fingerprint") + "a=fingerprint:md2 00\r\n"
    with pytest.raises(Unprocessable) as caught:
        parse_offer(text)
    assert caught.value.code == "fingerprint-unsupported"


def test_one_m_line_needs_no_bundle_group() -> None:
    assert parse_offer(without(only(CHROME, "audio"), "a=group")).media[0].kind == "audio"


def test_a_payload_type_without_rtpmap_is_not_a_codec() -> None:
    text = replaced(CHROME, "SAVPF 111 63", "SAVPF 1x1 111 63")
    assert [c.name for c in parse_offer(text).media[0].codecs][:2] == ["opus", "red"]


def layers(*lines: str) -> tuple[str, ...]:
    return parse_offer(with_lines(CHROME, *lines)).media[-1].layers


def test_layers_are_those_of_simulcast_in_its_order() -> None:
    assert parse_offer(recorded("chrome_layers")).media[1].layers == ("low", "mid", "high")
    assert parse_offer(CHROME).media[1].layers == ()
    rids = ("a=rid:h send", "a=rid:l send pt=96;max-width=320", "a=rid:r recv")
    assert layers(*rids, "a=simulcast:send h;l") == ("h", "l")
    assert layers(*rids, "a=simulcast:recv r send l;~h") == ("l", "h")
    assert layers(*rids, "a=simulcast:send l,h;h") == ("l", "h")  # alternatives: the first


@pytest.mark.parametrize(
    "value", ["", "send", "recv l", "send ;;", "send r", "send x;y", "sned l", "send l;l", "send ~"]
)
def test_simulcast_that_names_no_two_rids_gives_no_two_layers(value: str) -> None:
    rids = ("a=rid:l send", "a=rid:r recv")
    assert len(layers(*rids, f"a=simulcast:{value}")) < 2


def test_rids_have_a_form_and_a_number() -> None:
    for rid in ("", "a-b", "ä", "x" * 17):
        with pytest.raises(SdpError) as caught:
            layers(f"a=rid:{rid} send")
        assert caught.value.code == "rid-malformed"
    with pytest.raises(SdpError) as caught:
        layers(*(f"a=rid:{number} send" for number in range(9)))
    assert caught.value.code == "too-many-layers"


def test_offers_that_differ_in_one_codec_line_are_told_apart() -> None:
    before, changed = parse_offer(CHROME), replaced(CHROME, "opus/48000/2", "opus/48000/1")
    after = parse_offer(changed)
    assert {codec.channels for codec in before.media[0].codecs if codec.name == "opus"} == {2}
    assert {codec.channels for codec in after.media[0].codecs if codec.name == "opus"} == {1}
    assert parse_offer(CHROME) == before


def test_a_carriage_return_at_the_very_end_is_the_end_of_a_line() -> None:
    assert parse_offer(CHROME.removesuffix("\n")) == parse_offer(CHROME)
