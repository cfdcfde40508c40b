"""Answers as SFU peers expect them, read back by our own parser and by aiortc's."""

from __future__ import annotations

import pytest
from aiortc.sdp import SessionDescription

from media.types import Candidate, Fingerprint, IceCredentials
from signaling.answers import AnsweredMedia, Connection, Sending, write_answer, write_fragment
from signaling.capabilities import negotiate
from signaling.sdp import parse_offer
from signaling.sdpfrag import parse_fragment
from tests.signaling.offers import PLAYERS, PUBLISHERS, recorded, sections, values, with_lines

DIGITS = ":".join(["AB"] * 32)
CONNECTION = Connection(
    IceCredentials("ourufrag", "our+password/of/24+chars"),
    Fingerprint("sha-256", DIGITS),
    (Candidate("192.0.2.1", 4000), Candidate("2001:db8::1", 4000)),
)


def answer(text: str, *, sending: bool = False) -> str:
    offer = parse_offer(text)
    answered = [
        AnsweredMedia(
            negotiate(media),
            Sending(10 * n, 10 * n + 1 if media.kind == "video" else None, "cn", "stage", f"t{n}")
            if sending
            else None,
        )
        for n, media in enumerate(offer.active, 1)
    ]
    return write_answer(offer, answered, CONNECTION, 77)


@pytest.mark.parametrize("name", [*PUBLISHERS, *PLAYERS])
def test_every_m_line_is_answered_in_order_with_what_a_transport_needs(name: str) -> None:
    offered = sections(recorded(name))
    session, *media = sections(answer(recorded(name), sending=name in PLAYERS))
    assert "a=ice-lite" in session
    assert values(session, "group") == [v for v in values(offered[0], "group") if "BUNDLE" in v]
    assert [values(m, "mid") for m in media] == [values(m, "mid") for m in offered[1:]]
    for lines in media:
        assert lines[0].split()[1] == "9"
        assert values(lines, "setup") == ["passive"]
        assert values(lines, "fingerprint") == [f"sha-256 {DIGITS}"]
        assert values(lines, "ice-ufrag") == ["ourufrag"]
        assert values(lines, "candidate") == [
            "1 1 udp 2130706431 192.0.2.1 4000 typ host",
            "2 1 udp 2130706175 2001:db8::1 4000 typ host",
        ]
        assert "a=end-of-candidates" in lines
        assert "a=rtcp-mux" in lines


@pytest.mark.parametrize("name", [*PUBLISHERS, *PLAYERS])
def test_aiortc_reads_every_answer(name: str) -> None:
    read = SessionDescription.parse(answer(recorded(name), sending=name in PLAYERS))
    for media in read.media:
        assert media.ice is not None
        assert media.dtls is not None
        assert (media.ice.iceLite, media.dtls.role, media.rtcp_mux) == (True, "server", True)


def test_a_publisher_is_answered_recvonly_without_ssrc() -> None:
    for lines in sections(answer(recorded("chrome_publish")))[1:]:
        assert "a=recvonly" in lines
        assert not values(lines, "ssrc")
        assert not values(lines, "msid")


def test_a_player_is_answered_sendonly_with_its_streams_and_repair_groups() -> None:
    picture = sections(answer(recorded("firefox_watch"), sending=True))[1]
    assert "a=sendonly" in picture
    assert values(picture, "msid") == ["stage t1"]
    assert values(picture, "ssrc-group") == ["FID 10 11"]
    assert values(picture, "ssrc") == [
        "10 cname:cn",
        "10 msid:stage t1",
        "11 cname:cn",
        "11 msid:stage t1",
    ]
    voice = sections(answer(recorded("firefox_watch"), sending=True))[4]
    assert not values(voice, "ssrc-group")


def test_payload_types_and_extension_ids_are_those_of_the_offer() -> None:
    _, voice, picture = sections(answer(recorded("chrome_publish")))
    assert voice[0] == "m=audio 9 UDP/TLS/RTP/SAVPF 111 63"
    assert {"63 red/48000/2", "111 opus/48000/2"} == set(values(voice, "rtpmap"))
    assert "63 111/111" in values(voice, "fmtp")
    assert picture[0] == "m=video 9 UDP/TLS/RTP/SAVPF 108 109 96 97"
    assert values(voice, "extmap") == [
        "1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        "2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        "4 urn:ietf:params:rtp-hdrext:sdes:mid",
    ]
    assert values(picture, "rtpmap") == [
        "108 H264/90000",
        "109 rtx/90000",
        "96 VP8/90000",
        "97 rtx/90000",
    ]
    assert "109 apt=108" in values(picture, "fmtp")


def test_feedback_we_do_not_give_is_not_promised() -> None:
    picture = sections(answer(recorded("chrome_publish")))[2]
    assert set(values(picture, "rtcp-fb")) == {
        f"{pt} {message}"
        for pt in (96, 108)
        for message in ("nack", "nack pli", "ccm fir", "transport-cc")
    }


def test_the_direction_of_an_extension_is_turned_round() -> None:
    picture = sections(answer(recorded("firefox_watch"), sending=True))[1]
    assert "6/sendonly http://www.webrtc.org/experiments/rtp-hdrext/playout-delay" in values(
        picture, "extmap"
    )


def test_opus_is_asked_for_with_forward_error_correction() -> None:
    assert "111 useinbandfec=1" in values(sections(answer(recorded("ffmpeg_publish")))[1], "fmtp")
    obs = values(sections(answer(recorded("obs_publish")))[1], "fmtp")[0]
    assert set(obs.split(" ")[1].split(";")) == {
        "minptime=10",
        "maxaveragebitrate=96000",
        "stereo=1",
        "sprop-stereo=1",
        "useinbandfec=1",
    }


def test_dtx_is_kept_when_it_is_offered() -> None:
    offer = recorded("chrome_publish").replace("useinbandfec=1", "useinbandfec=1;usedtx=1", 1)
    assert "usedtx=1" in values(sections(answer(offer))[1], "fmtp")[0]


def test_h264_is_answered_with_the_profile_that_was_offered() -> None:
    picture = sections(answer(recorded("firefox_watch"), sending=True))[1]
    fmtp = next(v for v in values(picture, "fmtp") if v.startswith("126 "))
    assert set(fmtp[4:].split(";")) == {
        "profile-level-id=42e01f",
        "level-asymmetry-allowed=1",
        "packetization-mode=1",
    }


def test_only_publishers_are_told_where_to_start() -> None:
    assert "x-google-start-bitrate" in answer(recorded("chrome_publish"))
    assert "x-google" not in answer(recorded("chrome_watch"), sending=True)


def test_options_are_repeated_only_when_offered() -> None:
    assert "a=ice-options:trickle" in answer(recorded("chrome_publish"))
    assert "a=extmap-allow-mixed" in answer(recorded("chrome_publish"))
    assert "a=rtcp-rsize" in answer(recorded("chrome_publish"))
    plain = answer(recorded("aiortc_publish"))
    assert "ice-options" not in plain
    assert "extmap-allow-mixed" not in plain
    assert "rtcp-rsize" not in plain


def test_an_m_line_that_was_switched_off_stays_off() -> None:
    text = with_lines(
        recorded("chrome_publish"), "m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:2"
    )
    session, *media = sections(answer(text))
    assert values(session, "group") == ["BUNDLE 0 1"]
    assert media[2] == [
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        "a=mid:2",
        "a=inactive",
    ]


def test_a_tcp_candidate_is_passive_and_wanted_least() -> None:
    offer = parse_offer(recorded("chrome_publish"))
    candidates = (Candidate("192.0.2.1", 443, "tcp"),)
    connection = Connection(CONNECTION.ice, CONNECTION.fingerprint, candidates)
    text = write_fragment(offer, connection)
    assert "a=candidate:1 1 tcp 1526726655 192.0.2.1 443 typ host tcptype passive\r\n" in text


def test_nothing_of_the_offer_can_add_lines_to_the_answer() -> None:
    nasty = recorded("chrome_publish").replace("minptime=10", "minptime=10 a=evil")
    assert "evil" not in answer(nasty)


def test_a_restart_is_answered_for_the_first_m_line_only() -> None:
    text = write_fragment(parse_offer(recorded("chrome_publish")), CONNECTION)
    assert text.splitlines() == [
        "a=ice-lite",
        "a=ice-options:trickle",
        "a=group:BUNDLE 0 1",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=mid:0",
        "a=ice-ufrag:ourufrag",
        "a=ice-pwd:our+password/of/24+chars",
        "a=candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host",
        "a=candidate:2 1 udp 2130706175 2001:db8::1 4000 typ host",
        "a=end-of-candidates",
    ]
    assert parse_fragment(text).ice == CONNECTION.ice


def test_layers_are_answered_in_the_order_of_the_offer() -> None:
    """RFC 8853 section 5.3.1: recv where the offer sends."""
    *_, picture = sections(answer(recorded("chrome_layers")))
    assert values(picture, "rid") == ["low recv", "mid recv", "high recv"]
    assert values(picture, "simulcast") == ["recv low;mid;high"]
    assert {"10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"} <= set(values(picture, "extmap"))
    assert values(picture, "ssrc") == []


def test_a_player_is_never_answered_with_layers() -> None:
    *_, picture = sections(answer(recorded("chrome_layers"), sending=True))
    assert values(picture, "simulcast") == values(picture, "rid") == []
